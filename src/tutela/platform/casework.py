"""Casework: one decision and all that follows from it, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.cases import case as cases_on_record
from tutela.cases import queue, viewing
from tutela.cases.case import CaseState
from tutela.cases.cluster import clusters
from tutela.cases.viewing import Fidelity, View
from tutela.content import holds
from tutela.content.holds import Verb
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import earlier
from tutela.decisions.decision import Decision, Finding, Grounds, Outcome
from tutela.decisions.reach import reaches
from tutela.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.cases.case import Case
    from tutela.content.item import Item
    from tutela.platform.list_watch import ListWatch
    from tutela.platform.referring import Referring

_VERB = {Outcome.ABUSIVE: Verb.REMOVE, Outcome.NOT_ABUSIVE: Verb.RESTORE}


class Casework:
    """Decides and reverses. Each is one change: decision, orders, referral, audit."""

    def __init__(self, audit: AuditLog, referring: Referring, watch: ListWatch) -> None:
        self._audit = audit
        self._referring = referring
        self._watch = watch

    def decide(
        self, actor: Actor, case_id: str, lease: str, seen: int, finding: Finding
    ) -> Decision:
        """Decide a claimed case. `seen`: how many items the decider had before them.

        Raises `LeaseLost`, `Conflict` when the case grew or is decided, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.take(change.connection, case_id)
            if case.state is not CaseState.OPEN:
                raise Conflict("The case is decided already.", "Reverse that decision instead.")
            queue.check(case, actor, lease, change.now)
            return self._decided(change, case, seen, finding, reverses=None)

    def reverse(self, actor: Actor, case_id: str, seen: int, finding: Finding) -> Decision:
        """Decide a decided case the other way: orders go out again, unfiled referrals end.

        Raises `Conflict` when there is nothing to reverse, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.take(change.connection, case_id)
            earlier = decisions_on_record.of_case(change.connection, case_id)
            if not earlier or earlier[-1].outcome is finding.outcome:
                raise Conflict(
                    "There is no decision with another outcome to reverse.",
                    "Look at the case's decisions.",
                )
            if finding.outcome is Outcome.ABUSIVE:
                self._referring.drop_withdrawals(change, case_id)
            decision = self._decided(change, case, seen, finding, reverses=earlier[-1].id)
            if finding.outcome is Outcome.NOT_ABUSIVE:
                self._referring.take_back(change, case_id)
            return decision

    def _decided(
        self, change: Change, case: Case, seen: int, finding: Finding, *, reverses: str | None
    ) -> Decision:
        if case.size != seen:
            raise Conflict(
                f"The case has {case.size} items now; you saw {seen}.",
                "Look at the new ones, then decide.",
            )
        members = cases_on_record.items_of(change.connection, case.id)
        record = viewing.of_members(change.connection, case.id)
        mine = [view for view in record if view.person == str(change.actor)]
        rests_on = _resting(change, case, members, finding)
        decisions_on_record.checked(
            finding,
            matched=any(item.matches and not item.only_possible for item in members),
            trusted=self._watch.trusted(change.connection, members),
            viewed=any(view.fidelity.counts_as_viewed for view in mine),
            before=bool(rests_on),
        )
        decision = decisions_on_record.record(
            change,
            case.id,
            finding,
            covers=len(members),
            viewed_at=_highest(mine).value,
            reverses=reverses,
            reaches=reaches(members, mine),
            rests_on=rests_on,
        )
        earlier.remember(change.connection, members)
        cases_on_record.end(change, case.id, abusive=finding.outcome is Outcome.ABUSIVE)
        self._watch.judged(change, case.id, members, finding)
        for item in members:
            if finding.outcome is Outcome.ABUSIVE or holds.withheld(change.connection, item):
                holds.order(change, item, _VERB[finding.outcome])
        if finding.outcome is Outcome.ABUSIVE:
            self._referring.refer(change, case, decision)
        return decision


def _resting(
    change: Change, case: Case, members: Sequence[Item], finding: Finding
) -> tuple[str, ...]:
    """Return the earlier decisions that are the finding's grounds; none where others are."""
    if finding.grounds is not Grounds.DECIDED_BEFORE:
        return ()
    groups = clusters(members)
    found = earlier.of_files(change.connection, case.id, [one.shown for one in groups])
    return earlier.resting(groups, found, finding.outcome) or ()


def _highest(record: Sequence[View]) -> Fidelity:
    return max((view.fidelity for view in record), key=lambda one: one.rank, default=Fidelity.FACTS)
