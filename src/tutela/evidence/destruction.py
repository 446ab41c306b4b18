"""Destruction: the object's key first, so that nothing opens any more, then the sealed bytes.

The key goes in the transaction that writes the destruction record and owes the erasure; the bytes
go when that duty is done, however often it is begun.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.evidence import record
from tutela.evidence.record import EvidenceRecord, evidence
from tutela.storage import duties
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tutela.audit.entry import Entry
    from tutela.audit.log import AuditLog, Change
    from tutela.storage.duties import Duty
    from tutela.storage.objects import Objects

    Guard = Callable[[sa.Connection, EvidenceRecord], Iterable[str]]

ERASURE = "evidence_erasure"
ERASER = Actor("system", "eraser")
_LONGEST_REASON = 1000

destructions = sa.Table(
    "destructions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("evidence_id", Id, sa.ForeignKey("evidence.id"), nullable=False, unique=True),
    sa.Column("item_id", Id, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("key_sha256", sa.String(64), nullable=False),
    sa.Column("sealed_at", Instant, nullable=False),
    sa.Column("rule", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("destroyed_by", sa.String(80), nullable=False),
    sa.Column("destroyed_at", Instant, nullable=False),
    sa.Column("erased_at", Instant),
)


@dataclass(frozen=True, slots=True)
class DestructionRecord:
    """What was destroyed, by whom, why, under which rule.

    `sha256`: of the plain bytes; `key_sha256`: of the wrapped key that was destroyed.
    `erased_at`: when the sealed bytes were removed, too.
    """

    id: str
    evidence_id: str
    item_id: str
    size: int
    sha256: str
    key_id: str
    key_sha256: str
    sealed_at: datetime
    rule: str
    reason: str
    destroyed_by: str
    destroyed_at: datetime
    erased_at: datetime | None = None

    def digest(self) -> str:
        """Return what the audit entry says of this record: SHA-256 over its sorted JSON."""
        told = {name: str(value) for name, value in asdict(self).items() if name != "erased_at"}
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


class Destruction:
    """Destroys evidence unless something keeps it. `guards` say what does."""

    def __init__(self, audit: AuditLog, objects: Objects, guards: Sequence[Guard]) -> None:
        self._audit = audit
        self._objects = objects
        self._guards = guards

    def destroy(
        self,
        actor: Actor,
        evidence_id: str,
        rule: str,
        reason: str,
        approve: Callable[[Change], None] = lambda _change: None,
    ) -> DestructionRecord:
        """Destroy one piece of evidence for good. `approve` may raise in the same change.

        Raises `Conflict` while something keeps it, `NotFound`, `Destroyed`, `InvalidInput`.
        """
        if not 0 < len(reason.strip()) <= _LONGEST_REASON or not 0 < len(rule.strip()) <= 200:  # noqa: PLR2004
            raise InvalidInput(
                "The reason or the rule is missing or too long.",
                "Say why, and under which rule or law.",
            )
        try:
            with self._audit.change(actor) as change:
                return self._destroyed(change, evidence_id, rule.strip(), reason.strip(), approve)
        except _Kept as kept:
            self._audit.note(
                actor, Action.DESTRUCTION_REFUSED, evidence_id, kept_by=len(kept.reasons)
            )
            raise Conflict(
                f"This evidence must be kept: {', '.join(kept.reasons)}.",
                "It can be destroyed when all of that is over.",
            ) from None

    def _destroyed(
        self,
        change: Change,
        evidence_id: str,
        rule: str,
        reason: str,
        approve: Callable[[Change], None],
    ) -> DestructionRecord:
        found = record.standing(record.load(change.connection, evidence_id, locked=True))
        if reasons := [one for guard in self._guards for one in guard(change.connection, found)]:
            raise _Kept(reasons)
        approve(change)
        made = DestructionRecord(
            new_id("des", change.now),
            found.id,
            found.item_id,
            found.size,
            found.sha256,
            found.key_id,
            sha256(found.wrapped_key).hexdigest(),
            found.sealed_at,
            rule,
            reason,
            str(change.actor),
            change.now,
        )
        change.connection.execute(destructions.insert().values(**asdict(made)))
        change.connection.execute(
            evidence.update()
            .where(evidence.c.id == evidence_id)
            .values(wrapped_key=b"", destroyed_at=change.now)
        )
        duties.enqueue(change.connection, ERASURE, evidence_id, change.now)
        change.record(
            Action.EVIDENCE_DESTROYED, evidence_id, destruction=made.id, record=made.digest()
        )
        return made

    def carry_out(self, duty: Duty) -> None:
        """Fulfil one duty of kind `evidence_erasure`: remove the sealed bytes."""
        self._objects.delete(record.place(duty.subject))
        # What a database file keeps of overwritten rows holds the wrapped key, too.
        self._audit.database.forget()
        with self._audit.change(ERASER) as change:
            duties.done(change.connection, duty, change.now)
            change.connection.execute(
                destructions.update()
                .where(destructions.c.evidence_id == duty.subject)
                .values(erased_at=change.now)
            )
            change.record(Action.EVIDENCE_ERASED, duty.subject)

    def of(self, evidence_id: str) -> DestructionRecord:
        """Return the record of one destruction. Raises `NotFound`."""
        found = [one for one in self.all() if one.evidence_id == evidence_id]
        if not found:
            raise NotFound("There is no record of a destruction.", "Check the identifier.")
        return found[0]

    def all(self) -> tuple[DestructionRecord, ...]:
        """Return every destruction, the newest first."""
        query = sa.select(destructions).order_by(
            destructions.c.destroyed_at.desc(), destructions.c.id.desc()
        )
        with self._audit.database.reading() as connection:
            return tuple(DestructionRecord(*row) for row in connection.execute(query))


def proven(made: DestructionRecord, entries: Iterable[Entry]) -> bool:
    """Say whether the audit entry made with a destruction speaks of this very record."""
    return any(
        entry.action == Action.EVIDENCE_DESTROYED
        and entry.details.get("record") == made.digest()
        and entry.actor == made.destroyed_by
        for entry in entries
    )


class _Kept(Exception):
    def __init__(self, reasons: list[str]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons
