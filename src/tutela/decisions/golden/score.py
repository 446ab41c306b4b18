"""What the answers to golden checks come to, for leads: of a group, and never of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from tutela.decisions.agreement import Agreement

if TYPE_CHECKING:
    from collections.abc import Iterable

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Score:
    """Of `answered` checks by `people` so many were right.

    `right`: None where so few people were wrong, or right, that it would tell who.
    """

    people: int
    answered: int
    right: int | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return between which shares the right answers lie, with 95 % confidence (Wilson)."""
        return None if self.right is None else Agreement(self.answered, self.right, None).interval


def score(answers: Iterable[tuple[str, bool]], smallest: int) -> Score | None:
    """Return what answers come to, or None of a group smaller than `smallest`."""
    listed = list(answers)
    people = {person for person, _ in listed}
    if len(people) < max(1, smallest):
        return None
    right = sum(was_right for _, was_right in listed)
    sides = [{who for who, was_right in listed if was_right is side} for side in (True, False)]
    telling = any(0 < len(side) < smallest for side in sides)
    return Score(len(people), len(listed), None if telling else right)


def window(now: datetime) -> tuple[datetime, datetime]:
    """Return what leads are told of: whole weeks before this one.

    A figure that changed with every answer would tell whose answer it was.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday())
    return monday - timedelta(weeks=WEEKS), monday


def due(share: float, seed: str, person: str, number: int) -> bool:
    """Say whether a person's `number`th case is a check. The same seed draws the same ones."""
    drawn = sha256(f"golden\0{seed}\0{person}\0{number}".encode()).digest()[:8]
    return int.from_bytes(drawn) < share * 2**64
