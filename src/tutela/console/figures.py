"""Numbers, dates and durations as the console writes them, in the language spoken.

Digits stay 0 to 9 and dates keep their order, so that what stands on a page can be compared with
a letter, a log, or a colleague's page in another language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_date

from tutela.console.sentences import _, isolated, ngettext, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_MINUTES_SHOWN, _HOURS_SHOWN = 90, 48


def moment(at: datetime) -> str:
    """Write a date with its time, to the minute."""
    return isolated(f"{at:%Y-%m-%d %H:%M}")


def second(at: datetime) -> str:
    """Write a date with its time, to the second."""
    return isolated(f"{at:%Y-%m-%d %H:%M:%S}")


def hour(at: datetime) -> str:
    """Write a time of the day."""
    return isolated(f"{at:%H:%M}")


def hour_to_the_second(at: datetime) -> str:
    """Write a time of the day that something ends at soon."""
    return isolated(f"{at:%H:%M:%S}")


def day(at: datetime) -> str:
    """Write a date with the name of its month."""
    return format_date(at, "d MMM y", spoken().code)


def weekday(at: datetime) -> str:
    """Write a day of these weeks."""
    return format_date(at, "EEE d MMM", spoken().code)


def age(at: datetime, now: datetime) -> str:
    """Write how long ago something was, as roughly as people say it."""
    minutes = max(0, int((now - at).total_seconds() // 60))
    if minutes < _MINUTES_SHOWN:
        return _("%(number)d min") % {"number": minutes}
    hours = minutes // 60
    if hours < _HOURS_SHOWN:
        return _("%(number)d h") % {"number": hours}
    days = hours // 24
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}


FILTERS: Mapping[str, Callable[[datetime], str]] = {
    "moment": moment,
    "second": second,
    "hour": hour,
    "hour_to_the_second": hour_to_the_second,
    "day": day,
    "weekday": weekday,
}
