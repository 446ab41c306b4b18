"""Telling people outside: one message for all that is new, never one for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from tutela.alarms.board import QUIET, WATCH, alarm_from, alarm_tellings, alarms
from tutela.audit.entry import Action
from tutela.errors import CounterpartyFailed, CounterpartyRefused
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.alarms.alarm import Alarm
    from tutela.audit.log import AuditLog
    from tutela.storage.duties import Duty

NOTICE = "alarm_notice"
RAISED, CLEARED, REMINDER = "raised", "cleared", "reminder"
_FORGOTTEN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """What a message says of one alarm. `state`: raised, reminder or cleared."""

    alarm: Alarm
    state: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message: an identifier that stays the same when it is sent again, and its lines."""

    id: str
    at: datetime
    lines: tuple[Line, ...]


class Channel(Protocol):
    """A way to tell people."""

    def tell(self, message: Message) -> None:
        """Deliver. Raises `CounterpartyFailed` (later), `CounterpartyRefused` (a person must look).

        Being told the same id twice must be being told once.
        """


class Telling:
    """Fulfils duties of kind `alarm_notice`: the subject is the channel."""

    def __init__(
        self,
        audit: AuditLog,
        channels: Mapping[str, Channel],
        pause: timedelta = timedelta(minutes=15),
        remind: timedelta = timedelta(hours=24),
    ) -> None:
        self._audit = audit
        self._channels = channels
        self._pause = pause
        self._remind = remind

    def owe(self) -> None:
        """Owe a message wherever there is something to tell."""
        now = self._audit.clock()
        for name in self._channels:
            with self._audit.database.reading() as connection:
                lines = self._untold(connection, name, now)
            if lines:
                with self._audit.database.bookkeeping() as connection:
                    duties.owe(connection, NOTICE, name, now)

    def carry_out(self, duty: Duty) -> None:
        """Tell a channel everything it was not told yet, in one message, not too often."""
        channel, now = self._channels.get(duty.subject), self._audit.clock()
        database = self._audit.database
        with database.reading() as connection:
            lines = self._untold(connection, duty.subject, now)
            last = connection.execute(
                sa.select(sa.func.max(alarm_tellings.c.at)).where(
                    alarm_tellings.c.channel == duty.subject
                )
            ).scalar()
        if channel is None or not lines:
            with database.bookkeeping() as connection:
                duties.done(connection, duty, now)
            return
        if last is not None and last + self._pause > now:
            with database.bookkeeping() as connection:
                duties.later(connection, duty, last + self._pause, "not so often")
            return
        try:
            channel.tell(self.message(lines))
        except (CounterpartyFailed, CounterpartyRefused) as problem:
            with database.bookkeeping() as connection:
                due = now + duties.retry_delay(duty.attempts)
                duties.later(connection, duty, due, problem.what)
            return
        with self._audit.change(WATCH) as change:
            change.connection.execute(
                alarm_tellings.insert(),
                [
                    {
                        "alarm_id": one.alarm.id,
                        "channel": duty.subject,
                        "state": one.state,
                        "at": change.now,
                    }
                    for one in lines
                ],
            )
            change.record(Action.ALARMS_TOLD, duty.subject, alarms=[one.alarm.id for one in lines])
            duties.done(change.connection, duty, change.now)

    def message(self, lines: tuple[Line, ...]) -> Message:
        """Return the message of some lines. Sent again after a crash, it is the same."""
        words = " ".join(f"{one.alarm.id}:{one.state}" for one in lines)
        named = f"msg_{sha256(words.encode()).hexdigest()[:26]}"
        return Message(named, self._audit.clock(), lines)

    def _untold(self, connection: sa.Connection, channel: str, now: datetime) -> tuple[Line, ...]:
        recent = sa.or_(alarms.c.cleared_at.is_(None), alarms.c.cleared_at > now - _FORGOTTEN)
        rows = connection.execute(
            sa.select(alarms).where(recent).order_by(alarms.c.raised_at, alarms.c.id)
        ).all()
        told: dict[str, tuple[str, datetime]] = {}
        query = (
            sa.select(alarm_tellings)
            .join(alarms, alarms.c.id == alarm_tellings.c.alarm_id)
            .where(alarm_tellings.c.channel == channel, recent)
            .order_by(alarm_tellings.c.at)
        )
        for row in connection.execute(query):
            told[row.alarm_id] = (row.state, row.at)
        found = ((alarm_from(row), told.get(row.id)) for row in rows)
        lines = ((alarm, news(alarm, last, now, self._remind)) for alarm, last in found)
        return tuple(Line(alarm, state) for alarm, state in lines if state is not None)


def news(
    alarm: Alarm, last: tuple[str, datetime] | None, now: datetime, remind: timedelta
) -> str | None:
    """Return what is to be told of an alarm, given what was told last and when; None: nothing.

    That it cleared is told once it stayed so for the quiet time; what comes and goes tells once.
    """
    if alarm.cleared_at is None:
        if last is None or last[0] == CLEARED:
            return RAISED
        reminded = alarm.acknowledged_at is None and last[1] + remind <= now
        return REMINDER if reminded else None
    if last is None or last[0] == CLEARED or alarm.cleared_at + QUIET > now:
        return None
    return CLEARED
