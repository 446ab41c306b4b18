"""The vault: seals what must be kept, opens only for a purpose, and records every opening."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.errors import NotFound, Refused, Tampered
from tutela.evidence import sealing
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.audit.log import AuditLog, Change
    from tutela.evidence.keys import OpeningKey, SealingKey
    from tutela.storage.objects import Objects

_LENGTH = 2
"""Bytes that say how long a wrapped key is."""

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("item_id", Id, nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sa.Column("sealed_at", Instant, nullable=False),
)


class Purpose(StrEnum):
    """Why evidence may be opened."""

    REVIEW = "review"
    REFERRAL = "referral"
    VERIFICATION = "verification"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Bytes at rest under seal, not yet on record. Sizes in bytes, digest of the plain bytes."""

    id: str
    size: int
    sha256: str
    key_id: str
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """What is on record about one sealed object."""

    id: str
    item_id: str
    size: int
    sha256: str
    key_id: str
    wrapped_key: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """Plain bytes on their way: how many, and once through, in parts."""

    size: int
    parts: Iterator[bytes]


class Vault:
    """Seals with the public key. Opens only where the private key is held."""

    def __init__(
        self,
        audit: AuditLog,
        objects: Objects,
        sealing_key: SealingKey,
        opening_key: OpeningKey | None = None,
    ) -> None:
        self._audit = audit
        self._objects = objects
        self._sealing_key = sealing_key
        self._opening_key = opening_key

    def seal(self, data: bytes) -> Sealed:
        """Seal `data` and put it at rest. Without `keep` afterwards it is an orphan, not a loss."""
        identity = new_id("evd", self._audit.clock())
        object_key = secrets.token_bytes(sealing.KEY_SIZE)
        self._objects.put(_place(identity), sealing.seal(data, object_key, identity.encode()))
        return Sealed(
            identity,
            len(data),
            sha256(data).hexdigest(),
            self._sealing_key.id,
            self._sealing_key.wrap(object_key),
        )

    def seal_parts(self, parts: Iterable[bytes]) -> Sealed:
        """Seal what comes in parts, holding a few MiB whatever its size; otherwise as `seal`."""
        identity = new_id("evd", self._audit.clock())
        object_key = secrets.token_bytes(sealing.KEY_SIZE)
        passed = _Passed(parts)
        self._objects.put_parts(
            _place(identity), sealing.sealed(passed, object_key, identity.encode())
        )
        return Sealed(
            identity,
            passed.size,
            passed.digest.hexdigest(),
            self._sealing_key.id,
            self._sealing_key.wrap(object_key),
        )

    def enclose(self, data: bytes, bound_to: str) -> bytes:
        """Seal a short text into one string that carries its own wrapped key."""
        object_key = secrets.token_bytes(sealing.KEY_SIZE)
        wrapped = self._sealing_key.wrap(object_key)
        return (
            len(wrapped).to_bytes(_LENGTH, "big")
            + wrapped
            + sealing.seal(data, object_key, bound_to.encode())
        )

    def disclose(self, enclosed: bytes, bound_to: str) -> bytes:
        """Return what `enclose` sealed; the caller records that it did. Raises as `open`."""
        if self._opening_key is None:
            raise _no_key()
        end = _LENGTH + int.from_bytes(enclosed[:_LENGTH], "big")
        object_key = self._opening_key.unwrap(enclosed[_LENGTH:end])
        return sealing.unseal(enclosed[end:], object_key, bound_to.encode())

    def keep(self, change: Change, sealed: Sealed, item_id: str) -> None:
        """Put sealed bytes on record for an item, in the caller's change."""
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
            row = connection.execute(
                sa.select(evidence).where(evidence.c.id == evidence_id)
            ).first()
        if row is None:
            raise NotFound("There is no such evidence.", "Check the identifier.")
        return EvidenceRecord(*row)

    def open(self, actor: Actor, evidence_id: str, purpose: Purpose) -> bytes:
        """Return the plain bytes, digest checked, after recording who opened them and why.

        Raises `Refused` where this process holds no private key, `NotFound`, `Tampered`.
        """
        return b"".join(self.open_parts(actor, evidence_id, purpose).parts)

    def open_parts(self, actor: Actor, evidence_id: str, purpose: Purpose) -> Opened:
        """Record who opens evidence and why, then give it in parts. Raises as `open`.

        The last part comes after the digest was checked: `Tampered` comes in its place, so that
        nobody takes for whole what is not.
        """
        record = self.record(evidence_id)
        if self._opening_key is None:
            self._audit.note(actor, Action.EVIDENCE_REFUSED, evidence_id, purpose=purpose.value)
            raise _no_key()
        self._audit.note(actor, Action.EVIDENCE_OPENED, evidence_id, purpose=purpose.value)
        object_key = self._opening_key.unwrap(record.wrapped_key)
        stored = self._objects.get_parts(_place(evidence_id))
        plain = sealing.unsealed(stored, object_key, evidence_id.encode())
        return Opened(record.size, _proved(plain, record))


def _no_key() -> Refused:
    return Refused(
        "This process seals evidence and cannot open it.",
        "Open it on the review side, where the private key is held.",
    )


def _proved(plain: Iterator[bytes], record: EvidenceRecord) -> Iterator[bytes]:
    passed = _Passed(plain)
    held = b""
    for part in passed:
        if held:
            yield held
        held = part
    if passed.digest.hexdigest() != record.sha256 or passed.size != record.size:
        raise Tampered(
            "Opened evidence is not what was sealed.",
            "Treat the record as altered: run `tutela audit verify`.",
        )
    yield held


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


def _place(evidence_id: str) -> str:
    return f"evidence/{evidence_id[-2:]}/{evidence_id}"
