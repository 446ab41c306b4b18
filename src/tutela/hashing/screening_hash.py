"""A PDQ hash taken from a reduced grey decode, which says how far it may be from the exact one.

It selects, and never decides a match: who searches widens the radius by `margin`, and hashes
exactly what may then be near. docs/decisions/0012-screening-hash.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tutela.content.jpeg import EIGHTHS, Reduced
from tutela.hashing import pdq_numpy
from tutela.hashing.kernels import compiled
from tutela.hashing.pdq_numpy import WEIGHT_BITS, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Places = NDArray[np.int64]

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


@lru_cache(maxsize=4096)
def weights(size: int, reduced: int, eighths: int) -> Weights:
    """Return what both passes of the filter do to the places of a reduced axis.

    The exact hash takes means of means over the full axis: each sample is a weighted sum of full
    places. A reduced place stands for those that it covers, so it has the sum of their weights.
    """
    window = (size + 2 * _BLOCK - 1) // (2 * _BLOCK)
    lead = (window + 2) // 2 - 1
    # The means that a sample is the mean of, and the full places that those are of: (64, window).
    samples = ((np.arange(_BLOCK) + 0.5) * size / _BLOCK).astype(np.int64)
    centres = samples[:, None] + (lead - window + 1 + np.arange(window))
    real = (centres >= 0) & (centres < size)
    low = np.clip(centres + (lead - window + 1), 0, size - 1)
    held = np.clip(centres + lead, 0, size - 1) + 1 - low
    share = real / held / real.sum(axis=1, keepdims=True)
    # The reduced places that may have weight, and the full places at their edges.
    first = _covering(low.min(axis=1), eighths, reduced)
    wide = int((_covering((low + held - 1).max(axis=1), eighths, reduced) - first).max()) + 1
    first = np.minimum(first, reduced - wide)
    places = first[:, None] + np.arange(wide + 1)
    edges = np.where(places < reduced, np.ceil(places * EIGHTHS / eighths - 0.5), size)
    before = np.minimum(np.maximum(edges[:, :, None] - low[:, None, :], 0), held[:, None, :])
    # Rounding sums rather than weights keeps the whole at one.
    sums = np.rint(np.einsum("ijk,ik->ij", before, share) * (1 << WEIGHT_BITS)).astype(np.int64)
    whole = np.zeros((_BLOCK, reduced), np.int64)
    np.put_along_axis(whole, places[:, :-1], np.diff(sums, axis=1), axis=1)
    return _trimmed(whole)


def _covering(place: _Places, eighths: int, reduced: int) -> _Places:
    """Return the reduced places that cover full ones."""
    return np.minimum(((place + 0.5) * eighths / EIGHTHS).astype(np.int64), reduced - 1)


def _trimmed(whole: _Places) -> Weights:
    """Leave out what has no weight, equally many places of each sample."""
    reduced = whole.shape[1]
    used = whole != 0
    starts = used.argmax(axis=1)
    length = int((reduced - used[:, ::-1].argmax(axis=1) - starts).max())
    first = np.minimum(starts, reduced - length)
    taps = np.take_along_axis(whole, first[:, None] + np.arange(length), axis=1)
    return Weights(first.astype(np.int32), np.ascontiguousarray(taps, np.int16))
