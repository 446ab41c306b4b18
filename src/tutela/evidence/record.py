"""What is on record about each sealed object, and the keys it may be wrapped to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tutela.errors import Destroyed, NotFound
from tutela.storage.database import Id, Instant, metadata

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
    sa.Column("destroyed_at", Instant),
    sa.Index("ix_evidence_key_id", "key_id"),
)
"""`wrapped_key` is empty once the evidence is destroyed."""

evidence_keys = sa.Table(
    "evidence_keys",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("ordinal", sa.Integer, nullable=False, unique=True),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("retired_at", Instant),
)
"""The keys in the order in which they came; the highest ordinal is what is sealed to."""


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
    destroyed_at: datetime | None = None


def load(connection: sa.Connection, evidence_id: str, *, locked: bool = False) -> EvidenceRecord:
    """Return a record, its row locked against other writers if asked. Raises `NotFound`."""
    query = sa.select(evidence).where(evidence.c.id == evidence_id)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise NotFound("There is no such evidence.", "Check the identifier.")
    return EvidenceRecord(*row)


def standing(record: EvidenceRecord) -> EvidenceRecord:
    """Return the record. Raises `Destroyed` for what was."""
    if record.destroyed_at is not None:
        raise Destroyed(
            f"This evidence was destroyed on {record.destroyed_at:%Y-%m-%d}.",
            "Its destruction record says why: `tutela evidence destroyed`.",
        )
    return record


def place(evidence_id: str) -> str:
    """Return where the sealed bytes rest among the objects."""
    return f"evidence/{evidence_id[-2:]}/{evidence_id}"
