"""One case, one person; a lease ends; order is known, near, unscreened, then age."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, FAR, make_item, match, put

from tutela.cases.queue import LEASE, Lease, Queue
from tutela.errors import Conflict, LeaseLost, NotFound

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
    expected = [known.case_id, later.case_id, near.case_id, unscreened.case_id]
    assert [row.case.id for row in rows] == expected
    assert rows[0].lists == ("known",)
    assert rows[0].labels == ("benign",)
    assert [row.nearest for row in rows] == [0, 0, 12, None]
    assert [row.prior_cases for row in rows] == [2, 0, 1, 0]


def test_what_is_not_there_cannot_be_claimed(audit: AuditLog) -> None:
    with pytest.raises(NotFound):
        Queue(audit).claim(ANNA, "cas_none")
