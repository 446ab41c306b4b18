"""What is shown of the queue, and who is at a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.casework import ANNA, BORIS, FAR, make_item, match, put

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseKind
from tutela.cases.filtering import Filter
from tutela.cases.presence import Presence
from tutela.cases.priority import Reason
from tutela.cases.queue import LEASE, Queue
from tutela.cases.viewing import GRANT, views

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog


def test_each_filter_leaves_only_what_it_names(audit: AuditLog, clock: FixedClock) -> None:
    queue = Queue(audit)
    other = replace(match("e2", 9, "pdq"), list_name="other")
    near = put(audit, make_item(clock(), matches=(other,), pdq=FAR)).case_id or ""
    clock.advance(3600)
    known = put(audit, make_item(clock(), account="account-2")).case_id or ""
    queue.escalate(ANNA, known, "The child is there now.")

    def shown(only: Filter) -> list[str]:
        return [row.case.id for row in queue.waiting(only=only)]

    assert shown(Filter()) == [known, near]
    assert shown(Filter(kind=CaseKind.NEAR)) == [near]
    assert shown(Filter(severity=Reason.DANGER)) == [known]
    assert shown(Filter(severity=Reason.CONTACT)) == []
    assert shown(Filter(list_name="other")) == [near]
    assert shown(Filter(opened_before=clock() - timedelta(hours=1))) == [near]
    assert shown(Filter(repeat=True)) == []
    assert shown(Filter(kind=CaseKind.NEAR, severity=Reason.DANGER)) == []


def test_a_repeat_account_is_filtered_by_what_stands(audit: AuditLog, clock: FixedClock) -> None:
    first = put(audit, make_item(clock())).case_id or ""
    second = put(audit, make_item(clock(), matches=(match("e2", 9, "pdq"),), pdq=FAR)).case_id
    with audit.change(ANNA) as change:
        cases_on_record.end(change, first, abusive=True)
        change.record(Action.CASE_DECIDED, first)
    assert [row.case.id for row in Queue(audit).waiting(only=Filter(repeat=True))] == [second]


def test_who_is_at_a_case_is_its_holder_and_whoever_has_leave_to_look(
    audit: AuditLog, clock: FixedClock
) -> None:
    queue = Queue(audit)
    item = put(audit, make_item(clock()))
    case_id = item.case_id or ""

    def now() -> Presence:
        return queue.present([row.case for row in queue.waiting()])[case_id]

    assert not now()
    queue.claim(ANNA, case_id)
    with audit.database.bookkeeping() as connection:
        connection.execute(
            views.insert().values(
                id="viw_1",
                case_id=case_id,
                item_id=item.id,
                person=str(BORIS),
                fidelity="sketch",
                purpose="",
                granted_at=clock(),
                until=clock() + GRANT,
            )
        )
    assert now() == Presence(str(ANNA), (str(BORIS),))
    clock.advance(GRANT.total_seconds())
    assert now() == Presence(str(ANNA))
    clock.advance(LEASE.total_seconds())
    assert not now()
