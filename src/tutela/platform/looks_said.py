"""Looks as a hashing process tells them: JSON, pixels and marks in base 64."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from tutela.content.confinement.frame import Nonsense, whole
from tutela.hashing.look import (
    LOOKED_PICTURES,
    LOOKED_POINTS,
    LOOKED_SIDE,
    VIAS,
    Look,
    Looks,
    Sight,
)
from tutela.hashing.sketch import MARK_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CORNERS = 4
_MOST_HASHES = 4096
_BEST = 100
_BEYOND = 1.0
"""By how much of a side a corner may lie outside of the picture."""


def looks_said(looks: Looks) -> dict[str, Any]:
    """Return looks as JSON can say them."""
    return {
        "hashes": [[one.via, one.pdq.hex(), one.quality, one.corners] for one in looks.hashes],
        "sights": [
            [
                [each.hex() for each in one.whole],
                list(one.grey.shape),
                *(_said(each) for each in (one.grey, one.points, one.marks, one.mirrored)),
            ]
            for one in looks.sights
        ],
    }


def looks_understood(said: dict[str, Any]) -> Looks:
    """Return what was said. Raises `ValueError`, `KeyError` or `TypeError` if it is no sense.

    More than ever is looked at is no sense either: what is understood is searched for unconfined.
    """
    hashes, sights = said["hashes"], said["sights"]
    if len(hashes) > _MOST_HASHES or len(sights) > LOOKED_PICTURES:
        raise Nonsense
    return Looks(tuple(_look(*one) for one in hashes), tuple(_sight(*one) for one in sights))


def _look(via: str, pdq: str, quality: int, corners: list[list[float]] | None) -> Look:
    bits = bytes.fromhex(pdq)
    if via not in VIAS or len(bits) != MARK_BYTES:
        raise Nonsense
    placed = None if corners is None else _corners(corners)
    return Look(via, bits, whole(quality, 0, _BEST), placed)


def _corners(said: list[list[float]]) -> tuple[tuple[float, float], ...]:
    found = tuple((float(x), float(y)) for x, y in said)
    # Not a number is within no bounds.
    if len(found) != _CORNERS or not all(
        -_BEYOND <= one <= 1 + _BEYOND for corner in found for one in corner
    ):
        raise Nonsense
    return found


def _sight(
    both: list[str], shape: list[int], grey: str, points: str, marks: str, mirrored: str
) -> Sight:
    as_is, mirror = map(bytes.fromhex, both)
    height, width = (whole(one, 1, LOOKED_SIDE) for one in shape)
    places = np.frombuffer(b64decode(points), np.float32).reshape(-1, 2)
    # Neither what is no number nor what is infinite is within.
    if not ((places >= 0) & (places < (width, height))).all() or len(places) > LOOKED_POINTS:
        raise Nonsense
    seen = Sight(
        (as_is, mirror),
        np.frombuffer(b64decode(grey), np.uint8).reshape(height, width),
        places,
        np.frombuffer(b64decode(marks), np.uint8).reshape(-1, MARK_BYTES),
        np.frombuffer(b64decode(mirrored), np.uint8).reshape(-1, MARK_BYTES),
    )
    if not len(as_is) == len(mirror) == MARK_BYTES:
        raise Nonsense
    if not len(seen.points) == len(seen.marks) == len(seen.mirrored):
        raise Nonsense
    return seen


def _said(numbers: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(numbers).tobytes()).decode()
