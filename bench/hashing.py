"""PDQ from decoded pixels beside pdqhash, in one run, and equality on each picture hashed."""

import statistics
import time
from collections.abc import Callable

import numpy as np
import pdqhash
from numpy.typing import NDArray

from tutela.hashing.pdq import pdq

_MEGAPIXELS = (0.3, 1, 4, 12)
_ROUNDS = 5


def measure() -> None:
    """Print medians in milliseconds and their ratio."""
    print("  megapixels      ours   pdqhash   ours/pdqhash   equal")
    for megapixels in _MEGAPIXELS:
        pixels = _drawn(megapixels)
        ours, theirs = [], []
        for _ in range(_ROUNDS):
            ours.append(_timed(pdq, pixels))
            theirs.append(_timed(pdqhash.compute, pixels))
        bits, quality = pdqhash.compute(pixels)
        mine = pdq(pixels)
        equal = (mine.bits, mine.quality) == (np.packbits(bits).tobytes(), quality)
        one, other = statistics.median(ours), statistics.median(theirs)
        print(f"  {megapixels:10} {one:7.1f} ms {other:6.1f} ms {one / other:14.2f}   {equal}")


def _drawn(megapixels: float) -> NDArray[np.uint8]:
    height = int((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    y, x = np.mgrid[0:height, 0:width] / height
    waves = [np.sin(x * a + y * b) + np.cos(x * b - y * a) for a, b in ((9, 4), (5, 13), (21, 2))]
    grain = np.random.default_rng(1).normal(0, 0.05, (height, width))
    levels = [(wave + grain + 2) * 63 for wave in waves]
    return np.stack(levels, axis=2).clip(0, 255).astype(np.uint8)


def _timed(work: Callable[[NDArray[np.uint8]], object], pixels: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    work(pixels)
    return (time.perf_counter() - start) * 1e3
