"""Looks as a hashing process tells them: JSON, pixels and marks in base 64."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from tutela.hashing.look import Look, Looks, Sight
from tutela.hashing.sketch import MARK_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CORNERS = 4


def looks_said(looks: Looks) -> dict[str, Any]:
    """Return looks as JSON can say them."""
    return {
        "hashes": [[one.via, one.pdq.hex(), one.quality, one.corners] for one in looks.hashes],
        "sights": [
            [
                [whole.hex() for whole in one.whole],
                list(one.grey.shape),
                *(_said(whole) for whole in (one.grey, one.points, one.marks, one.mirrored)),
            ]
            for one in looks.sights
        ],
    }


def looks_understood(said: dict[str, Any]) -> Looks:
    """Return what was said. Raises `ValueError`, `KeyError` or `TypeError` if it is no sense."""
    return Looks(
        tuple(_look(*one) for one in said["hashes"]), tuple(_sight(*one) for one in said["sights"])
    )


def _look(via: object, pdq: str, quality: int, corners: list[list[float]] | None) -> Look:
    bits = bytes.fromhex(pdq)
    if len(bits) != MARK_BYTES:
        raise ValueError
    return Look(str(via)[:40], bits, int(quality), None if corners is None else _corners(corners))


def _corners(said: list[list[float]]) -> tuple[tuple[float, float], ...]:
    if len(said) != _CORNERS:
        raise ValueError
    return tuple((float(x), float(y)) for x, y in said)


def _sight(
    whole: list[str], shape: list[int], grey: str, points: str, marks: str, mirrored: str
) -> Sight:
    as_is, mirror = map(bytes.fromhex, whole)
    height, width = shape
    places = np.frombuffer(b64decode(points), np.float32).reshape(-1, 2)
    if not (np.isfinite(places).all() and (places >= 0).all()):
        raise ValueError
    seen = Sight(
        (as_is, mirror),
        np.frombuffer(b64decode(grey), np.uint8).reshape(int(height), int(width)),
        places,
        np.frombuffer(b64decode(marks), np.uint8).reshape(-1, MARK_BYTES),
        np.frombuffer(b64decode(mirrored), np.uint8).reshape(-1, MARK_BYTES),
    )
    if not len(as_is) == len(mirror) == MARK_BYTES:
        raise ValueError
    if not len(seen.points) == len(seen.marks) == len(seen.mirrored) or not seen.grey.size:
        raise ValueError
    return seen


def _said(whole: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(whole).tobytes()).decode()
