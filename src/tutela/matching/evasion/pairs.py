"""Points of a picture that are like points of listed ones, in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PAIRS = 6
"""So many points must agree on where a listed picture lies. Four define a place."""
_MOST_CANDIDATES = 10

Alike = list[list[tuple[int, int, int]]]
"""For each point here: row, point and distance in bits of listed points that are like it."""


def paired(alike: Alike) -> NDArray[np.int64]:
    """Return (n, 4): a point here, a listed row, its point most like ours, and by what distance."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for here, found in enumerate(alike):
        for row, point, bits in found:
            before = best.get((here, row))
            if before is None or bits < before[0]:
                best[here, row] = (bits, point)
    pairs = [(here, row, point, bits) for (here, row), (bits, point) in best.items()]
    return np.array(pairs, np.int64).reshape(-1, 4)


def most_pairs(pairs: NDArray[np.int64]) -> list[int]:
    """Return the rows that enough points are like, those with the most points first."""
    rows, counts = np.unique(pairs[:, 1], return_counts=True)
    order = np.lexsort((rows, -counts))
    return [int(rows[place]) for place in order if counts[place] >= LEAST_PAIRS][:_MOST_CANDIDATES]
