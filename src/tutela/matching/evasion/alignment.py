"""Whether a listed picture, known by its sketch, is part of a picture, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tutela.hashing.pdq import pdq
from tutela.hashing.sketch import tiles
from tutela.matching.evasion.pairs import LEAST_PAIRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tutela.hashing.look import Corners, Sight
    from tutela.hashing.sketch import Sketch

    Indices = NDArray[np.int64]
    Matrix = NDArray[np.float64]

_TIGHT = 1.0
"""Pixels of the listed picture by which points of a copy are off; most are by 0.1."""
_LEAST_TIGHT, _TIGHT_SHARE, _CELL_SHARE = 20, 0.85, 0.7
_CELLS, _LEAST_IN_CELL = 4, 3
_LEAST_QUALITY = 30
_REPROJECTION = 4.0
"""Pixels of the listed picture by which a point that agrees may be off."""
_SEEN_SHARE = 0.97
_MOST_DOUBT = 10.0
"""Of what is a copy for certain; docs/decisions/0015 says how it was found."""
_OFF_WEIGHT, _OFF_LEAST = 20.0, 0.02
_MOST_OF_TILES = 25.0
"""Bits that tiles may add to doubt: words and stickers spoil tiles of a copy, too."""
_LEAST_AREA = 0.002
"""Of the picture that the listed one covers at least."""
_MOST_STRETCH = 6.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """How many tiles must be in sight, and by how many bits the better half may deviate."""

    tiles: int
    distance: float


_USUAL = _Asked(4, 20.0)
"""Copies deviate by 2 to 16; the same place photographed again by 27 and more."""
_RIGID = _Asked(2, 60.0)
"""Where points fit so well that it can be no other photo: small crops, and words all over."""
_FRAMED = _Asked(4, 45.0)
"""Where the picture fills its frame as the listed one does, and hashes nearly alike."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Where the listed picture lies, and how its tiles in sight deviate, in bits.

    Not `certain`: it may as well be the same place in another photograph.
    """

    corners: Corners
    tiles: int
    distance: float
    certain: bool = True


def aligned(sight: Sight, sketch: Sketch, pairs: Indices, *, mirrored: bool) -> Aligned | None:
    """Compare a picture with a sketch, of which points are alike: `paired` returns such (n, 4).

    1. Enough points agree on one projection (USAC-MAGSAC; D. Barath et al., CVPR 2020).
    2. It takes the listed picture's corners to a sound quadrangle in sight.
    3. Enough tiles of the listed picture are in sight, and half of them look alike: the same
       place in another photograph agrees on points, not on tiles.
    4. It is certain where points lie exactly, and they and the tiles look the same: a photograph
       taken a moment later agrees on both, but never as exactly as a copy does.
    """
    here, _, there, bits = pairs.T
    if len(np.unique(here)) < LEAST_PAIRS:
        return None
    points = sight.points.copy()
    if mirrored:
        points[:, 0] = sight.grey.shape[1] - 1 - points[:, 0]
    found, agreeing = cv2.findHomography(
        points[here], sketch.points[there], cv2.USAC_MAGSAC, _REPROJECTION
    )
    if not np.any(agreeing):
        return None
    chosen = agreeing.ravel() > 0
    if min(len(np.unique(here[chosen])), len(np.unique(there[chosen]))) < LEAST_PAIRS:
        return None
    grey = np.ascontiguousarray(sight.grey[:, ::-1]) if mirrored else sight.grey
    corners = _corners(np.asarray(found, np.float64), sketch, grey.shape)
    if corners is None:
        return None
    projection = np.asarray(found, np.float64)
    asked = _USUAL
    if _rigid(projection, points[here[chosen]], sketch, there[chosen], grey.shape):
        asked = _RIGID
    place = _judged(grey, projection, sketch, corners, asked, mirrored=mirrored)
    if place is None:
        return None
    off = _off(projection, points[here[chosen]], sketch.points[there[chosen]])
    off *= min(1.0, _length(place.corners, grey.shape) / np.sqrt(sketch.width * sketch.height))
    doubt = _OFF_WEIGHT * np.log(float(np.median(off)) + _OFF_LEAST)
    doubt += float(bits[chosen].mean()) + min(place.distance, _MOST_OF_TILES)
    return replace(place, certain=bool(doubt <= _MOST_DOUBT))


def framed(sight: Sight, sketch: Sketch, *, mirrored: bool) -> Aligned | None:
    """Compare a picture with a sketch of one that fills its frame in the same way."""
    grey = np.ascontiguousarray(sight.grey[:, ::-1]) if mirrored else sight.grey
    height, width = grey.shape
    scaled = np.diag([sketch.width / width, sketch.height / height, 1.0])
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return _judged(grey, scaled, sketch, corners, _FRAMED, mirrored=mirrored)


def _judged(
    grey: NDArray[np.uint8],
    projection: Matrix,
    sketch: Sketch,
    corners: Corners,
    asked: _Asked,
    *,
    mirrored: bool,
) -> Aligned | None:
    deviations = _deviations(grey, projection, sketch)
    if len(deviations) < asked.tiles:
        return None
    better = sorted(deviations)[: max(2, (len(deviations) + 1) // 2)]
    distance = sum(better) / len(better)
    if distance > asked.distance:
        return None
    if mirrored:
        corners = tuple((1 - x, y) for x, y in corners)
    return Aligned(corners, len(deviations), distance)


def _rigid(
    projection: Matrix,
    points: NDArray[np.float32],
    sketch: Sketch,
    there: Indices,
    shape: tuple[int, ...],
) -> bool:
    """Say whether points that agree lie so exactly, and so far and wide, as only a copy's do.

    The place photographed again is seen from elsewhere, if only by a step. What apps and memes
    have in common lies exactly, but not all over the picture.
    """
    tight = _off(projection, points, sketch.points[there]) < _TIGHT
    if tight.sum() < _LEAST_TIGHT or tight.mean() < _TIGHT_SHARE:
        return False
    back = cv2.perspectiveTransform(sketch.points[None], np.linalg.inv(projection))[0]
    in_sight = ((back >= 0) & (back < (shape[1], shape[0]))).all(axis=1)
    cells = (sketch.points * _CELLS / (sketch.width + 1, sketch.height + 1)).astype(np.int64)
    numbers = cells[:, 1] * _CELLS + cells[:, 0]
    there_are = np.bincount(numbers[in_sight], minlength=_CELLS**2) >= _LEAST_IN_CELL
    found = np.bincount(numbers[there[tight]], minlength=_CELLS**2) > 0
    return bool((found & there_are).sum() >= _CELL_SHARE * max(1, there_are.sum()))


def _off(
    projection: Matrix, points: NDArray[np.float32], listed: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return by how many pixels of the listed picture n points lie off those they agree with."""
    projected = cv2.perspectiveTransform(points[None], projection)[0]
    return np.asarray(np.linalg.norm(projected - listed, axis=1), np.float64)


def _length(corners: Corners, shape: tuple[int, ...]) -> float:
    """Return the side, in pixels, of the square that is as large as what is between corners."""
    x, y = np.array(corners).T * ((shape[1],), (shape[0],))
    return float(np.sqrt(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2))


def _corners(found: Matrix, sketch: Sketch, shape: tuple[int, ...]) -> Corners | None:
    """Return where the listed picture's corners lie; None if no camera could see them so."""
    try:
        back = np.linalg.inv(found)
    except np.linalg.LinAlgError:
        return None
    width, height = sketch.width, sketch.height
    stored = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64)
    seen = stored @ back.T
    depth = seen[:, 2]
    if not np.isfinite(seen).all() or (depth * depth[0] <= 0).any():
        return None
    places = seen[:, :2] / depth[:, None]
    edges = np.roll(places, -1, axis=0) - places
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    if (turns <= 0).any() or lengths.min() <= 0:
        return None
    # How much longer one side is than the opposite one, for perspective; and one way to the other.
    opposite = np.maximum(lengths / np.roll(lengths, 2), 1).max()
    across = (lengths[0] / width) / (lengths[1] / height)
    if opposite > _MOST_STRETCH or max(across, 1 / across) > _MOST_STRETCH:
        return None
    rows, columns = shape[0], shape[1]
    corners = tuple((float(one) / columns, float(other) / rows) for one, other in places)
    return corners if _length(corners, shape) ** 2 >= _LEAST_AREA * rows * columns else None


def _deviations(grey: NDArray[np.uint8], found: Matrix, sketch: Sketch) -> list[int]:
    """Return by how many bits each listed tile that is wholly in sight deviates there."""
    size = (sketch.width, sketch.height)
    seen = _warped(grey, found, size, cv2.INTER_LINEAR)
    inside = _warped(np.full_like(grey, 255), found, size, cv2.INTER_NEAREST)
    listed = np.unpackbits(sketch.tiles, axis=1)
    deviations = []
    for number, tile in enumerate(tiles(*size)):
        if sketch.qualities[number] < _LEAST_QUALITY:
            continue
        if np.count_nonzero(tile.of(inside)) < _SEEN_SHARE * tile.of(inside).size:
            continue
        printed = pdq(np.ascontiguousarray(tile.of(seen)))
        bits = np.unpackbits(np.frombuffer(printed.bits, np.uint8))
        deviations.append(int(np.count_nonzero(bits != listed[number])))
    return deviations


def _warped(
    grey: NDArray[np.uint8], found: Matrix, size: tuple[int, int], flags: int
) -> NDArray[np.uint8]:
    return np.asarray(cv2.warpPerspective(grey, found, size, flags=flags), np.uint8)
