"""Legal holds: while one stands, its evidence may not be destroyed and its clock does not run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.evidence import record
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.audit.log import AuditLog
    from tutela.evidence.record import EvidenceRecord

legal_holds = sa.Table(
    "legal_holds",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("evidence_id", Id, sa.ForeignKey("evidence.id"), nullable=False, index=True),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("placed_by", sa.String(80), nullable=False),
    sa.Column("placed_at", Instant, nullable=False),
    sa.Column("released_by", sa.String(80)),
    sa.Column("released_at", Instant),
    sa.Column("released_because", sa.String(1000)),
)

_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class LegalHold:
    """One hold on one piece of evidence; it stands until a person releases it."""

    id: str
    evidence_id: str
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    released_because: str | None = None


def held_for(holds: Iterable[LegalHold], start: datetime, now: datetime) -> timedelta:
    """Return how much of the time from `start` to `now` at least one hold stood."""
    spans = sorted(
        (max(hold.placed_at, start), min(hold.released_at or now, now)) for hold in holds
    )
    total, reached = timedelta(), start
    for begin, end in spans:
        if end > max(begin, reached):
            total += end - max(begin, reached)
            reached = end
    return total


class LegalHolds:
    """Places holds, and releases them."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def place(self, actor: Actor, evidence_id: str, reason: str) -> LegalHold:
        """Hold evidence. Raises `NotFound`, `Destroyed`, `InvalidInput` without a reason."""
        with self._audit.change(actor) as change:
            record.standing(record.load(change.connection, evidence_id, locked=True))
            hold = LegalHold(
                new_id("lgh", change.now), evidence_id, _said(reason), str(actor), change.now
            )
            change.connection.execute(legal_holds.insert().values(**asdict(hold)))
            change.record(Action.LEGAL_HOLD_PLACED, evidence_id, hold=hold.id)
        return hold

    def release(self, actor: Actor, hold_id: str, reason: str) -> None:
        """Release a hold. Raises `NotFound`, `Conflict` for one that was, `InvalidInput`."""
        with self._audit.change(actor) as change:
            query = sa.select(legal_holds).where(legal_holds.c.id == hold_id).with_for_update()
            row = change.connection.execute(query).first()
            if row is None:
                raise NotFound("There is no such hold.", "Look at `tutela evidence holds`.")
            if row.released_at is not None:
                raise Conflict("This hold was released already.", "Nothing to do.")
            change.connection.execute(
                legal_holds.update()
                .where(legal_holds.c.id == hold_id)
                .values(
                    released_by=str(actor), released_at=change.now, released_because=_said(reason)
                )
            )
            change.record(Action.LEGAL_HOLD_RELEASED, row.evidence_id, hold=hold_id)

    def of(self, connection: sa.Connection, evidence_id: str) -> tuple[LegalHold, ...]:
        """Return every hold of one piece of evidence, released ones, too."""
        query = (
            sa.select(legal_holds)
            .where(legal_holds.c.evidence_id == evidence_id)
            .order_by(legal_holds.c.placed_at, legal_holds.c.id)
        )
        return tuple(LegalHold(*row) for row in connection.execute(query))

    def all(self) -> tuple[LegalHold, ...]:
        """Return every hold that stands, the oldest first."""
        query = (
            sa.select(legal_holds)
            .where(legal_holds.c.released_at.is_(None))
            .order_by(legal_holds.c.placed_at, legal_holds.c.id)
        )
        with self._audit.database.reading() as connection:
            return tuple(LegalHold(*row) for row in connection.execute(query))

    def guard(self, connection: sa.Connection, found: EvidenceRecord) -> list[str]:
        """Say which holds keep evidence from being destroyed."""
        return [
            f"the legal hold {hold.id}"
            for hold in self.of(connection, found.id)
            if hold.released_at is None
        ]


def _said(reason: str) -> str:
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise InvalidInput(
            "A reason is missing or too long.", f"Say why, in up to {_LONGEST_REASON} characters."
        )
    return reason.strip()
