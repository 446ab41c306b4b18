"""How right people find a list: the interval, what counts, and what is drawn for them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.audit.entry import Actor
from tutela.hashlists import judgement
from tutela.hashlists.judgement import Sampling, Standing
from tutela.hashlists.store import HashLists

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    [
        # Wilson's score interval at 95 %, computed by hand with z = 1.96.
        (0, 10, 0.0, 0.2775),
        (8, 10, 0.4902, 0.9433),
        (81, 100, 0.7222, 0.8749),
        (10, 10, 0.7225, 1.0),
        (0, 1, 0.0, 0.7935),
    ],
)
def test_the_interval_is_wilsons(right: int, judged: int, low: float, high: float) -> None:
    found = Standing(judged, right).interval
    assert found == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_share_lies_within_and_the_interval_within_0_and_1(said: tuple[int, int]) -> None:
    judged, right = said
    low, high = Standing(judged, right).interval
    assert 0 <= low <= right / judged <= high <= 1


@pytest.mark.parametrize(
    ("right", "judged", "trusted"),
    [(0, 0, True), (0, 4, True), (0, 5, False), (4, 5, True), (8, 10, True), (7, 10, False)],
)
def test_trust_ends_when_the_floor_is_surely_missed(right: int, judged: int, trusted: bool) -> None:
    assert Standing(judged, right).trusted(Sampling(floor=0.9, at_least=5)) is trusted


def test_each_entry_counts_once_in_each_case_and_a_reversal_counts_anew(
    database: Database, clock: FixedClock
) -> None:
    at = clock.now
    with database.bookkeeping() as connection:
        judgement.judge(connection, "c1", [("a", "e1"), ("a", "e1"), ("b", "e1")], True, at)
        judgement.judge(connection, "c2", [("a", "e1")], False, at)
        assert judgement.standing(connection, "a", 500) == Standing(2, 1)
        judgement.judge(connection, "c2", [("a", "e1")], True, at)
        assert judgement.standing(connection, "a", 500) == Standing(2, 2)
        judgement.judge(connection, "c2", [("a", "e1")], None, at)
        judgement.judge(connection, "c3", [("a", "e1")], None, at)
        assert judgement.standing(connection, "a", 500) == Standing(1, 1)
        assert judgement.standing(connection, "b", 500) == Standing(1, 1)
        assert judgement.standing(connection, "none", 500) == Standing()


def test_only_the_newest_judgements_count(database: Database, clock: FixedClock) -> None:
    with database.bookkeeping() as connection:
        for number in range(10):
            at = clock.now + timedelta(minutes=number)
            judgement.judge(connection, f"c{number}", [("a", "e")], number >= 6, at)
        assert judgement.standing(connection, "a", 4) == Standing(4, 4)
        assert judgement.standing(connection, "a", 8) == Standing(8, 4)


def test_what_is_drawn_is_asked_until_it_is_judged(database: Database, clock: FixedClock) -> None:
    with database.bookkeeping() as connection:
        judgement.ask(connection, "a", "e", "c1", clock.now)
        judgement.ask(connection, "a", "e", "c1", clock.now)
        assert judgement.asked(connection, "c1") == ["a"]
        assert judgement.standing(connection, "a", 500) == Standing(unjudged=1)
        judgement.judge(connection, "c1", [("a", "e")], False, clock.now)
        assert judgement.asked(connection, "c1") == []
        assert judgement.standing(connection, "a", 500) == Standing(1, 0, 0)


def test_first_matches_are_drawn_then_a_share(database: Database, clock: FixedClock) -> None:
    first = Sampling(first=2, first_of_entry=0, share=0.25)
    each = Sampling(first=0, first_of_entry=1, share=0.0)
    with database.bookkeeping() as connection:

        def wanted(sampling: Sampling, entry: str, drawn: float) -> bool:
            return judgement.wanted(connection, sampling, "a", entry, lambda: drawn)

        assert wanted(first, "e", 0.99)
        assert wanted(each, "e", 0.0)
        for case in ("c1", "c2"):
            judgement.ask(connection, "a", "e", case, clock.now)
        assert not wanted(first, "e", 0.25)
        assert wanted(first, "e", 0.24)
        assert not wanted(each, "e", 0.0)
        assert wanted(each, "other", 0.0)


def test_a_list_is_believed_while_it_is_there_on_and_right(
    database: Database, audit: AuditLog, clock: FixedClock
) -> None:
    lists = HashLists(database, audit)
    for name in ("good", "bad", "off"):
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        lists.import_file(ANNA, name, f"{digest}\n".encode())
    lists.switch_off(ANNA, "off", "doubted")
    with database.bookkeeping() as connection:
        for case in range(5):
            judgement.judge(connection, f"c{case}", [("bad", "e")], False, clock.now)
    with database.reading() as connection:
        names = {"good", "bad", "off", "gone"}
        assert judgement.trusted(connection, names, Sampling()) == {"good"}
