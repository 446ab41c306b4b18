"""The line about alarms that every page carries while something stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.alarms.alarm import Alarm
    from tutela.bootstrap import Platform

_NOBODY_LOOKS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Banner:
    """What nobody has acknowledged, and whether anybody still looks."""

    alarms: tuple[Alarm, ...]
    unwatched: bool

    def __bool__(self) -> bool:
        return bool(self.alarms) or self.unwatched


def banner(platform: Platform) -> Banner:
    """Return the line as it is now."""
    return Banner(
        tuple(one for one in platform.board.standing() if one.acknowledged_at is None),
        is_unwatched(platform.alarm_watch.last_run(), platform.clock()),
    )


def is_unwatched(last_run: datetime | None, now: datetime) -> bool:
    """Say whether the watch, once begun, has stopped: then no news is not good news."""
    return last_run is not None and now - last_run > _NOBODY_LOOKS
