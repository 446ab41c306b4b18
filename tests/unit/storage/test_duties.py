"""Duties: owed once, claimed by one, urgent first, and never lost to a worker that sleeps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.fixed_clock import START

from tutela.errors import LeaseLost
from tutela.storage import duties
from tutela.storage.duties import Ahead, Duty

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.storage.database import Database

_KIND = "host"
_MINUTE = timedelta(minutes=1)


def _owe(
    database: Database,
    subject: str,
    due: datetime = START,
    *,
    kind: str = _KIND,
    urgent: bool = False,
) -> None:
    with database.bookkeeping() as connection:
        duties.enqueue(connection, kind, subject, due, urgent=urgent)


def _claim(database: Database, now: datetime = START) -> Duty | None:
    return duties.claim(database, {_KIND}, now)


def _claimed(database: Database, now: datetime = START) -> Duty:
    duty = _claim(database, now)
    assert duty is not None
    return duty


def _open(database: Database) -> int:
    with database.reading() as connection:
        return duties.open_count(connection)


def test_a_duty_is_claimed_once_and_done(database: Database) -> None:
    _owe(database, "a")
    duty = _claimed(database)
    assert duty == Duty(_KIND, "a", attempts=1, fence=1)
    assert _claim(database) is None
    with database.bookkeeping() as connection:
        duties.done(connection, duty, START)
    assert _open(database) == 0
    assert _claim(database, START + 10 * duties.LEASE) is None


def test_a_duty_rolled_back_is_not_owed(database: Database) -> None:
    with pytest.raises(RuntimeError), database.bookkeeping() as connection:
        duties.enqueue(connection, _KIND, "a", START)
        raise RuntimeError
    assert _open(database) == 0


def test_owing_twice_is_owing_once(database: Database) -> None:
    _owe(database, "a")
    _owe(database, "a", START + _MINUTE)
    _owe(database, "a", kind="referral")
    assert _open(database) == 2
    duty = _claimed(database)
    with database.bookkeeping() as connection:
        duties.done(connection, duty, START)
    _owe(database, "a")
    assert _claim(database) is None


def test_owing_the_same_at_once_is_owing_it_once(database: Database) -> None:
    ready = threading.Barrier(4)

    def owe(_number: int) -> None:
        ready.wait(10)
        _owe(database, "a")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(owe, range(4)))
    assert _open(database) == 1


def test_the_urgent_come_first_then_the_longest_due(database: Database) -> None:
    _owe(database, "young", START - _MINUTE)
    _owe(database, "old", START - 5 * _MINUTE)
    _owe(database, "urgent", START, urgent=True)
    _owe(database, "future", START + _MINUTE, urgent=True)
    assert [_claimed(database).subject for _ in range(3)] == ["urgent", "old", "young"]
    assert _claim(database) is None
    assert _claimed(database, START + _MINUTE).subject == "future"


def test_only_the_kinds_asked_for_are_claimed(database: Database) -> None:
    _owe(database, "a", kind="referral")
    assert _claim(database) is None
    assert duties.claim(database, {"referral", _KIND}, START) is not None


def test_an_overtaken_worker_can_settle_nothing(database: Database) -> None:
    _owe(database, "a")
    slept = _claimed(database)
    now = START + duties.LEASE
    taken = _claimed(database, now)
    assert taken == Duty(_KIND, "a", attempts=2, fence=2)
    with pytest.raises(LeaseLost), database.bookkeeping() as connection:
        duties.done(connection, slept, now)
    with pytest.raises(LeaseLost), database.bookkeeping() as connection:
        duties.later(connection, slept, now, "late")
    with database.bookkeeping() as connection:
        duties.done(connection, taken, now)
    assert _open(database) == 0


def test_a_duty_put_off_comes_back_when_due(database: Database) -> None:
    _owe(database, "a")
    duty = _claimed(database)
    with database.bookkeeping() as connection:
        duties.later(connection, duty, START + _MINUTE, "a reason too long for its column " * 20)
    assert _claim(database, START + _MINUTE - timedelta(seconds=1)) is None
    assert _claimed(database, START + _MINUTE).attempts == 2


def test_a_settled_duty_can_be_reopened(database: Database) -> None:
    _owe(database, "a")
    duty = _claimed(database)
    with database.bookkeeping() as connection:
        duties.done(connection, duty, START)
    with database.bookkeeping() as connection:
        duties.reopen(connection, _KIND, "a", START + _MINUTE)
    assert _claim(database) is None
    assert _claimed(database, START + _MINUTE).fence == 2


def test_many_workers_never_share_a_duty(database: Database) -> None:
    for number in range(30):
        _owe(database, f"d{number:02}")
    ready = threading.Barrier(5)

    def work(_worker: int) -> list[str]:
        ready.wait(10)
        claimed = []
        while duty := _claim(database):
            claimed.append(duty.subject)
            with database.bookkeeping() as connection:
                duties.done(connection, duty, START)
        return claimed

    with ThreadPoolExecutor(5) as pool:
        shares = list(pool.map(work, range(5)))
    assert sorted(subject for share in shares for subject in share) == [
        f"d{number:02}" for number in range(30)
    ]
    assert _open(database) == 0


def test_the_wait_doubles_up_to_ten_minutes() -> None:
    waits = [duties.retry_delay(attempts).total_seconds() for attempts in range(1, 14)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]


@pytest.mark.parametrize("days", [1, 400])
def test_what_a_wrong_clock_put_off_is_pulled_back(database: Database, days: int) -> None:
    later = START + timedelta(days=days)
    for subject in ("put off", "leased", "done", "soon"):
        _owe(database, subject)
    for subject in ("done", "leased", "put off"):
        with database.bookkeeping() as connection:
            duty = Duty(_KIND, subject, attempts=0, fence=0)
            if subject == "leased":
                duties.renew(connection, duty, later)
            else:
                duties.later(connection, duty, later, "a test")
            if subject == "done":
                duties.done(connection, duty, START)
    with database.bookkeeping() as connection:
        duties.renew(connection, Duty(_KIND, "soon", attempts=0, fence=0), START)
    assert _claim(database) is None
    assert duties.pull_back(database, START, Ahead()) == 2
    assert {_claimed(database).subject, _claimed(database).subject} == {"put off", "leased"}
    assert _claim(database) is None
    assert duties.pull_back(database, START, Ahead()) == 0


_SECOND = timedelta(seconds=1)
_AHEAD = Ahead(first=20 * _SECOND, lease=duties.LEASE, paced=frozenset({"paced"}))


def _due(database: Database, subject: str) -> float:
    """Return when a duty is due, in seconds from the start."""
    query = sa.select(duties.duties.c.due).where(duties.duties.c.subject == subject)
    with database.reading() as connection:
        due: datetime = connection.execute(query).scalar_one()
    return (due - START).total_seconds()


@pytest.mark.parametrize("minutes", [1, 30, 59, 61])
def test_a_clock_that_is_a_little_fast_does_not_hold_up_what_is_new(
    database: Database, minutes: int
) -> None:
    late = START + minutes * _MINUTE
    _owe(database, "new", late + _AHEAD.first)
    _owe(database, "urgent", late, urgent=True)
    _owe(database, "right", START + _AHEAD.first)
    assert duties.pull_back(database, START, _AHEAD) == 2
    assert [_due(database, one) for one in ("new", "urgent", "right")] == [20, 0, 20]


def test_a_right_clock_is_left_alone(database: Database) -> None:
    _owe(database, "new", START + _AHEAD.first)
    _owe(database, "beginning", START + 29 * _SECOND, urgent=True)
    _owe(database, "paced", START + 59 * _MINUTE, kind="paced")
    _owe(database, "leased")
    assert _claimed(database).subject == "leased"
    assert duties.pull_back(database, START, _AHEAD) == 0


@pytest.mark.parametrize(("minutes", "seconds"), [(9, 540), (11, 0), (59, 0)])
def test_a_retry_is_set_no_farther_ahead_than_retries_wait(
    database: Database, minutes: int, seconds: int
) -> None:
    _owe(database, "tried")
    duty = _claimed(database)
    with database.bookkeeping() as connection:
        duties.later(connection, duty, START + minutes * _MINUTE, "a test")
    duties.pull_back(database, START, _AHEAD)
    assert _due(database, "tried") == seconds


def test_a_lease_of_a_fast_clock_ends(database: Database) -> None:
    _owe(database, "taken")
    _claimed(database, START + 30 * _MINUTE)
    assert _claim(database, START + 20 * _MINUTE) is None
    assert duties.pull_back(database, START + 20 * _MINUTE, _AHEAD) == 1
    assert _claimed(database, START + 20 * _MINUTE).subject == "taken"
