"""Refusals of callers that nobody knows, on record: the first at once, the rest as a sum.

Whoever is refused by name has an entry for each time (`access.refused`). Strangers can be many,
so of each kind the first within a minute is written as it happens, and those that follow are
counted and written when the minute is over: a flood fills memory and log no further than that.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.audit.entry import Action, Actor

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog

DOOR = Actor("system", "door")
WINDOW = timedelta(minutes=1)
MOST = 100
"""So many kinds and subjects are told apart within a minute; the rest are `others`."""
UNKNOWN, OTHERS = "unknown", "others"


class Refusal(StrEnum):
    """What a caller was refused for."""

    TOKEN_MISSING = "token_missing"  # noqa: S105 - a kind's name
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105
    TOKEN_OVER = "token_over"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    TOKEN_DISABLED = "token_disabled"  # noqa: S105
    TOKEN_UNVOUCHED = "token_unvouched"  # noqa: S105
    SESSION_UNKNOWN = "session_unknown"
    ONE_TIME_UNKNOWN = "one_time_unknown"
    FORM_FOREIGN = "form_foreign"
    FORM_WORD = "form_word"
    HOST_UNKNOWN = "host_unknown"
    TOO_OFTEN = "too_often"


@dataclass(frozen=True, slots=True)
class Tally:
    """So many refusals of one kind about one subject since an instant."""

    kind: Refusal
    subject: str
    count: int
    since: datetime


class Refusals:
    """Counts refusals of one process. Any thread may."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._lock = threading.Lock()
        self._since: dict[tuple[Refusal, str], datetime] = {}
        self._more: dict[tuple[Refusal, str], int] = {}

    def note(self, kind: Refusal, subject: str = UNKNOWN) -> None:
        """Put one on record, at once or in the minute's sum. `subject`: an id of ours."""
        self.write(self.counted(kind, subject))

    def counted(self, kind: Refusal, subject: str = UNKNOWN) -> tuple[Tally, ...]:
        """Count one; return what is to be written now, mostly nothing."""
        now = self._audit.clock()
        with self._lock:
            due = self._over(now)
            known = (kind, subject) in self._since
            key = (kind, subject if known or len(self._since) < MOST else OTHERS)
            if key in self._since:
                self._more[key] += 1
                return due
            self._since[key], self._more[key] = now, 0
        return (*due, Tally(*key, 1, now))

    def write(self, tallies: tuple[Tally, ...]) -> None:
        """Write entries, all in one change."""
        if not tallies:
            return
        with self._audit.change(DOOR) as change:
            for one in tallies:
                change.record(
                    Action.CALLERS_REFUSED,
                    one.subject,
                    kind=one.kind.value,
                    count=one.count,
                    since=one.since.isoformat(timespec="seconds"),
                )

    def flush(self) -> None:
        """Write the sums of the minutes that are over. A worker does, now and then."""
        now = self._audit.clock()
        with self._lock:
            due = self._over(now)
        self.write(due)

    def close(self) -> None:
        """Write all sums."""
        with self._lock:
            due = self._over(datetime.max.replace(tzinfo=self._audit.clock().tzinfo))
        self.write(due)

    def _over(self, now: datetime) -> tuple[Tally, ...]:
        """Take the windows that are over out; return those with more than their first."""
        ended = [key for key, since in self._since.items() if now - since >= WINDOW]
        taken = [(key, self._since.pop(key), self._more.pop(key)) for key in ended]
        return tuple(Tally(*key, more, since) for key, since, more in taken if more)
