"""Referring: what follows from a decision towards authorities, each step in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tutela.audit.entry import Action
from tutela.cases import attachment, viewing
from tutela.cases import case as cases_on_record
from tutela.content import holds
from tutela.content import item as items_on_record
from tutela.content.amending import Amendment, amended
from tutela.content.holds import Verb
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Decision, Outcome
from tutela.errors import Conflict, InvalidInput
from tutela.platform.incident import incident
from tutela.referrals import register as register_of
from tutela.referrals.completeness import completeness
from tutela.referrals.draft import Basis, IncidentFacts, Nature, ReporterFacts, draft
from tutela.referrals.following import following
from tutela.referrals.obligations.deadline import deadline
from tutela.referrals.obligations.owed import due, incident_of
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.cases.case import Case
    from tutela.referrals.obligations.book import Book
    from tutela.referrals.obligations.owed import Provider
    from tutela.referrals.preservation import Preservation
    from tutela.referrals.referral import Referral
    from tutela.referrals.register import Register

_REVERSED = "The provider has decided again, and holds that it is not what was reported."
_LONGEST_RECEIPT = 80
_ENDED = frozenset({State.WITHDRAWN, State.FILED, State.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class Approval:
    """How many people must approve. Where a child may be in danger, never more than one."""

    people: int = 1
    urgent_people: int = 0

    def needed(self, *, urgent: bool) -> int:
        """Return how many; with none the decision itself sends it."""
        return min(self.people, self.urgent_people) if urgent else self.people


class Referring:
    """Drafts, approves, follows, asks, takes back. Each is one change with its audit entries."""

    def __init__(
        self,
        audit: AuditLog,
        register: Register,
        preservation: Preservation,
        reporter: ReporterFacts,
        provider: Provider,
        book: Book,
        approval: Approval,
    ) -> None:
        self._audit = audit
        self._register = register
        self._preservation = preservation
        self._reporter = reporter
        self._provider = provider
        self._book = book
        self._approval = approval

    def approve(self, actor: Actor, referral_id: str) -> bool:
        """Approve a drafted referral; say whether it goes out by that, or another must, too.

        Raises `NotFound`, `Conflict`.
        """
        with self._audit.change(actor) as change:
            referral = register_of.load(change.connection, referral_id)
            needed = self._approval.needed(urgent=referral.urgent)
            decision = decisions_on_record.load(change.connection, referral.decision_id)
            return self._register.approve(change, referral_id, needed, decision.leaves_at)

    def follow(self, actor: Actor, referral_id: str, nature: Nature, reason: str) -> str:
        """Draft what follows a filed referral; return its id. Raises `Conflict`, `InvalidInput`."""
        with self._audit.change(actor) as change:
            original = register_of.load(change.connection, referral_id)
            return self._follow(change, original, nature, reason)

    def submitted(self, actor: Actor, referral_id: str, receipt: str) -> None:
        """Record that a person filed it. Raises `NotFound`, `Conflict`, `InvalidInput`."""
        if not 0 < len(receipt.strip()) <= _LONGEST_RECEIPT:
            raise InvalidInput(
                "The receipt number is missing or too long.",
                f"Give what the authority answered, at most {_LONGEST_RECEIPT} characters.",
            )
        with self._audit.change(actor) as change:
            self._register.submitted(change, referral_id, receipt.strip())
            self.after_filing(change, referral_id)

    def acknowledge(self, actor: Actor, referral_id: str, said: str) -> None:
        """Keep what the authority answered to a filed referral. Raises `NotFound`, `Conflict`."""
        with self._audit.change(actor) as change:
            self._register.acknowledge(change, referral_id, said)

    def amend(self, actor: Actor, item_id: str, told: Amendment) -> tuple[str, ...]:
        """Take what the host platform knows now; drafts that wait say it, too.

        Returns the names of what changed. Raises `NotFound`, `InvalidInput`.
        """
        with self._audit.change(actor) as change:
            was = items_on_record.load(change.connection, item_id, locked=True)
            item, changed = amended(was, told)
            items_on_record.amend(change.connection, item)
            change.record(Action.ITEM_AMENDED, item_id, changed=list(changed))
            if changed and item.case_id is not None:
                self.draft_anew(change, item.case_id)
            return changed

    def ask(self, actor: Actor, referral_id: str) -> tuple[str, ...]:
        """Ask the host platform for what a draft lacks and it may have; return what was asked.

        Raises `NotFound`, and `Conflict` where nothing is missing that it could know.
        """
        with self._audit.change(actor) as change:
            referral = register_of.load(change.connection, referral_id)
            wanted = completeness(referral.draft).asks
            if not wanted:
                raise Conflict(
                    "Nothing is missing that the host platform could know.",
                    "See the completeness for what is missing and where to get it.",
                )
            for item in cases_on_record.items_of(change.connection, referral.case_id):
                holds.order(change, item, Verb.TELL, wanted)
            return wanted

    def refer(self, change: Change, case: Case, decision: Decision) -> None:
        """Draft what is owed, and what policy adds, to each authority that has it not yet."""
        members = cases_on_record.items_of(change.connection, case.id)
        found_at = min(item.received_at for item in members)
        plain = self._facts(change, case, decision, None)
        standing = register_of.of_case(change.connection, case.id)
        told = _have_it(standing)
        waiting = {
            one.authority: one
            for one in standing
            if one.nature is Nature.ORIGINAL and one.state not in _ENDED and not one.recalled
        }
        urgent = plain.urgent_reason is not None
        for one in due(incident_of(plain), self._provider, self._book.obligations):
            if one.authority in told:
                continue
            facts = replace(
                plain,
                prior_receipts=self._earlier(change, case, one.authority),
                bases=tuple(
                    Basis(ruling.obligation.id, ruling.obligation.section, ruling.why)
                    for ruling in one.rulings
                ),
            )
            if one.authority in waiting:
                self._register.redraft(change, waiting[one.authority], draft(facts))
                continue
            identity = self._register.draft(
                change,
                case_id=case.id,
                decision_id=decision.id,
                authority=one.authority,
                draft=draft(facts),
                deadline=deadline(one.rulings, found_at, decision.decided_at, urgent=urgent),
            )
            obligations = [ruling.obligation for ruling in one.rulings]
            self._preservation.start(change, case.id, identity, obligations)
            if self._approval.needed(urgent=urgent) == 0:
                self._register.approve(change, identity, not_before=decision.leaves_at)

    def drop_withdrawals(self, change: Change, case_id: str) -> None:
        """Drop the withdrawals that have not left: what they would withdraw stands after all."""
        for one in register_of.of_case(change.connection, case_id):
            if one.nature is Nature.WITHDRAWAL and one.receipt_number is None:
                self._register.recall(change, one)

    def take_back(self, change: Change, case_id: str) -> None:
        """Stop what has not been filed; draft the withdrawal of what has."""
        standing = register_of.of_case(change.connection, case_id)
        followed = {
            one.follows
            for one in standing
            if one.nature is Nature.WITHDRAWAL and one.state is not State.WITHDRAWN
        }
        for one in standing:
            if one.receipt_number is None:
                self._register.recall(change, one)
            elif one.nature is Nature.ORIGINAL and one.id not in followed:
                self._follow(change, one, Nature.WITHDRAWAL, _REVERSED)

    def after_filing(self, change: Change, referral_id: str) -> None:
        """Set the ends of what is preserved; draft the withdrawal of what was recalled too late."""
        self._preservation.filed(change, referral_id)
        filed = register_of.load(change.connection, referral_id)
        if filed.recalled:
            self._follow(change, filed, Nature.WITHDRAWAL, _REVERSED)

    def _follow(self, change: Change, original: Referral, nature: Nature, reason: str) -> str:
        connection = change.connection
        case = cases_on_record.load(connection, original.case_id)
        decision = decisions_on_record.load(connection, original.decision_id)
        facts = self._facts(change, case, decision, original.authority)
        sent = {
            file.evidence_id
            for one in register_of.of_case(connection, case.id)
            if one.receipt_number is not None and one.authority == original.authority
            for file in one.files
        }
        made = following(original, nature, reason, facts, sent)
        urgent = made.urgent_reason is not None
        return self._register.draft(
            change,
            case_id=case.id,
            decision_id=decision.id,
            authority=original.authority,
            draft=made,
            deadline=deadline((), change.now, change.now, urgent=urgent),
            follows=original,
        )

    def draft_anew(self, change: Change, case_id: str) -> None:
        """Let drafts that wait say what is known now; draft what is owed by it besides."""
        decisions = decisions_on_record.of_case(change.connection, case_id)
        if decisions and decisions[-1].outcome is Outcome.ABUSIVE:
            case = cases_on_record.load(change.connection, case_id, locked=True)
            self.refer(change, case, decisions[-1])

    def _earlier(self, change: Change, case: Case, authority: str | None) -> tuple[str, ...]:
        if authority is None:
            return ()
        return self._register.receipts_on(change.connection, case.account_id, authority)

    def _facts(
        self, change: Change, case: Case, decision: Decision, authority: str | None
    ) -> IncidentFacts:
        connection = change.connection
        return incident(
            cases_on_record.items_of(connection, case.id),
            decision,
            viewing.of_members(connection, case.id),
            self._reporter,
            self._earlier(change, case, authority),
            attachment.of_case(connection, case.id),
        )


def _have_it(standing: Iterable[Referral]) -> set[str]:
    """Return the authorities that hold a filed referral which was not withdrawn."""
    listed = list(standing)
    withdrawn = {
        one.follows
        for one in listed
        if one.nature is Nature.WITHDRAWAL and one.receipt_number is not None
    }
    return {
        one.authority
        for one in listed
        if one.nature is Nature.ORIGINAL and one.receipt_number and one.id not in withdrawn
    }
