"""A PDQ hash taken from a reduced grey decode, which says how far it may be from the exact one.

It selects, and never decides a match: who searches widens the radius by `margin`, and hashes
exactly what may then be near. docs/decisions/0012-screening-hash.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tutela.content.jpeg import EIGHTHS, Reduced
from tutela.hashing import pdq_numpy
from tutela.hashing.kernels import compiled
from tutela.hashing.pdq_numpy import WEIGHT_BITS, Weights

_BLOCK = 64
_TOLERANCE = 0.75
_SLACK = 4
"""A bit is in doubt whose term lies within the tolerance of the median. So many more may differ."""
LARGEST_MARGIN = 16
"""Where more may differ, the search would cost more than the exact hash."""
LEAST_SIDE = 192
"""Pixels that the lesser side of a reduced picture has at least."""


@dataclass(frozen=True, slots=True)
class ScreeningHash:
    """256 bits as in `PdqHash`, quality 0 to 100, and how many bits are in doubt."""

    bits: bytes
    quality: int
    doubtful: int

    @property
    def margin(self) -> int:
        """Return the bits by which the exact hash may differ."""
        return self.doubtful + _SLACK


def screening_hash(reduced: Reduced) -> ScreeningHash:
    """Return the hash of a picture that was decoded at reduced size."""
    height, width = reduced.grey.shape
    down = weights(reduced.height, height, reduced.eighths)
    across = weights(reduced.width, width, reduced.eighths)
    run = compiled()
    if run is None:
        return ScreeningHash(*pdq_numpy.weigh(reduced.grey, down, across, _TOLERANCE))
    return ScreeningHash(
        *run.module.weigh(
            reduced.grey, down.first, down.taps, across.first, across.taps, _TOLERANCE, run.level
        )
    )


@lru_cache(maxsize=512)
def weights(size: int, reduced: int, eighths: int) -> Weights:
    """Return what both passes of the filter do to the places of a reduced axis.

    The exact hash takes means of means over the full axis: each sample is a weighted sum of full
    places. A reduced place stands for those that it covers, so it has the sum of their weights.
    """
    whole = np.zeros((_BLOCK, reduced))
    for cell in range(_BLOCK):
        first, taps = _tent(size, int((cell + 0.5) * size / _BLOCK))
        covering = ((first + np.arange(len(taps)) + 0.5) * eighths / EIGHTHS).astype(np.int64)
        np.add.at(whole[cell], np.minimum(covering, reduced - 1), taps)
    # Rounding sums rather than weights keeps the whole at one.
    sums = np.rint(np.cumsum(whole, axis=1) * (1 << WEIGHT_BITS)).astype(np.int64)
    rounded = np.diff(sums, axis=1, prepend=0)
    used = rounded != 0
    starts = used.argmax(axis=1)
    length = int((reduced - used[:, ::-1].argmax(axis=1) - starts).max())
    first = np.minimum(starts, reduced - length)
    taps = np.take_along_axis(rounded, first[:, None] + np.arange(length), axis=1)
    return Weights(first.astype(np.int32), np.ascontiguousarray(taps, np.int16))


def _tent(size: int, place: int) -> tuple[int, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Return the first of the places that one sample draws on, and their weights."""
    window = (size + 2 * _BLOCK - 1) // (2 * _BLOCK)
    lead = (window + 2) // 2 - 1

    def inside(centre: int) -> tuple[int, int]:
        return max(0, centre + lead - window + 1), min(size - 1, centre + lead)

    first, last = inside(place)
    lowest, highest = inside(first)[0], inside(last)[1]
    taps = np.zeros(highest - lowest + 1)
    for centre in range(first, last + 1):
        low, high = inside(centre)
        taps[low - lowest : high - lowest + 1] += 1 / (last - first + 1) / (high - low + 1)
    return lowest, taps
