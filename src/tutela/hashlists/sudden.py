"""Whether an import changes a list more than its list ever should without a person's word. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.hashlists.importing import Counts


class Doubt(StrEnum):
    """Why an import waits for a person."""

    GROWTH = "growth"
    SHRINKAGE = "shrinkage"
    ENTRIES_CAP = "entries_cap"
    DAY_CAP = "day_cap"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How much of a list may change within a day: a share of it, or a number if that is more.

    An entry that changes counts both as one that comes and as one that goes.
    """

    growth_share: float = 0.25
    growth_number: int = 1000
    shrink_share: float = 0.1
    shrink_number: int = 100


STEADY = Steadiness()


@dataclass(frozen=True, slots=True)
class Caps:
    """The most a source may list, and put in or change within a day. None: no cap."""

    entries: int | None = None
    a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Lately:
    """What imports did to a list in the last day. `put_in` counts all of them; the others only
    those that nobody had to accept, so that one accepted leap does not make each step after it one.
    """

    added: int = 0
    changed: int = 0
    gone: int = 0
    put_in: int = 0


def doubts(
    before: int,
    counts: Counts,
    lately: Lately,
    steadiness: Steadiness,
    caps: Caps,
    *,
    founding: bool = False,
) -> tuple[Doubt, ...]:
    """Return why an import must wait; nothing if it may take effect.

    `before`: entries in force. Changes of the last day count with this one, so that a leap in many
    small steps is a leap. The import that makes a list (`founding`) is no leap; caps bind it.
    """
    if not counts.any_change:
        return ()
    found = []
    a_day_ago = max(0, before - lately.added + lately.gone)
    coming = counts.added + counts.changed + lately.added + lately.changed
    gone = counts.withdrawn + counts.removed
    going = gone + counts.changed + lately.gone + lately.changed
    if not founding:
        if _put_in(counts) and coming > max(
            steadiness.growth_number, steadiness.growth_share * a_day_ago
        ):
            found.append(Doubt.GROWTH)
        if (gone or counts.changed) and going > max(
            steadiness.shrink_number, steadiness.shrink_share * a_day_ago
        ):
            found.append(Doubt.SHRINKAGE)
    if counts.added and caps.entries is not None and before + counts.added - gone > caps.entries:
        found.append(Doubt.ENTRIES_CAP)
    if caps.a_day is not None and _put_in(counts) and lately.put_in + _put_in(counts) > caps.a_day:
        found.append(Doubt.DAY_CAP)
    return tuple(found)


def _put_in(counts: Counts) -> int:
    return counts.added + counts.changed
