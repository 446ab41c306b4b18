"""One case, one person; a lease ends; order is by reasons and age; cases are passed on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, FAR, make_item, match, put

from tutela.audit.entry import Action, Actor
from tutela.cases import case as cases_on_record
from tutela.cases import passing
from tutela.cases.case import CaseKind
from tutela.cases.filtering import Filter
from tutela.cases.passing import Way
from tutela.cases.priority import Reason
from tutela.cases.queue import LEASE, Lease, Queue
from tutela.errors import Conflict, InvalidInput, LeaseLost, NotFound

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog


def test_two_people_never_hold_one_case(audit: AuditLog, clock: FixedClock) -> None:
    case_id = put(audit, make_item(clock())).case_id or ""
    won: list[Lease] = []
    lost: list[Conflict] = []

    def claim(number: int) -> None:
        try:
            won.append(Queue(audit).claim(ANNA if number % 2 else BORIS, case_id))
        except Conflict as problem:
            lost.append(problem)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 1)


def test_a_lease_ends_and_another_takes_over(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    case_id = put(audit, make_item(clock())).case_id or ""
    lease = queue.claim(ANNA, case_id)
    clock.advance(LEASE.total_seconds() - 1)
    lease = queue.renew(ANNA, case_id, lease.token)
    clock.advance(LEASE.total_seconds() - 1)
    with pytest.raises(Conflict):
        queue.claim(BORIS, case_id)
    clock.advance(1)
    queue.claim(BORIS, case_id)
    with pytest.raises(LeaseLost):
        queue.renew(ANNA, case_id, lease.token)
    with pytest.raises(LeaseLost):
        queue.release(ANNA, case_id, lease.token)


def test_a_stolen_token_is_no_lease(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    case_id = put(audit, make_item(clock())).case_id or ""
    lease = queue.claim(ANNA, case_id)
    with pytest.raises(LeaseLost):
        queue.renew(BORIS, case_id, lease.token)
    with pytest.raises(LeaseLost):
        queue.renew(ANNA, case_id, "0" * 32)
    queue.release(ANNA, case_id, lease.token)
    queue.claim(BORIS, case_id)


def test_the_order_of_the_queue_and_its_facts(audit: AuditLog, clock: FixedClock) -> None:
    unscreened = put(audit, make_item(clock(), matches=(), pdq=None, reason="truncated"))
    clock.advance(1)
    near = put(audit, make_item(clock(), matches=(match("e2", 12, "pdq"),), pdq=FAR))
    clock.advance(1)
    known = put(audit, make_item(clock()))
    clock.advance(1)
    later = put(audit, make_item(clock(), account="account-2"))
    rows = Queue(audit).waiting()
    expected = [near.case_id, unscreened.case_id, known.case_id, later.case_id]
    assert [row.case.id for row in rows] == expected
    assert [row.case.reasons for row in rows] == [(Reason.NEAR,), (Reason.UNREADABLE,), (), ()]
    assert rows[0].lists == ("known",)
    assert rows[0].labels == ("benign",)
    assert [row.nearest for row in rows] == [12, None, 0, 0]
    assert [row.prior_cases for row in rows] == [1, 0, 2, 0]
    assert Queue(audit).counts() == {
        CaseKind.KNOWN: 2,
        CaseKind.NEAR: 1,
        CaseKind.NOTICED: 0,
        CaseKind.UNSCREENED: 1,
        CaseKind.POSSIBLE: 0,
    }
    (only,) = Queue(audit).waiting(only=Filter(CaseKind.NEAR))
    assert only.case.id == near.case_id


def test_what_is_not_there_cannot_be_claimed(audit: AuditLog) -> None:
    with pytest.raises(NotFound):
        Queue(audit).claim(ANNA, "cas_none")


def test_an_account_found_abusive_before_comes_sooner(audit: AuditLog, clock: FixedClock) -> None:
    first = put(audit, make_item(clock()))
    clock.advance(60)
    other = put(audit, make_item(clock(), account="account-2"))
    waiting = put(audit, make_item(clock(), matches=(match("e7"),), pdq=FAR))
    with audit.change(ANNA) as change:
        cases_on_record.end(change, first.case_id or "", abusive=True)
        change.record(Action.CASE_DECIDED, first.case_id or "")
    clock.advance(3600)
    later = put(audit, make_item(clock()))
    order = [row.case.id for row in Queue(audit).waiting()]
    assert order == [waiting.case_id, later.case_id, other.case_id]
    # Found to be wrong, it is no reason any more.
    with audit.change(ANNA) as change:
        cases_on_record.end(change, first.case_id or "", abusive=False)
        change.record(Action.CASE_REVERSED, first.case_id or "")
    order = [row.case.id for row in Queue(audit).waiting()]
    assert set(order[:2]) == {other.case_id, waiting.case_id}
    assert order[2] == later.case_id


def test_danger_now_comes_before_all_else(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    put(audit, make_item(clock(), matches=(), pdq=None, reason="truncated"))
    clock.advance(30 * 24 * 3600)
    last = put(audit, make_item(clock(), account="account-2")).case_id or ""
    with pytest.raises(InvalidInput):
        queue.escalate(BORIS, last, "  ")
    queue.escalate(BORIS, last, "The child is there now.")
    first = queue.waiting()[0].case
    assert (first.id, first.reasons) == (last, (Reason.DANGER,))
    with audit.database.reading() as connection:
        (said,) = passing.of_case(connection, last)
    assert (said.way, said.by, said.said) == (
        Way.ESCALATED,
        str(BORIS),
        "The child is there now.",
    )


def test_the_next_case_is_the_first_that_is_free(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    assert queue.next(ANNA) is None
    cases = []
    for number in range(3):
        cases.append(put(audit, make_item(clock(), account=f"account-{number}")).case_id)
        clock.advance(1)
    mine = queue.next(ANNA)
    assert mine is not None
    assert mine.case_id == cases[0]
    # Who holds one is led back to it.
    assert queue.next(ANNA) == mine
    other = queue.next(BORIS)
    assert other is not None
    assert other.case_id == cases[1]
    queue.skip(ANNA, mine.case_id, mine.token)
    after = queue.next(ANNA)
    assert after is not None
    assert after.case_id == cases[2]
    queue.release(ANNA, after.case_id, after.token)
    # What was skipped stays skipped for one, and waits for the other.
    again = queue.next(ANNA)
    assert again is not None
    assert again.case_id == cases[2]
    queue.release(BORIS, other.case_id, other.token)
    first = queue.next(BORIS)
    assert first is not None
    assert first.case_id == cases[0]


def test_many_people_are_never_given_one_case(audit: AuditLog, clock: FixedClock) -> None:
    for number in range(6):
        put(audit, make_item(clock(), account=f"account-{number}"))
    given: list[str] = []

    def take(number: int) -> None:
        lease = Queue(audit).next(Actor("person", f"acc_{number}"))
        assert lease is not None
        given.append(lease.case_id)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 6


def test_a_case_is_handed_to_one_colleague(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    case_id = put(audit, make_item(clock())).case_id or ""
    lease = queue.claim(ANNA, case_id)
    with pytest.raises(InvalidInput):
        queue.hand_over(ANNA, case_id, lease.token, ANNA, "")
    queue.hand_over(ANNA, case_id, lease.token, BORIS, "You know this place.")
    carla = Actor("person", "acc_carla")
    assert queue.next(carla) is None
    with pytest.raises(Conflict):
        queue.claim(carla, case_id)
    taken = queue.next(BORIS)
    assert taken is not None
    assert taken.case_id == case_id
    # What the colleague skips goes back to all.
    queue.skip(BORIS, case_id, taken.token)
    found = queue.next(carla)
    assert found is not None
    assert found.case_id == case_id


def test_a_second_opinion_is_anothers(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    case_id = put(audit, make_item(clock())).case_id or ""
    lease = queue.claim(ANNA, case_id)
    with pytest.raises(InvalidInput):
        queue.ask_second(ANNA, case_id, lease.token, " ")
    queue.ask_second(ANNA, case_id, lease.token, "I cannot tell the age.")
    assert queue.next(ANNA) is None
    taken = queue.next(BORIS)
    assert taken is not None
    with pytest.raises(LeaseLost):
        queue.skip(ANNA, case_id, lease.token)
