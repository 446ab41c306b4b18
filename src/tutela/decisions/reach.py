"""How far a verdict reaches: what was looked at, and how unlike it the files are that it covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.cases.cluster import clusters
from tutela.cases.viewing import Fidelity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutela.cases.viewing import View
    from tutela.content.item import Item


@dataclass(frozen=True, slots=True)
class Reach:
    """One cluster that a decision covers: the file that stands for it, and how many there are.

    `nearest` and `farthest`: between how many bits from that file the others lie; both 0 where all
    are the same bytes. `viewed_at`: the highest rung at which the decider saw a file of it.
    """

    shown: str
    covers: int
    nearest: int
    farthest: int
    viewed_at: str


def reaches(members: Sequence[Item], record: Iterable[View]) -> tuple[Reach, ...]:
    """Return how far a verdict over a case's files reaches, from what its decider saw."""
    seen: dict[str, Fidelity] = {}
    for view in record:
        before = seen.get(view.item_id, Fidelity.FACTS)
        seen[view.item_id] = max(before, view.fidelity, key=lambda one: one.rank)
    same: dict[str, list[str]] = {}
    for item in members:
        same.setdefault(item.sha256, []).append(item.id)
    return tuple(
        Reach(
            shown=one.shown.id,
            covers=one.covers,
            nearest=min((member.distance for member in one.members[1:]), default=0),
            farthest=one.farthest,
            viewed_at=max(
                (
                    seen.get(item_id, Fidelity.FACTS)
                    for member in one.members
                    for item_id in same[member.item.sha256]
                ),
                key=lambda rung: rung.rank,
            ).value,
        )
        for one in clusters(members)
    )


def range_of(found: Sequence[Reach]) -> tuple[int, int]:
    """Return between how many bits from what stands for them all covered files lie."""
    apart = [one for one in found if one.farthest] or list(found)
    return (
        min((one.nearest for one in apart), default=0),
        max((one.farthest for one in apart), default=0),
    )
