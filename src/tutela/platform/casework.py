"""Casework: one decision and all that follows from it, in one transaction.

What leaves waits for a grace, as duties that are due later: whoever decided can undo it until then,
and a process that is killed meanwhile loses nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tutela.audit.entry import Action, Actor
from tutela.cases import availability, queue, viewing
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.cases.cluster import clusters
from tutela.cases.priority import Reason
from tutela.cases.viewing import Fidelity, View
from tutela.content import holds
from tutela.content.holds import Verb
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import earlier, policy, second_review, typed
from tutela.decisions.decision import Bearing, Decision, Finding, Grounds, Outcome
from tutela.decisions.reach import reaches
from tutela.decisions.second_review import NOTHING_DRAWN, Draw
from tutela.decisions.typed import Page
from tutela.errors import Conflict
from tutela.platform.list_watch import copied
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tutela.audit.log import AuditLog, Change
    from tutela.cases.case import Case
    from tutela.cases.queue import Lease
    from tutela.content.item import Item
    from tutela.platform.list_watch import ListWatch
    from tutela.platform.referring import Referring
    from tutela.storage.duties import Duty

LIST_JUDGEMENT = "list_judgement"
CASEWORK = Actor("system", "casework")
_VERB = {Outcome.ABUSIVE: Verb.REMOVE, Outcome.NOT_ABUSIVE: Verb.RESTORE}


class Casework:
    """Decides, undoes and reverses. Each is one change: decision, orders, referral, audit."""

    def __init__(
        self,
        audit: AuditLog,
        referring: Referring,
        watch: ListWatch,
        grace: timedelta = timedelta(0),
        draw: Draw = NOTHING_DRAWN,
    ) -> None:
        self._audit = audit
        self._referring = referring
        self._watch = watch
        self._grace = grace
        self.draw = draw

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
            wait = delay(case, finding, self._grace)
            leaves_at = change.now + wait if wait else None
            return self._decided(change, case, seen, finding, leaves_at=leaves_at)

    def undo(self, actor: Actor, case_id: str) -> Lease:
        """Take one's own decision back before anything of it has left; the case is theirs again.

        What was typed is kept for them. Raises `Conflict` when it has left, `Refused`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.take(change.connection, case_id)
            standing = decisions_on_record.of_case(change.connection, case_id)
            if not standing:
                raise Conflict("There is no decision to undo.", "Look at the case.")
            decision = standing[-1]
            decisions_on_record.undo(change, decision)
            for item in cases_on_record.items_of(change.connection, case.id):
                holds.undo(change, item, decision.decided_at)
            self._referring.take_back(change, case_id)
            duties.drop(change.connection, LIST_JUDGEMENT, decision.id)
            cases_on_record.reopen(change, case_id)
            # A writing of nobody's page: the next page that opens has seen it.
            page = Page(decision.id, 1, 0)
            words = typed.as_typed(decision)
            typed.keep(change.connection, case_id, actor, words, page, change.now, over=True)
            return queue.take(change, case_id)

    def judge(self, duty: Duty) -> None:
        """Tell the lists what a decision that stands says of their matches."""
        with self._audit.change(CASEWORK) as change:
            decision = decisions_on_record.load(change.connection, duty.subject)
            standing = decisions_on_record.of_case(change.connection, decision.case_id)
            if standing and standing[-1].id == decision.id:
                members = cases_on_record.items_of(change.connection, decision.case_id)
                self._watch.judged(change, decision.case_id, members, decision.finding)
            change.record(Action.LIST_JUDGED, decision.case_id, decision=decision.id)
            duties.done(change.connection, duty, change.now)

    def reverse(self, actor: Actor, case_id: str, seen: int, finding: Finding) -> Decision:
        """Decide a decided case the other way: orders go out again, unfiled referrals end.

        Raises `Conflict` when there is nothing to reverse, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.take(change.connection, case_id)
            return self.turn(change, case, seen, finding)

    def turn(self, change: Change, case: Case, seen: int, finding: Finding) -> Decision:
        """Reverse a case that was taken, in the caller's change. Raises as `reverse` does."""
        standing = decisions_on_record.of_case(change.connection, case.id)
        if not standing or standing[-1].outcome is finding.outcome:
            raise Conflict(
                "There is no decision with another outcome to reverse.",
                "Look at the case's decisions.",
            )
        if finding.outcome is Outcome.ABUSIVE:
            self._referring.drop_withdrawals(change, case.id)
        decision = self._decided(change, case, seen, finding, reverses=standing[-1].id)
        if finding.outcome is Outcome.NOT_ABUSIVE:
            self._referring.take_back(change, case.id)
        return decision

    def _decided(
        self,
        change: Change,
        case: Case,
        seen: int,
        finding: Finding,
        *,
        reverses: str | None = None,
        leaves_at: datetime | None = None,
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
        looked, care = _looked(members, mine), policy.rules(change.connection)
        bearing = Bearing(
            matched=any(item.matches and not item.only_possible for item in members),
            copies=all(copied(item, looked) for item in members),
            trusted=self._watch.trusted(change.connection, members, looked),
            viewed=any(view.fidelity.counts_as_viewed for view in mine),
            troubles=availability.troubles(
                availability.of_case(change.connection, case.id),
                members,
                {view.item_id for view in record},
            ),
            before=bool(rests_on),
        )
        decisions_on_record.checked(finding, bearing)
        decision = decisions_on_record.record(
            change,
            case.id,
            finding,
            covers=len(members),
            viewed_at=_highest(mine).value,
            reverses=reverses,
            reaches=reaches(members, mine),
            rests_on=rests_on,
            leaves_at=leaves_at,
        )
        again = policy.asks_for_two(members, care)
        if reverses is None and (again or second_review.is_drawn(self.draw, decision.id)):
            second_review.put(change, decision)
        earlier.remember(change.connection, members)
        cases_on_record.end(change, case.id, abusive=finding.outcome is Outcome.ABUSIVE)
        typed.forget(change.connection, case.id)
        if leaves_at is None:
            self._watch.judged(change, case.id, members, finding)
        else:
            duties.enqueue(change.connection, LIST_JUDGEMENT, decision.id, leaves_at)
        self._order(change, members, decision)
        if finding.outcome is Outcome.ABUSIVE:
            self._referring.refer(change, case, decision)
        return decision

    def _order(self, change: Change, members: Sequence[Item], decision: Decision) -> None:
        verb = _VERB[decision.outcome]
        for item in members:
            if verb is Verb.REMOVE or holds.withheld(change.connection, item):
                holds.order(change, item, verb, not_before=decision.leaves_at)


def delay(case: Case, finding: Finding, grace: timedelta) -> timedelta:
    """Return how long what leaves waits. Where a child may be in danger now, not at all."""
    danger = finding.urgent_reason is not None or Reason.DANGER in case.reasons
    return timedelta(0) if danger else grace


def _resting(
    change: Change, case: Case, members: Sequence[Item], finding: Finding
) -> tuple[str, ...]:
    """Return the earlier decisions that are the finding's grounds; none where others are."""
    if finding.grounds is not Grounds.DECIDED_BEFORE:
        return ()
    groups = clusters(members)
    found = earlier.of_files(change.connection, case.id, [one.shown for one in groups])
    return earlier.resting(groups, found, finding.outcome) or ()


def _looked(members: Sequence[Item], mine: Sequence[View]) -> frozenset[str]:
    """Return the digests of files that the decider saw as `tiny` or closer, or saw the like of.

    A look at one file of a cluster is a look at the cluster: that is what clusters are for.
    """
    seen = {view.item_id for view in mine if view.fidelity.rank >= Fidelity.TINY.rank}
    digests = {item.sha256 for item in members if item.id in seen}
    found: set[str] = set()
    for one in clusters(members):
        alike = {member.item.sha256 for member in one.members}
        found |= alike if alike & digests else set()
    return frozenset(found)


def _highest(record: Sequence[View]) -> Fidelity:
    return max((view.fidelity for view in record), key=lambda one: one.rank, default=Fidelity.FACTS)
