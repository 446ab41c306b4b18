"""Casework: one decision and all that follows from it, in one transaction."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tutela.cases import attachment, queue, viewing
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.cases.viewing import Fidelity, View
from tutela.content import holds
from tutela.content.account import Connection, Device, Event
from tutela.content.holds import Verb
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Decision, Finding, Outcome
from tutela.decisions.labels import Subject, us_industry
from tutela.errors import Conflict, InvalidInput
from tutela.referrals import register as register_of
from tutela.referrals.draft import (
    Basis,
    FileFacts,
    IncidentFacts,
    MatchFacts,
    Nature,
    ReporterFacts,
    draft,
)
from tutela.referrals.following import following
from tutela.referrals.obligations.deadline import deadline
from tutela.referrals.obligations.owed import due, incident_of
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.cases.attachment import Attachment
    from tutela.cases.case import Case
    from tutela.content.item import Item
    from tutela.referrals.obligations.book import Book
    from tutela.referrals.obligations.owed import Provider
    from tutela.referrals.preservation import Preservation
    from tutela.referrals.referral import Referral
    from tutela.referrals.register import Register

_LONGEST_RECEIPT = 80
Stated = TypeVar("Stated")

_REVERSED = "The provider has decided again, and holds that it is not what was reported."
_VERB = {Outcome.ABUSIVE: Verb.REMOVE, Outcome.NOT_ABUSIVE: Verb.RESTORE}


class Casework:
    """Decides, reverses, approves. Each is one change: decision, orders, referral, audit."""

    def __init__(
        self,
        audit: AuditLog,
        register: Register,
        preservation: Preservation,
        reporter: ReporterFacts,
        provider: Provider,
        book: Book,
    ) -> None:
        self._audit = audit
        self._register = register
        self._preservation = preservation
        self._reporter = reporter
        self._provider = provider
        self._book = book

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
                self._take_back(change, case_id)
            return decision

    def approve(self, actor: Actor, referral_id: str) -> None:
        """Let a drafted referral go out. Raises `NotFound`, `Conflict`."""
        with self._audit.change(actor) as change:
            self._register.approve(change, referral_id)

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

    def after_filing(self, change: Change, referral_id: str) -> None:
        """Set the ends of what is preserved; draft the withdrawal of what was recalled too late."""
        self._preservation.filed(change, referral_id)
        filed = register_of.load(change.connection, referral_id)
        if filed.recalled:
            self._follow(change, filed, Nature.WITHDRAWAL, _REVERSED)

    def _still_filed(self, change: Change, case_id: str) -> set[str]:
        """Return the authorities that have it; withdrawals that were drafted are dropped."""
        standing = register_of.of_case(change.connection, case_id)
        withdrawals = [one for one in standing if one.nature is Nature.WITHDRAWAL]
        for one in withdrawals:
            if one.receipt_number is None:
                self._register.recall(change, one)
        withdrawn = {one.follows for one in withdrawals if one.receipt_number is not None}
        return {
            one.authority
            for one in standing
            if one.nature is Nature.ORIGINAL and one.receipt_number and one.id not in withdrawn
        }

    def _take_back(self, change: Change, case_id: str) -> None:
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

    def _refer(self, change: Change, case: Case, decision: Decision) -> None:
        """Draft what is owed, and what policy adds, to each authority that has it not yet."""
        members = cases_on_record.items_of(change.connection, case.id)
        found_at = min(item.received_at for item in members)
        plain = self._facts(change, case, decision, None)
        told = self._still_filed(change, case.id)
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
            viewing.of_case(connection, case.id),
            self._reporter,
            self._earlier(change, case, authority),
            attachment.of_case(connection, case.id),
        )

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
            self._refer(change, case, decision)
        return decision


def incident(
    members: Sequence[Item],
    decision: Decision,
    record: Sequence[View],
    reporter: ReporterFacts,
    prior_receipts: tuple[str, ...] = (),
    attached: Sequence[Attachment] = (),
) -> IncidentFacts:
    """Gather the plain facts a referral is drafted from. Of several items the first one's time."""
    first = members[0]
    stated = [item.surroundings for item in members]
    account = first.account
    if account.ip and account.ip_at is None:
        account = replace(account, ip_at=first.uploaded_at)
    return IncidentFacts(
        harm=decision.harm,
        circumstances=decision.circumstances,
        occurred_at=first.uploaded_at or first.received_at,
        occurred_at_is_upload=first.uploaded_at is not None,
        urgent_reason=decision.urgent_reason,
        urls=tuple(dict.fromkeys(item.place_url for item in members if item.place_url)),
        places=_distinct(one.places for one in stated),
        law_enforcement=next((one.law_enforcement for one in stated if one.law_enforcement), None),
        reporter=reporter,
        subject=account,
        recipients=_distinct(one.recipients for one in stated),
        victims=_distinct(one.victims for one in stated),
        links=_distinct(one.links for one in stated),
        prior_receipts=prior_receipts,
        files=(
            *(_file(item, decision, record) for item in members if item.evidence_id is not None),
            *(_attached(one) for one in attached),
        ),
    )


def _distinct(stated: Iterable[tuple[Stated, ...]]) -> tuple[Stated, ...]:
    """Return what was stated, each once, in its order."""
    found: list[Stated] = []
    for one in itertools.chain.from_iterable(stated):
        if one not in found:
            found.append(one)
    return tuple(found)


def _file(item: Item, decision: Decision, record: Sequence[View]) -> FileFacts:
    picture = item.record_hash
    account = item.account
    # A transcript is what happened, not a depiction: no industry class, no features.
    depicts = bool(item.pictures) or bool(item.media_type)
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
        classification=us_industry(decision.observed) if depicts else None,
        publicly_available=item.surroundings.public,
        matches=tuple(
            MatchFacts(match.list_name, match.entry_id, match.algorithm, match.distance, match.via)
            for match in item.matches
        ),
        depicts=decision.observed.subject if depicts else Subject.CANNOT_TELL,
        features=decision.observed.features if depicts else (),
        viral=item.surroundings.viral,
        connection=Connection(
            account.ip, account.port, account.ip_at or item.uploaded_at, Event.UPLOAD
        )
        if account.ip
        else None,
        device=Device("device", account.device_id) if account.device_id else None,
        exif=item.exif,
    )


def _attached(one: Attachment) -> FileFacts:
    return FileFacts(
        evidence_id=one.evidence_id,
        original_name=one.name,
        media_type=None,
        size=one.size,
        md5=one.md5,
        sha1=one.sha1,
        sha256=one.sha256,
        pdq=None,
        uploaded_at=None,
        url=None,
        viewed=False,
        supplemental=True,
        about=one.about,
        attached_as=one.kind.value,
    )


def _highest(record: Sequence[View]) -> Fidelity:
    return max((view.fidelity for view in record), key=lambda one: one.rank, default=Fidelity.FACTS)
