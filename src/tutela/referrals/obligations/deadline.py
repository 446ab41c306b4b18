"""The deadline of one referral: when its clock started, warns and runs out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.referrals.obligations.obligation import Clock, Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.referrals.obligations.owed import Ruling

POLICY_CLOCK = Clock(
    "no law here names a time", Moment.DECIDED, warn_hours=24, due_hours=72, urgent_due_hours=1
)
"""For what is referred by policy: the same times as where the law says `soon`."""


class Standing(StrEnum):
    """How a referral stands to its deadline."""

    RUNNING = "running"
    WARNING = "warning"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Deadline:
    """`aware_at`: when the clock started. It warns at `warn_at` and runs out at `due_at`."""

    aware_at: datetime
    warn_at: datetime
    due_at: datetime

    def standing(self, now: datetime, filed_at: datetime | None) -> Standing:
        """Return how a referral stands to it, filed or not."""
        if filed_at is not None:
            return Standing.MET if filed_at <= self.due_at else Standing.MISSED
        if now >= self.due_at:
            return Standing.OVERDUE
        return Standing.WARNING if now >= self.warn_at else Standing.RUNNING


def deadline(
    rulings: Sequence[Ruling], found_at: datetime, decided_at: datetime, *, urgent: bool
) -> Deadline:
    """Return the earliest deadline of those that the obligations set; policy's where none does."""
    clocks = [one.obligation.clock for one in rulings] or [POLICY_CLOCK]
    return min(
        (_of(clock, found_at, decided_at, urgent=urgent) for clock in clocks),
        key=lambda one: one.due_at,
    )


def _of(clock: Clock, found_at: datetime, decided_at: datetime, *, urgent: bool) -> Deadline:
    start = found_at if clock.starts is Moment.FOUND else decided_at
    return Deadline(
        start, start + clock.warns_in(urgent=urgent), start + clock.due_in(urgent=urgent)
    )
