"""Casework: one decision and all that follows from it, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tutela.cases import case as cases_on_record
from tutela.cases import queue, viewing
from tutela.cases.case import CaseState
from tutela.cases.viewing import Fidelity, View
from tutela.content import holds
from tutela.content.holds import Verb
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Decision, Finding, Outcome
from tutela.decisions.labels import us_industry
from tutela.errors import Conflict
from tutela.referrals.draft import (
    FileFacts,
    IncidentFacts,
    MatchFacts,
    ReporterFacts,
    SubjectFacts,
    draft,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.cases.case import Case
    from tutela.content.item import Item
    from tutela.referrals.register import Register

AUTHORITY = "ncmec"
_VERB = {Outcome.ABUSIVE: Verb.REMOVE, Outcome.NOT_ABUSIVE: Verb.RESTORE}


class Casework:
    """Decides, reverses, approves. Each is one change: decision, orders, referral, audit."""

    def __init__(self, audit: AuditLog, register: Register, reporter: ReporterFacts) -> None:
        self._audit = audit
        self._register = register
        self._reporter = reporter

    def decide(
        self, actor: Actor, case_id: str, lease: str, seen: int, finding: Finding
    ) -> Decision:
        """Decide a claimed case. `seen`: how many items the decider had before them.

        Raises `LeaseLost`, `Conflict` when the case grew or is decided, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.load(change.connection, case_id, locked=True)
            if case.state is not CaseState.OPEN:
                raise Conflict("The case is decided already.", "Reverse that decision instead.")
            queue.check(case, actor, lease, change.now)
            decision = self._decided(change, case, seen, finding, reverses=None)
            queue.close(change, case_id)
            return decision

    def reverse(self, actor: Actor, case_id: str, seen: int, finding: Finding) -> Decision:
        """Decide a decided case the other way: orders go out again, unfiled referrals end.

        Raises `Conflict` when there is nothing to reverse, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            case = cases_on_record.load(change.connection, case_id, locked=True)
            earlier = decisions_on_record.of_case(change.connection, case_id)
            if not earlier or earlier[-1].outcome is finding.outcome:
                raise Conflict(
                    "There is no decision with another outcome to reverse.",
                    "Look at the case's decisions.",
                )
            decision = self._decided(change, case, seen, finding, reverses=earlier[-1].id)
            if finding.outcome is Outcome.NOT_ABUSIVE:
                self._register.withdraw_of_case(change, case_id)
            return decision

    def approve(self, actor: Actor, referral_id: str) -> None:
        """Let a drafted referral go out. Raises `NotFound`, `Conflict`."""
        with self._audit.change(actor) as change:
            self._register.approve(change, referral_id)

    def _decided(
        self, change: Change, case: Case, seen: int, finding: Finding, *, reverses: str | None
    ) -> Decision:
        if case.size != seen:
            raise Conflict(
                f"The case has {case.size} items now; you saw {seen}.",
                "Look at the new ones, then decide.",
            )
        members = cases_on_record.items_of(change.connection, case.id)
        record = viewing.of_case(change.connection, case.id)
        mine = [view for view in record if view.person == str(change.actor)]
        decisions_on_record.checked(
            finding,
            matched=any(item.matches and not item.only_possible for item in members),
            viewed=any(view.fidelity.counts_as_viewed for view in mine),
        )
        decision = decisions_on_record.record(
            change,
            case.id,
            finding,
            covers=len(members),
            viewed_at=_highest(mine).value,
            reverses=reverses,
        )
        for item in members:
            if finding.outcome is Outcome.ABUSIVE or holds.withheld(change.connection, item):
                holds.order(change, item, _VERB[finding.outcome])
        if finding.outcome is Outcome.ABUSIVE:
            facts = incident(members, decision, record, self._reporter)
            self._register.draft(
                change,
                case_id=case.id,
                decision_id=decision.id,
                authority=AUTHORITY,
                draft=draft(facts),
            )
        return decision


def incident(
    members: Sequence[Item], decision: Decision, record: Sequence[View], reporter: ReporterFacts
) -> IncidentFacts:
    """Gather the plain facts a referral is drafted from."""
    first = members[0]
    account = first.account
    return IncidentFacts(
        occurred_at=first.uploaded_at or first.received_at,
        occurred_at_is_upload=first.uploaded_at is not None,
        urgent_reason=decision.urgent_reason,
        urls=tuple(dict.fromkeys(item.place_url for item in members if item.place_url)),
        reporter=reporter,
        subject=SubjectFacts(
            account_id=account.id,
            screen_name=account.screen_name,
            display_name=account.display_name,
            profile_url=account.profile_url,
            email=account.email,
            phone=account.phone,
            ip=account.ip,
            ip_at=datetime.fromisoformat(account.ip_at) if account.ip_at else first.uploaded_at,
            port=account.port,
            device_id=account.device_id,
        ),
        files=tuple(
            _file(item, decision, record) for item in members if item.evidence_id is not None
        ),
    )


def _file(item: Item, decision: Decision, record: Sequence[View]) -> FileFacts:
    picture = item.record_hash
    return FileFacts(
        evidence_id=item.evidence_id or "",
        original_name=item.original_name,
        media_type=item.media_type,
        size=item.size,
        md5=item.md5,
        sha1=item.sha1,
        sha256=item.sha256,
        pdq=picture.pdq if picture else None,
        uploaded_at=item.uploaded_at,
        url=item.place_url,
        viewed=viewing.viewed(record, item.id, decision.decided_at),
        classification=us_industry(decision.observed),
        matches=tuple(
            MatchFacts(match.list_name, match.entry_id, match.algorithm, match.distance, match.via)
            for match in item.matches
        ),
    )


def _highest(record: Sequence[View]) -> Fidelity:
    return max((view.fidelity for view in record), key=lambda one: one.rank, default=Fidelity.FACTS)
