"""The worker: takes what is owed to the outside, one duty at a time, and never stops for one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from tutela.alarms import heartbeats
from tutela.errors import LeaseLost, TutelaError
from tutela.platform.meters import Meters
from tutela.storage import duties

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from tutela.storage.clock import Clock
    from tutela.storage.database import Database
    from tutela.storage.duties import Duty

_log = structlog.get_logger()
_IDLE_SECONDS = 0.2
_CHORE_SECONDS = 60.0
_BEAT_SECONDS = 30.0
ANY, URGENT = "duties", "urgent duties"
"""What the two lanes are called in signs of life."""


class Worker:
    """Claims duties and hands each to the part that fulfils its kind."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Callable[[Duty], None]],
        right: duties.Ahead = duties.Ahead(),  # noqa: B008 - frozen
        chores: Sequence[Callable[[], None]] = (),
        meters: Meters | None = None,
    ) -> None:
        """`right`: how far ahead a right clock sets times. `chores` are done once a minute.

        Without handlers it does its chores alone, and is no sign that anybody works.
        """
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._right = right
        self._chores = chores
        self._meters = meters or Meters()

    def step(self, *, urgent_only: bool = False) -> bool:
        """Work on one duty; say whether there was one."""
        if not self._handlers:
            return False
        duty = duties.claim(
            self._database,
            self._handlers.keys(),
            self._clock(),
            self._right.lease,
            urgent_only=urgent_only,
        )
        if duty is None:
            return False
        try:
            self._handlers[duty.kind](duty)
            self._meters.worked(duty.kind, "returned")
        except LeaseLost:
            self._meters.worked(duty.kind, "raised")
            _log.warning("duty.taken_over", kind=duty.kind, subject=duty.subject)
        except Exception as problem:  # noqa: BLE001 - one bad duty must not stop the others
            code = _named(problem)
            self._meters.worked(duty.kind, "raised")
            _log.error("duty.failed", kind=duty.kind, subject=duty.subject, problem=code)
            self._put_off(duty, code)
        return True

    def owed(self) -> int:
        """Return how many duties are not fulfilled yet, due or not."""
        with self._database.reading() as connection:
            return duties.open_count(connection)

    def run(self, stop: threading.Event, *, urgent_only: bool = False) -> None:
        """Work until told to stop; look again after a short pause when nothing is due.

        A second one for what is urgent alone waits behind nobody's long file or slow authority.
        """
        next_chores = next_beat = 0.0
        while not stop.is_set():
            try:
                if self._handlers and time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + _BEAT_SECONDS
                    heartbeats.beat(self._database, URGENT if urgent_only else ANY, self._clock())
                if not urgent_only and time.monotonic() >= next_chores:
                    next_chores = time.monotonic() + _CHORE_SECONDS
                    self.do_chores()
                worked = self.step(urgent_only=urgent_only)
            except Exception as problem:  # noqa: BLE001 - a worker that ends would end in silence
                _log.error("worker.waits", problem=_named(problem))
                worked = False
            if not worked:
                stop.wait(_IDLE_SECONDS)

    def do_chores(self) -> None:
        """Do each chore once; one that fails does not stop the others."""
        # Only who works by its clock may judge others' times by it.
        if self._handlers and (
            pulled := duties.pull_back(self._database, self._clock(), self._right)
        ):
            _log.warning("duties.pulled_back", duties=pulled)
        for chore in self._chores:
            try:
                chore()
            except Exception as problem:  # noqa: BLE001 - the watch must look whatever else fails
                _log.error("worker.chore_failed", problem=_named(problem))

    def _put_off(self, duty: Duty, reason: str) -> None:
        due = self._clock() + duties.retry_delay(duty.attempts)
        try:
            with self._database.bookkeeping() as connection:
                duties.later(connection, duty, due, reason)
        except TutelaError:
            # The lease runs out by itself, and the duty comes back.
            _log.error("duty.not_put_off", kind=duty.kind, subject=duty.subject)


def _named(problem: Exception) -> str:
    return problem.code if isinstance(problem, TutelaError) else type(problem).__name__
