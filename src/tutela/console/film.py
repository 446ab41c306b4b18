"""What the stage offers of a film: the strip, or one of the frames that were looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.cases import strip
from tutela.cases.viewing import Fidelity

if TYPE_CHECKING:
    from tutela.content.item import Item


@dataclass(frozen=True, slots=True)
class Offered:
    """A frame by its moment, in milliseconds; how people read it; whether it met a list."""

    moment: int
    said: str
    met: bool


def frames_of(item: Item) -> tuple[Offered, ...]:
    """Return the frames of a film; none of what is no film."""
    met = strip.met(item)
    return tuple(Offered(one, strip.clock(one), one in met) for one in strip.moments(item))


def rungs_of(item: Item) -> tuple[Fidelity, ...]:
    """Return the rungs by which a file can be looked at: a film has no spots to reveal."""
    film = strip.is_film(item)
    return tuple(one for one in Fidelity if one.rank and not (film and one is Fidelity.REVEAL))
