"""Verifying a referral years later: that what is on record is what was said, and was true then."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases import viewing
from tutela.decisions import decision as decisions_on_record
from tutela.errors import NotFound, Tampered
from tutela.evidence.vault import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.audit.entry import Actor, Entry
    from tutela.audit.log import AuditLog
    from tutela.evidence.vault import Vault
    from tutela.referrals.draft import FileStatement
    from tutela.referrals.letters import Letters
    from tutela.referrals.referral import Referral
    from tutela.referrals.register import Register

_NAMED = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}
_LETTER_DETAILS = ("letter", "answer", "question")
_MOST_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Check:
    """One step: what was proven, or what does not hold."""

    step: str
    sound: bool
    found: str


class Verification:
    """Proves one referral from the log, its letters, its evidence and the viewing record."""

    def __init__(self, audit: AuditLog, register: Register, letters: Letters, vault: Vault) -> None:
        self._audit = audit
        self._register = register
        self._letters = letters
        self._vault = vault

    def verify(self, actor: Actor, referral_id: str) -> tuple[Check, ...]:
        """Take every step, whatever an earlier one found, and record that it was done.

        1. The log is whole (RFC 9162 §2.1.1) and matches the checkpoint kept outside.
        2. The draft is the one that was recorded when it was made.
        3. Each letter that the log names is kept and opens; no letter is there that it does not.
        4. Each file's sealed bytes have the digests that were stated, and those that the authority
           answered with.
        5. Each file that was called viewed had been viewed by then, and no other.
        6. The receipt number is the one the log says that it was filed under.

        Raises `NotFound`, and `Refused` where this process holds no private key.
        """
        referral = self._register.load(referral_id)
        entries = self._audit.entries(referral_id, _MOST_ENTRIES)
        checks = (
            self._log(),
            self._draft(referral, entries),
            self._kept_letters(referral, entries),
            *self._files(actor, referral, entries),
            self._views(referral),
            _receipt(referral, entries),
        )
        sound = all(one.sound for one in checks)
        self._audit.note(actor, Action.REFERRAL_VERIFIED, referral_id, sound=sound)
        return checks

    def _log(self) -> Check:
        try:
            proof = self._audit.verify()
        except Tampered as problem:
            return Check("log", sound=False, found=problem.what)
        return Check("log", sound=True, found=f"{proof.size} entries proven")

    def _draft(self, referral: Referral, entries: list[Entry]) -> Check:
        recorded = [
            one.details["draft"]
            for one in entries
            if one.action in {Action.REFERRAL_DRAFTED, Action.REFERRAL_REDRAFTED}
            and one.details.get("draft")
        ]
        if not recorded:
            return Check("draft", sound=True, found="made before digests of drafts were recorded")
        same = recorded[-1] == self._register.draft_digest(referral.id)
        return Check(
            "draft", sound=same, found="as it was recorded" if same else "not the recorded one"
        )

    def _kept_letters(self, referral: Referral, entries: list[Entry]) -> Check:
        named = sorted(
            one.details[detail]
            for one in entries
            for detail in _LETTER_DETAILS
            if one.details.get(detail)
        )
        kept = self._letters.of(referral.id)
        if sorted(one.sha256 for one in kept) != named:
            return Check(
                "letters", sound=False, found=f"{len(kept)} kept, {len(named)} named by the log"
            )
        for one in kept:
            try:
                self._letters.opened(one)
            except Tampered:
                what = f"the letter of {one.about} {one.direction}, number {one.ordinal}"
                return Check("letters", sound=False, found=f"{what}, does not open")
        return Check("letters", sound=True, found=f"{len(kept)} open and are as recorded")

    def _files(self, actor: Actor, referral: Referral, entries: list[Entry]) -> Iterator[Check]:
        answered = {
            one.details["evidence"]: one.details.get("received")
            for one in entries
            if one.action == Action.REFERRAL_FILE_SENT
        }
        for place, statement in enumerate(referral.draft.files):
            said = answered.get(statement.evidence_id)
            yield self._file(actor, f"file {place + 1}", statement, said)

    def _file(self, actor: Actor, step: str, statement: FileStatement, said: str | None) -> Check:
        hashers = {name: hashlib.new(_NAMED[name], usedforsecurity=False) for name in _NAMED}
        try:
            opened = self._vault.open_parts(actor, statement.evidence_id, Purpose.VERIFICATION)
            for part in opened.parts:
                for one in hashers.values():
                    one.update(part)
        except (Tampered, NotFound) as problem:
            return Check(step, sound=False, found=problem.what)
        found = {name: one.hexdigest() for name, one in hashers.items()}
        for name, stated in statement.hashes:
            if found.get(name, stated) != stated:
                return Check(step, sound=False, found=f"its {name} is not the stated one")
        if said is None:
            return Check(step, sound=True, found="as stated; not sent yet")
        name, _, digest = said.partition(":")
        if found.get(name) != digest:
            return Check(step, sound=False, found="the authority received other bytes")
        return Check(step, sound=True, found=f"as stated and as received ({name})")

    def _views(self, referral: Referral) -> Check:
        with self._audit.database.reading() as connection:
            decision = decisions_on_record.load(connection, referral.decision_id)
            members = cases_on_record.items_of(connection, referral.case_id)
            record = viewing.of_members(connection, referral.case_id)
        items = {one.evidence_id: one.id for one in members}
        for place, one in enumerate(referral.draft.files):
            item = items.get(one.evidence_id)
            seen = item is not None and viewing.viewed(record, item, decision.decided_at)
            if one.viewed != seen:
                return Check(
                    "viewed", sound=False, found=f"file {place + 1} is not as the record has it"
                )
        viewed = sum(one.viewed for one in referral.draft.files)
        return Check(
            "viewed", sound=True, found=f"{viewed} of {len(referral.draft.files)}, as recorded"
        )


def _receipt(referral: Referral, entries: list[Entry]) -> Check:
    filed = [one.details.get("number") for one in entries if one.action == Action.REFERRAL_FILED]
    if referral.receipt_number is None and not filed:
        return Check("receipt", sound=True, found=f"not filed: {referral.state}")
    if filed != [referral.receipt_number]:
        return Check("receipt", sound=False, found="not the number it was filed under")
    return Check("receipt", sound=True, found=f"filed once, as {filed[0]}")
