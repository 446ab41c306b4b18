"""A sketch: what is kept of a listed picture, so that a part of it is found in another picture.

Marks of striking points say where to look; hashes of the picture's tiles say whether it is there.
No pixels are kept. docs/reference/evasion.md gives the layout, docs/decisions/0015-sketches.md why.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from tutela.content.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MARK_BYTES = 32
MOST_POINTS = 256
"""A sketch has no more points: a point's number and its row's are kept as one number."""
DIVISIONS = (1, 2, 3, 4)
TILES = sum(number * number for number in DIVISIONS)
_MAGIC = b"TUSK"
_VERSION = 1
_HEAD = struct.Struct("<4sBHHH")
_FRACTION = 64
"""Places are stored in 64ths of a pixel."""
_LEAST_SIDE, _LARGEST_SIDE = 16, 1000
_BEST_QUALITY = 100


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Of a picture reduced to `width` x `height`: n points, and its 30 tiles.

    `points` (n, 2) are x and y in pixels, `marks` (n, 32) bytes of 256 bits; `tiles` (30, 32) are
    PDQ hashes and `qualities` (30,) theirs, whole first, then halves, thirds and quarters.
    """

    width: int
    height: int
    points: NDArray[np.float32]
    marks: NDArray[np.uint8]
    tiles: NDArray[np.uint8]
    qualities: NDArray[np.uint8]

    def encoded(self) -> bytes:
        """Return the sketch as it is stored and exchanged."""
        head = _HEAD.pack(_MAGIC, _VERSION, self.width, self.height, len(self.points))
        places = np.rint(self.points * _FRACTION).astype("<u2")
        whole = (places, self.marks, self.tiles, self.qualities)
        return head + b"".join(one.tobytes() for one in whole)

    @classmethod
    def decoded(cls, stored: bytes) -> Self:
        """Return a stored sketch, which may come from anywhere. Raises `ValueError`."""
        if len(stored) < _HEAD.size:
            raise ValueError("too short")
        magic, version, width, height, count = _HEAD.unpack_from(stored)
        if magic != _MAGIC or version != _VERSION:
            raise ValueError("not a sketch of version 1")
        if not (
            _LEAST_SIDE <= width <= _LARGEST_SIDE
            and _LEAST_SIDE <= height <= _LARGEST_SIDE
            and count <= MOST_POINTS
        ):
            raise ValueError("sizes out of bounds")
        sizes = (4 * count, MARK_BYTES * count, MARK_BYTES * TILES, TILES)
        if len(stored) != _HEAD.size + sum(sizes):
            raise ValueError("wrong length")
        ends = np.cumsum((_HEAD.size, *sizes)).tolist()
        places, marks, tiles, qualities = (
            stored[start:end] for start, end in itertools.pairwise(ends)
        )
        points = np.frombuffer(places, "<u2").reshape(-1, 2).astype(np.float32)
        points /= np.float32(_FRACTION)
        if count and (points.max(axis=0) > (width, height)).any():
            raise ValueError("a point outside the picture")
        judged = np.frombuffer(qualities, np.uint8)
        if judged.max() > _BEST_QUALITY:
            raise ValueError("a quality above 100")
        return cls(
            width,
            height,
            points,
            np.frombuffer(marks, np.uint8).reshape(-1, MARK_BYTES),
            np.frombuffer(tiles, np.uint8).reshape(-1, MARK_BYTES),
            judged,
        )


def tiles(width: int, height: int) -> Iterator[Pane]:
    """Yield the tiles of a picture, row by row within each division."""
    for number in DIVISIONS:
        across = [round(width * place / number) for place in range(number + 1)]
        down = [round(height * place / number) for place in range(number + 1)]
        for row in range(number):
            for column in range(number):
                yield Pane(across[column], down[row], across[column + 1], down[row + 1])
