"""The watch: looks once a minute, keeps the board, owes messages, and shows that it is alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from tutela.alarms import heartbeats
from tutela.alarms.checks import Thresholds, standing
from tutela.errors import TutelaError

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.alarms.alarm import Finding
    from tutela.alarms.board import Board
    from tutela.alarms.facts import Looking
    from tutela.alarms.telling import Telling
    from tutela.audit.log import AuditLog

_log = structlog.get_logger()


class Pulse(Protocol):
    """Somebody outside who expects a sign of life, and calls people when it stays away."""

    def beat(self) -> None:
        """Send it. Raises `CounterpartyFailed`, `CounterpartyRefused`."""


class Watch:
    """Looks, compares with what stands, and says so."""

    def __init__(
        self,
        audit: AuditLog,
        looking: Looking,
        board: Board,
        telling: Telling,
        thresholds: Thresholds,
        pulse: Pulse | None = None,
    ) -> None:
        self._audit = audit
        self._looking = looking
        self._board = board
        self._telling = telling
        self._thresholds = thresholds
        self._pulse = pulse

    def look(self) -> tuple[Finding, ...]:
        """Return what is wrong now; changes nothing."""
        now = self._audit.clock()
        return standing(self._looking.facts(now), self._thresholds, now)

    def keep(self) -> None:
        """Look, put on record what changed, and owe what is to be told."""
        self._board.update(self.look())
        self._telling.owe()

    def run(self) -> None:
        """Do so as a worker does. The sign of life goes out only when it worked."""
        self.keep()
        heartbeats.beat(self._audit.database, heartbeats.WATCH, self._audit.clock())
        if self._pulse is None:
            return
        try:
            self._pulse.beat()
        except TutelaError as problem:
            # Who expected it will notice; a row would only say later what is late already.
            _log.error("alarms.pulse_not_sent", problem=problem.code)

    def last_run(self) -> datetime | None:
        """Return when somebody last looked, or None if nobody ever did."""
        with self._audit.database.reading() as connection:
            return heartbeats.last(connection).get(heartbeats.WATCH)
