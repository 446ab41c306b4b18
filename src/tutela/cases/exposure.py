"""Exposure: what looking has cost a person, in points. Pure: the viewing record in, figures out.

The weights order looks; no study says what they should be. docs/reference/console.md has the table.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RUNG_WEIGHT = {
    "facts": 0.0,
    "sketch": 0.1,
    "tiny": 0.25,
    "reveal": 1.0,
    "larger": 1.0,
    "colour": 2.0,
    "original": 3.0,
}
CLASS_SEVERITY = {"A1": 4.0, "A2": 3.0, "B1": 3.0, "B2": 2.0}
"""By what a list calls the file: the letters of the US industry classification."""
CLEARED, UNDECIDED, ABUSIVE = 0.5, 2.0, 3.0
SECONDS_A_LOOK = 10.0
"""A look counts once for itself, and once more for every so many seconds."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture that a person saw: from the viewing record, and how grave its file is."""

    person: str
    item_id: str
    fidelity: str
    at: datetime
    seconds: float
    severity: float

    @property
    def points(self) -> float:
        """Return what it counts."""
        # A rung that is not in the table is counted like the gravest: never too little.
        rung = RUNG_WEIGHT.get(self.fidelity, max(RUNG_WEIGHT.values()))
        return rung * self.severity * (1 + self.seconds / SECONDS_A_LOOK)


@dataclass(frozen=True, slots=True)
class Sum:
    """What a person's looks come to."""

    points: float = 0.0
    looks: int = 0
    files: int = 0
    seconds: int = 0
    by_rung: tuple[tuple[str, int], ...] = ()


def severity(classification: str | None, abusive: bool | None) -> float:
    """Return how grave a file is held to be: by its list, else by the decision, else a middle."""
    if abusive is False:
        return CLEARED
    if classification in CLASS_SEVERITY:
        return CLASS_SEVERITY[classification]
    return UNDECIDED if abusive is None else ABUSIVE


def summed(looks: Iterable[Look]) -> Sum:
    """Return what looks come to."""
    listed = list(looks)
    rungs: dict[str, int] = defaultdict(int)
    for one in listed:
        rungs[one.fidelity] += 1
    return Sum(
        sum(one.points for one in listed),
        len(listed),
        len({one.item_id for one in listed}),
        round(sum(one.seconds for one in listed)),
        tuple((name, rungs[name]) for name in RUNG_WEIGHT if name in rungs),
    )


def day_start(now: datetime, begins: int) -> datetime:
    """Return when the day of an instant began: days begin at a full hour, UTC."""
    start = now.replace(hour=begins, minute=0, second=0, microsecond=0)
    return start if start <= now else start - timedelta(days=1)


def stretch(looks: Iterable[Look], now: datetime, pause: timedelta) -> timedelta:
    """Return for how long a person has been looking without a pause of such a length."""
    begun = end = None
    for one in sorted(looks, key=lambda look: look.at):
        if end is None or one.at - end >= pause:
            begun = one.at
        end = one.at + timedelta(seconds=one.seconds)
    if begun is None or end is None or now - end >= pause:
        return timedelta()
    return max(now, end) - begun


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What a group's days come to. Nothing in it is one person's.

    `warned` and `spent`: on how many of the days somebody reached the limits; None where so few
    people did that it would tell who.
    """

    people: int
    days: int
    points: float
    middle: float
    looks: int
    warned: int | None
    spent: int | None


def aggregate(
    looks: Sequence[Look], begins: int, soft: float, hard: float, smallest: int
) -> Aggregate | None:
    """Return what people's days come to, or None for a group smaller than `smallest`.

    Counts of days on which a limit was reached are left out where fewer than `smallest` people
    reached it, unless nobody did.
    """
    people = {one.person for one in looks}
    if len(people) < max(1, smallest):
        return None
    days: dict[tuple[str, datetime], float] = defaultdict(float)
    for one in looks:
        days[one.person, day_start(one.at, begins)] += one.points

    def reached(limit: float) -> int | None:
        those = [person for (person, _), points in days.items() if points >= limit]
        return None if 0 < len(set(those)) < smallest else len(those)

    return Aggregate(
        len(people),
        len(days),
        sum(days.values()),
        median(days.values()),
        len(looks),
        reached(soft),
        reached(hard),
    )
