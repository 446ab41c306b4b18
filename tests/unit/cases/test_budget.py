"""A person's day: warned, spent, stopped, allowed more; and the queue that keeps to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, HOST, make_item, match, near_pdq, put

from tutela.audit.entry import Action
from tutela.cases.budget import Budget, Limits
from tutela.cases.queue import Queue
from tutela.cases.viewing import views
from tutela.errors import ExposureSpent, InvalidInput, Refused, StoppedForToday
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog

LIMITS = Limits(soft=20, hard=30, day_begins=4, smallest_group=3)


def saw(
    audit: AuditLog, person: Actor, item_id: str, at: datetime, fidelity: str = "colour"
) -> None:
    """Put ten seconds of looking on record."""
    with audit.database.bookkeeping() as connection:
        connection.execute(
            views.insert().values(
                id=new_id("viw", at),
                case_id="cas_1",
                item_id=item_id,
                person=str(person),
                fidelity=fidelity,
                purpose="a test",
                granted_at=at,
                until=at + timedelta(seconds=30),
                used_at=at,
                shown_at=at,
                ended_at=at + timedelta(seconds=10),
            )
        )


def check(audit: AuditLog, budget: Budget, person: Actor) -> None:
    with audit.database.reading() as connection:
        budget.check_looking(connection, person, audit.clock())


def test_a_day_warns_then_ends_and_tomorrow_begins_anew(audit: AuditLog, clock: FixedClock) -> None:
    budget, item = Budget(audit, LIMITS), put(audit, make_item(clock()))
    for number, (warned, spent) in enumerate(
        [(False, False), (False, False), (True, False), (True, True)], start=1
    ):
        saw(audit, ANNA, item.id, clock())
        clock.advance(60)
        day = budget.day(ANNA)
        assert day.seen.points == pytest.approx(8 * number)
        assert (day.warned, day.spent) == (warned, spent)
    with pytest.raises(ExposureSpent, match="until 04:00 UTC"):
        check(audit, budget, ANNA)
    # Another person's day is another one, and so is tomorrow.
    check(audit, budget, BORIS)
    check(audit, budget, HOST)
    clock.now = day.ends
    check(audit, budget, ANNA)
    assert budget.day(ANNA).seen.looks == 0


def test_what_the_list_calls_it_counts(audit: AuditLog, clock: FixedClock) -> None:
    budget = Budget(audit, LIMITS)
    item = put(audit, make_item(clock(), matches=(replace(match(), classification="A1"),)))
    saw(audit, ANNA, item.id, clock())
    assert budget.day(ANNA).seen.points == pytest.approx(16)


def test_a_supervisor_allows_more_and_it_is_told(audit: AuditLog, clock: FixedClock) -> None:
    budget, item = Budget(audit, LIMITS), put(audit, make_item(clock()))
    for _ in range(4):
        saw(audit, ANNA, item.id, clock())
    with pytest.raises(Refused, match="their own"):
        budget.override(ANNA, ANNA, 10, "I want to.")
    with pytest.raises(InvalidInput):
        budget.override(BORIS, ANNA, 10, "  ")
    with pytest.raises(InvalidInput):
        budget.override(BORIS, ANNA, 31, "More than one budget.")
    budget.override(BORIS, ANNA, 10, "A benign test cannot wait.")
    check(audit, budget, ANNA)
    day = budget.day(ANNA)
    assert (day.hard, day.soft) == (40, 30)
    (told,) = day.overrides
    assert (told.by, told.reason) == (str(BORIS), "A benign test cannot wait.")
    entry = audit.entries(ANNA.id)[-1]
    assert (entry.action, entry.actor) == (Action.EXPOSURE_OVERRIDDEN, str(BORIS))
    saw(audit, ANNA, item.id, clock())
    with pytest.raises(ExposureSpent):
        check(audit, budget, ANNA)
    clock.now = day.ends
    assert budget.day(ANNA).hard == 30


def test_stopping_gives_cases_back_and_nothing_is_offered(
    audit: AuditLog, clock: FixedClock
) -> None:
    budget = Budget(audit, LIMITS)
    queue = Queue(audit, budget.check_working)
    mine = put(audit, make_item(clock(), account="a")).case_id or ""
    other = put(audit, make_item(clock(), account="b")).case_id or ""
    queue.claim(ANNA, mine)
    budget.stop(ANNA)
    assert audit.entries(mine)[-1].action == Action.CASE_RELEASED
    assert queue.claim(BORIS, mine).case_id == mine
    with pytest.raises(StoppedForToday):
        queue.next(ANNA)
    with pytest.raises(StoppedForToday):
        queue.claim(ANNA, other)
    with pytest.raises(StoppedForToday):
        check(audit, budget, ANNA)
    budget.stop(ANNA)
    lease = queue.claim(BORIS, other)
    with pytest.raises(InvalidInput, match="cannot take this case now"):
        queue.hand_over(BORIS, other, lease.token, ANNA, "")
    clock.now = budget.day(ANNA).ends
    assert queue.next(ANNA) is not None


def test_stopping_works_when_the_budget_is_spent_and_can_be_taken_back(
    audit: AuditLog, clock: FixedClock
) -> None:
    budget, item = Budget(audit, LIMITS), put(audit, make_item(clock()))
    for _ in range(5):
        saw(audit, ANNA, item.id, clock())
    budget.stop(ANNA)
    assert budget.day(ANNA).stopped_at == clock()
    budget.resume(ANNA)
    assert budget.day(ANNA).stopped_at is None
    with pytest.raises(ExposureSpent):
        check(audit, budget, ANNA)


def test_a_group_is_told_of_by_whole_days_only(audit: AuditLog, clock: FixedClock) -> None:
    budget, item = Budget(audit, LIMITS), put(audit, make_item(clock(), pdq=near_pdq(1)))
    people = [type(ANNA)("person", f"acc_{n}") for n in range(3)]
    for one in people:
        saw(audit, one, item.id, clock())
    assert budget.team() is None
    clock.now = budget.day(ANNA).ends
    told = budget.team()
    assert told is not None
    assert (told.people, told.looks) == (3, 3)
    assert told.points == pytest.approx(24)
    clock.advance(7 * 24 * 3600)
    assert budget.team() is None
