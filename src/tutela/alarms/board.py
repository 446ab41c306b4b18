"""Alarms on record: raised, standing, cleared, acknowledged. Each change is audited."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from tutela.alarms.alarm import Alarm, Finding, Kind
from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.storage.database import Id, Instant, metadata, serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tutela.audit.log import AuditLog, Change

alarms = sa.Table(
    "alarms",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("what", sa.String(300), nullable=False),
    sa.Column("raised_at", Instant, nullable=False),
    sa.Column("cleared_at", Instant, index=True),
    sa.Column("acknowledged_at", Instant),
    sa.Column("acknowledged_by", sa.String(80)),
    sa.Column("note", sa.String(1000)),
)

alarm_tellings = sa.Table(
    "alarm_tellings",
    metadata,
    sa.Column("alarm_id", Id, sa.ForeignKey("alarms.id"), primary_key=True),
    sa.Column("channel", sa.String(16), primary_key=True),
    sa.Column("at", Instant, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
)

WATCH = Actor("system", "watch")
QUIET = timedelta(hours=1)
"""What comes back so soon after it cleared is the same alarm, standing again."""
_LONGEST_NOTE = 1000
_log = structlog.get_logger()


class _Nothing(Exception):
    """Rolls back a change that turned out to change nothing."""


class Board:
    """The alarms of one instance."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def update(self, findings: Sequence[Finding]) -> None:
        """Raise what is new and clear what is gone, in one change; nothing where nothing changed.

        Something that comes and goes is one alarm, and tells people once.
        """
        found = {(one.kind.value, one.subject[:80]): one for one in findings}
        if not self._differs(found.keys()):
            return
        with suppress(_Nothing), self._audit.change(WATCH) as change:
            serialise(change.connection, "alarms")
            open_now = {(row.kind, row.subject): row for row in _standing(change.connection)}
            for key in sorted(found.keys() - open_now.keys()):
                self._raise(change, found[key])
            for key in sorted(open_now.keys() - found.keys()):
                self._clear(change, open_now[key])
            if not change.recorded:
                # Another process saw the same in the meantime, and was first.
                raise _Nothing

    def _differs(self, found: Collection[tuple[str, str]]) -> bool:
        with self._audit.database.reading() as connection:
            return {(row.kind, row.subject) for row in _standing(connection)} != set(found)

    def _raise(self, change: Change, finding: Finding) -> None:
        kind, subject = finding.kind.value, finding.subject[:80]
        back = change.connection.execute(
            sa.select(alarms.c.id)
            .where(
                alarms.c.kind == kind,
                alarms.c.subject == subject,
                alarms.c.cleared_at > change.now - QUIET,
            )
            .order_by(alarms.c.cleared_at.desc())
            .limit(1)
        ).scalar()
        if back is not None:
            change.connection.execute(
                alarms.update().where(alarms.c.id == back).values(cleared_at=None)
            )
        else:
            back = new_id("alm", change.now)
            change.connection.execute(
                alarms.insert().values(
                    id=back,
                    kind=kind,
                    subject=subject,
                    what=finding.what[:300],
                    raised_at=change.now,
                )
            )
        change.record(Action.ALARM_RAISED, back, kind=kind, about=subject or None)
        _log.error("alarm.raised", alarm=back, kind=kind)

    def _clear(self, change: Change, row: sa.Row[Any]) -> None:
        change.connection.execute(
            alarms.update().where(alarms.c.id == row.id).values(cleared_at=change.now)
        )
        change.record(Action.ALARM_CLEARED, row.id, kind=row.kind)

    def acknowledge(self, actor: Actor, alarm_id: str, note: str) -> None:
        """Say that a person has seen it and what they do. Raises `NotFound`, `Conflict`."""
        note = note.strip()
        if not note or len(note) > _LONGEST_NOTE:
            raise InvalidInput(
                "An acknowledgement says what is done about it.",
                f"Give a note of 1 to {_LONGEST_NOTE} letters.",
            )
        with self._audit.change(actor) as change:
            serialise(change.connection, "alarms")
            row = change.connection.execute(
                sa.select(alarms).where(alarms.c.id == alarm_id)
            ).first()
            if row is None:
                raise NotFound("There is no such alarm.", "Check the identifier.")
            if row.acknowledged_at is not None:
                raise Conflict("Somebody has acknowledged it already.", "Look at their note.")
            change.connection.execute(
                alarms.update()
                .where(alarms.c.id == alarm_id)
                .values(acknowledged_at=change.now, acknowledged_by=str(actor), note=note)
            )
            change.record(Action.ALARM_ACKNOWLEDGED, alarm_id, kind=row.kind)

    def standing(self) -> tuple[Alarm, ...]:
        """Return what stands now, what nobody has acknowledged first, then the oldest."""
        with self._audit.database.reading() as connection:
            found = [alarm_from(row) for row in _standing(connection)]
        return tuple(
            sorted(
                found,
                key=lambda one: (
                    one.acknowledged_at is not None,
                    one.severity.value,
                    one.raised_at,
                    one.kind.value,
                ),
            )
        )

    def recent(self, limit: int = 100) -> tuple[Alarm, ...]:
        """Return the newest alarms, cleared ones too."""
        query = sa.select(alarms).order_by(alarms.c.raised_at.desc(), alarms.c.id).limit(limit)
        with self._audit.database.reading() as connection:
            return tuple(alarm_from(row) for row in connection.execute(query))


def _standing(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    return connection.execute(
        sa.select(alarms).where(alarms.c.cleared_at.is_(None)).order_by(alarms.c.raised_at)
    ).all()


def alarm_from(row: sa.Row[Any]) -> Alarm:
    """Return an alarm as it is on record."""
    values = dict(row._mapping)
    return Alarm(**{**values, "kind": Kind(values["kind"])})
