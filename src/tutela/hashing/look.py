"""What one sees of a picture that may be a changed copy: other hashes of it, and its points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.hashing.pdq import FORMS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIRROR, NEGATIVE, REGION = "mirror", "negative", "region"
VIAS = frozenset((*FORMS[1:], MIRROR, NEGATIVE, REGION))
"""How a picture can be looked at."""
LOOKED_SIDE, LOOKED_POINTS = 720, 800
"""A picture that is compared with sketches is reduced to this longer side, in pixels, before its
points are looked for: what is listed may be a small part of it."""
LOOKED_PICTURES = 8
"""So many pictures of a file are looked at, at most."""
Corners = tuple[tuple[float, float], ...]
"""Four places, x and y from 0 to 1 of the picture's width and height, clockwise from top left.

Of a picture within a picture they may lie a little outside.
"""


class Budget(StrEnum):
    """How hard to look for changed copies."""

    NONE = "none"
    CHEAP = "cheap"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Look:
    """One more hash of a picture. `via` says how it was looked at; `corners` of what part."""

    via: str
    pdq: bytes
    quality: int
    corners: Corners | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A picture as it is compared with sketches: grey pixels, and its points as in `Features`.

    `whole` are the PDQ of the picture and of its mirror image.
    """

    whole: tuple[bytes, bytes]
    grey: NDArray[np.uint8]
    points: NDArray[np.float32]
    marks: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """All looks at one file, the cheapest first."""

    hashes: tuple[Look, ...] = ()
    sights: tuple[Sight, ...] = ()
