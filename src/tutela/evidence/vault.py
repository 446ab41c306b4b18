"""The vault: seals what must be kept, opens only for a purpose, and records every opening."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.errors import Refused, Tampered, Unavailable
from tutela.evidence import enclosing, record, sealing
from tutela.evidence.reading import Reading
from tutela.evidence.record import EvidenceRecord, Sealed, evidence, evidence_keys
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.audit.log import AuditLog, Change
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.keys import Sealing
    from tutela.evidence.ownership import Ownership
    from tutela.storage.objects import Objects

__all__ = ["EvidenceRecord", "Opened", "Purpose", "Sealed", "Vault", "evidence"]


class Purpose(StrEnum):
    """Why evidence may be opened."""

    REVIEW = "review"
    REFERRAL = "referral"
    VERIFICATION = "verification"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Opened:
    """Plain bytes on their way: how many, and once through, in parts."""

    size: int
    parts: Iterator[bytes]


class Vault:
    """Seals with the public key. Opens only where a private key can be used."""

    def __init__(
        self,
        audit: AuditLog,
        objects: Objects,
        sealing_key: Sealing,
        keys: KeyService | None = None,
        owner: Ownership | None = None,
    ) -> None:
        """`owner`: leaves its mark in the store before the first bytes of this process."""
        self._owner = owner
        self._audit = audit
        self._objects = objects
        self._sealing_key = sealing_key
        self._keys = keys

    def seal(self, data: bytes) -> Sealed:
        """Seal `data` and put it at rest. Without `keep` afterwards it is an orphan, not a loss."""
        return self.seal_parts((data,))

    def seal_parts(self, parts: Iterable[bytes]) -> Sealed:
        """Seal what comes in parts, holding a few MiB whatever its size; otherwise as `seal`."""
        identity = new_id("evd", self._audit.clock())
        key = self._sealing_key.current()
        object_key = secrets.token_bytes(sealing.KEY_SIZE)
        passed = _Passed(parts)
        if self._owner is not None:
            self._owner.mark()
        self._objects.put_parts(
            record.place(identity), sealing.sealed(passed, object_key, identity.encode())
        )
        return Sealed(
            identity, passed.size, passed.digest.hexdigest(), key.id, key.wrap(object_key)
        )

    def enclose(self, data: bytes, bound_to: str) -> bytes:
        """Seal a short text into one string that carries its own wrapped key."""
        return enclosing.enclose(data, bound_to, self._sealing_key.current())

    def disclose(self, enclosed: bytes, bound_to: str) -> bytes:
        """Return what `enclose` sealed; the caller records that it did. Raises as `open`."""
        return enclosing.disclose(enclosed, bound_to, self._held())

    def keep(self, change: Change, sealed: Sealed, item_id: str) -> None:
        """Put sealed bytes on record for an item, in the caller's change.

        Raises `Unavailable` where their key was retired between sealing and now.
        """
        key = sa.select(evidence_keys.c.retired_at).where(evidence_keys.c.id == sealed.key_id)
        found = change.connection.execute(key.with_for_update(read=True)).first()
        if found is not None and found.retired_at is not None:
            raise Unavailable(
                "The bytes were sealed to a key that was retired meanwhile.",
                "Send them again; if it lasts, give this process the newest public key.",
            )
        change.connection.execute(
            evidence.insert().values(
                id=sealed.id,
                item_id=item_id,
                size=sealed.size,
                sha256=sealed.sha256,
                key_id=sealed.key_id,
                wrapped_key=sealed.wrapped_key,
                sealed_at=change.now,
            )
        )
        change.record(Action.EVIDENCE_SEALED, sealed.id, item=item_id, key=sealed.key_id)

    def record(self, evidence_id: str) -> EvidenceRecord:
        """Return what is on record. Raises `NotFound`."""
        with self._audit.database.reading() as connection:
            return record.load(connection, evidence_id)

    def open(self, actor: Actor, evidence_id: str, purpose: Purpose) -> bytes:
        """Return the plain bytes, digest checked, after recording who opened them and why.

        Raises `Refused` where this process cannot use the private key, `Unavailable` where it
        cannot now, `NotFound`, `Destroyed`, `Tampered`.
        """
        return b"".join(self.open_parts(actor, evidence_id, purpose).parts)

    def open_parts(self, actor: Actor, evidence_id: str, purpose: Purpose) -> Opened:
        """Record who opens evidence and why, then give it in parts. Raises as `open`.

        The last part comes after the digest was checked: `Tampered` comes in its place, so that
        nobody takes for whole what is not.
        """
        found, object_key = self._unlocked(actor, evidence_id, purpose)
        stored = self._objects.get_parts(record.place(evidence_id))
        plain = sealing.unsealed(stored, object_key, evidence_id.encode())
        return Opened(found.size, _proved(plain, found))

    def reading(self, actor: Actor, evidence_id: str, purpose: Purpose) -> Reading:
        """Record who opens evidence and why, then give it as a file that is read where asked.

        For frames of a long video. Raises as `open`; what `Reading` proves is said there.
        """
        found, object_key = self._unlocked(actor, evidence_id, purpose)
        stored = _Stored(self._objects, record.place(evidence_id))
        return Reading(stored, found.size, object_key, evidence_id.encode())

    def _unlocked(
        self, actor: Actor, evidence_id: str, purpose: Purpose
    ) -> tuple[EvidenceRecord, bytes]:
        found = record.standing(self.record(evidence_id))
        try:
            object_key = self._held().unwrap(found.key_id, found.wrapped_key)
        except (Refused, Tampered):
            self._audit.note(actor, Action.EVIDENCE_REFUSED, evidence_id, purpose=purpose.value)
            raise
        # The key is here, the bytes are not yet: nobody gets one without this entry.
        self._audit.note(actor, Action.EVIDENCE_OPENED, evidence_id, purpose=purpose.value)
        return found, object_key

    def _held(self) -> KeyService:
        if self._keys is None:
            raise Refused(
                "This process seals evidence and cannot open it.",
                "Open it on the review side, where the private key is held.",
            )
        return self._keys


def _proved(plain: Iterator[bytes], found: EvidenceRecord) -> Iterator[bytes]:
    passed = _Passed(plain)
    held = b""
    for part in passed:
        if held:
            yield held
        held = part
    if passed.digest.hexdigest() != found.sha256 or passed.size != found.size:
        raise Tampered(
            "Opened evidence is not what was sealed.",
            "Treat the record as altered: run `tutela audit verify`.",
        )
    yield held


@dataclass(frozen=True, slots=True)
class _Stored:
    objects: Objects
    key: str

    def range(self, start: int, length: int) -> bytes:
        return self.objects.get_range(self.key, start, length)

    def parts(self) -> Iterator[bytes]:
        return self.objects.get_parts(self.key)


class _Passed:
    """Gives parts on, and knows how much passed and its digest."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self.size = 0
        self.digest = sha256()

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.size += len(part)
            self.digest.update(part)
            yield part
