"""How soon a case is shown: each reason is a head start in hours, so nothing waits for ever.

A case's rank is its opening time less its head starts. Time passes for all cases alike, so the
order of two cases changes only when a reason comes or goes; the rank can be stored and indexed.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.content.notice import Circumstance, Harm, Notifier

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tutela.content.notice import Notice


class Reason(StrEnum):
    """Why a case comes sooner, or later, than its age alone would have it."""

    DANGER = "danger"
    CONTACT = "contact"
    TRUSTED = "trusted"
    REPEAT = "repeat"
    NEW = "new"
    NEAR = "near"
    UNREADABLE = "unreadable"
    POSSIBLE = "possible"


HEAD_START: dict[Reason, timedelta] = {
    # More than any age: whoever is in danger now comes first, whatever else waits.
    Reason.DANGER: timedelta(days=3650),
    Reason.CONTACT: timedelta(hours=72),
    Reason.TRUSTED: timedelta(hours=24),
    Reason.REPEAT: timedelta(hours=24),
    # What no list has may be a child whom nobody has found yet.
    Reason.NEW: timedelta(hours=24),
    Reason.NEAR: timedelta(hours=12),
    Reason.UNREADABLE: timedelta(hours=6),
    # It may be nothing, and is not on any list for certain.
    Reason.POSSIBLE: timedelta(hours=-24),
}

_CONTACT_HARMS = {Harm.ENTICEMENT, Harm.TRAFFICKING, Harm.MOLESTATION, Harm.TOURISM}
_CONTACT_CIRCUMSTANCES = {Circumstance.SEXTORTION, Circumstance.SADISTIC}
_TRUSTED = {Notifier.AUTHORITY, Notifier.TRUSTED_FLAGGER}


def told_by(notice: Notice | None) -> frozenset[Reason]:
    """Return the reasons in what somebody gave notice of."""
    if notice is None:
        return frozenset()
    found = set()
    if notice.harm in _CONTACT_HARMS or _CONTACT_CIRCUMSTANCES & set(notice.circumstances):
        found.add(Reason.CONTACT)
    if notice.said_by in _TRUSTED:
        found.add(Reason.TRUSTED)
    return frozenset(found)


def ranked(opened_at: datetime, reasons: Iterable[Reason]) -> datetime:
    """Return the instant that orders a case among all others: the earliest comes first."""
    return opened_at - sum((HEAD_START[one] for one in set(reasons)), timedelta())
