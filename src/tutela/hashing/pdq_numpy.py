"""PDQ in NumPy: what the compiled kernels are tested against, and what stands in for them.

Equality with the reference needs its float32 operations in its order, so the running sums below go
along one axis and are vectorised across the other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import cos, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_BITS = 256
_BLOCK = 64
_KEPT = 16
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_STRIP_ROWS = 480
_STRIP_PIXELS = 1 << 22
"""A strip is filtered at a time, so that no array is as large as the picture. Not a power of two:
turning rows of such a length evicts each cache line before its next use."""
_LUMA_PIXELS = 1 << 15
"""Pixels converted to luma at a time, so that the double-precision terms stay in the cache."""

WEIGHT_BITS = 14
_LESS = 6
"""After the first axis, 8 + 14 bits are rounded to 16, so that 14 more fit a machine word."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """How the places of one axis enter its 64 samples: `taps` (64, n) from `first` (64,) on.

    The integers of one sample add up to 2^14.
    """

    first: NDArray[np.int32]
    taps: NDArray[np.int16]

    @property
    def places(self) -> NDArray[np.int64]:
        """Return the place of each tap, shape (64, n)."""
        return self.first[:, None].astype(np.int64) + np.arange(self.taps.shape[1])


def pdq(rgb: NDArray[np.uint8]) -> tuple[bytes, int]:
    """Return the 32 bytes and the quality of (height, width, 3) or (height, width) pixels."""
    block = _block(rgb)
    return _bits(_dct(block)), _quality(block)


def dihedral(rgb: NDArray[np.uint8]) -> tuple[bytes, int]:
    """Return the hashes of the eight forms end to end, and the quality they share."""
    block = _block(rgb)
    terms = _dct(block)
    return b"".join(_bits(form(terms)) for form in _FORMS), _quality(block)


def weigh(
    grey: NDArray[np.uint8], down: Weights, across: Weights, tolerance: float
) -> tuple[bytes, int, int]:
    """Return hash, quality and doubtful bits of grey pixels sampled by weights.

    Integers all the way to the block, so that no order of adding them matters.
    """
    rows = np.einsum("kth,kt->kh", grey[down.places], down.taps, dtype=np.int64)
    rows = (rows + (1 << (_LESS - 1))) >> _LESS
    sums = np.einsum("kct,ct->kc", rows[:, across.places], across.taps, dtype=np.int64)
    block = sums.astype(np.float32) / np.float32(1 << (8 + WEIGHT_BITS))
    terms = _dct(block)
    doubtful = np.abs(terms - _median(terms)) < np.float32(tolerance)
    return _bits(terms), _quality(block), int(doubtful.sum())


def _luma(pixels: NDArray[np.uint8]) -> Floats:
    if pixels.ndim == 2:  # noqa: PLR2004 - height and width
        return pixels.astype(np.float32)
    height, width = pixels.shape[:2]
    luma = np.empty((height, width), np.float32)
    rows = max(1, _LUMA_PIXELS // width)
    total, term = np.empty((2, rows, width), np.float64)
    for top in range(0, height, rows):
        part = pixels[top : top + rows]
        sums, terms = total[: len(part)], term[: len(part)]
        # In double precision and left to right, as the reference does, then rounded once.
        np.multiply(part[..., 0], _RED, out=sums)
        np.multiply(part[..., 1], _GREEN, out=terms)
        np.add(sums, terms, out=sums)
        np.multiply(part[..., 2], _BLUE, out=terms)
        np.add(sums, terms, out=sums)
        luma[top : top + rows] = sums
    return luma


def _block(pixels: NDArray[np.uint8]) -> Floats:
    """Filter twice along both axes and keep 64 by 64 samples at the cells' centres."""
    height, width = pixels.shape[:2]
    across, down = _window(width), _window(height)
    once = (_across(_luma(strip), across) for strip in _strips(pixels))
    columns = _centres(width)
    thin = [_across(strip, across, columns) for strip in _down(once, down)]
    tall = np.concatenate(thin)
    return _means(tall, down)[_centres(height)]


def _strips(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    height, width = pixels.shape[:2]
    rows = max(_BLOCK, min(_STRIP_ROWS, _STRIP_PIXELS // width))
    for top in range(0, height, rows):
        yield pixels[top : top + rows]


def _window(size: int) -> int:
    return (size + 2 * _BLOCK - 1) // (2 * _BLOCK)


def _lead(window: int) -> int:
    """Return how many places the window reaches beyond the one it is the mean for."""
    return (window + 2) // 2 - 1


def _centres(size: int) -> list[int]:
    return [int((cell + 0.5) * size / _BLOCK) for cell in range(_BLOCK)]


def _across(strip: Floats, window: int, kept: list[int] | None = None) -> Floats:
    """Return the running means along the rows, of all columns or of the kept ones."""
    # Turned, so that one addition serves a place in all rows at once.
    means = _means(np.ascontiguousarray(strip.T), window)
    return np.ascontiguousarray((means if kept is None else means[kept]).T)


def _means(lines: Floats, window: int) -> Floats:
    """Return the running means along the first axis.

    The window is clipped at both ends and divides by what is left of it.
    """
    size, lead = len(lines), _lead(window)
    sums = np.empty_like(lines)
    add, subtract = np.add, np.subtract
    total = np.zeros(lines.shape[1], np.float32)
    inputs, outputs = list(lines), list(sums)
    for entering in inputs[:lead]:
        add(total, entering, total)
    growing = window - lead
    for entering, out in zip(inputs[lead:window], outputs[:growing], strict=True):
        total = add(total, entering, out)
    full = zip(
        inputs[window:], inputs[: size - window], outputs[growing : size - lead], strict=True
    )
    for entering, leaving, out in full:
        total = subtract(add(total, entering, out), leaving, out)
    for leaving, out in zip(inputs[-window:], outputs[size - lead :], strict=False):
        total = subtract(total, leaving, out)
    places = np.arange(size)
    held = np.minimum(places + lead, size - 1) - np.maximum(places + lead - window, -1)
    return np.divide(sums, held[:, None].astype(np.float32), out=sums)


def _down(strips: Iterable[Floats], window: int) -> Iterator[Floats]:
    """Yield the running means along the columns of a picture that comes in strips."""
    lead = _lead(window)
    inside: deque[Floats] = deque()
    total = np.empty(0, np.float32)
    seen = 0
    for strip in strips:
        if not seen:
            total = np.zeros(strip.shape[1], np.float32)
        means = np.empty_like(strip)
        first = max(0, lead - seen)
        for number, row in enumerate(strip):
            np.add(total, row, total)
            inside.append(row)
            if len(inside) > window:
                np.subtract(total, inside.popleft(), total)
            if number >= first:
                np.divide(total, np.float32(len(inside)), means[number])
        seen += len(strip)
        yield means[first:]
    means = np.empty((lead, len(total)), np.float32)
    for row in means:
        np.subtract(total, inside.popleft(), total)
        np.divide(total, np.float32(len(inside)), row)
    yield means


def _cosines() -> Floats:
    # The scale is rounded to single precision, the product formed in double: as the reference.
    scale = float(np.float32(sqrt(2.0 / _BLOCK)))
    return np.array(
        [
            [scale * cos((pi / 2 / _BLOCK) * (row + 1) * (2 * column + 1)) for column in range(64)]
            for row in range(_KEPT)
        ],
        np.float32,
    )


_COSINES = _cosines()


def _dct(block: Floats) -> Floats:
    """Return the 16 by 16 lowest DCT terms without the constant ones, summed term by term."""
    half = np.zeros((_KEPT, _BLOCK), np.float32)
    for term in range(_BLOCK):
        half += _COSINES[:, term, None] * block[term]
    terms = np.zeros((_KEPT, _KEPT), np.float32)
    for term in range(_BLOCK):
        terms += half[:, term, None] * _COSINES[:, term]
    return terms


def _quality(block: Floats) -> int:
    """Return the gradient sum in the reference's integer steps, 0 to 100."""
    hundred, full = np.float32(100), np.float32(255)
    down = ((block[:-1] - block[1:]) * hundred / full).astype(np.int32)
    across = ((block[:, :-1] - block[:, 1:]) * hundred / full).astype(np.int32)
    return min(100, int(np.abs(down).sum() + np.abs(across).sum()) // 90)


def _median(terms: Floats) -> np.float32:
    """Return the lower median."""
    median: np.float32 = np.partition(terms.ravel(), _BITS // 2 - 1)[_BITS // 2 - 1]
    return median


def _bits(terms: Floats) -> bytes:
    """Return bit k set where term k exceeds the lower median, bit 255 first."""
    return np.packbits((terms.ravel() > _median(terms))[::-1]).tobytes()


def _signs(rule: Callable[[int, int], bool]) -> Floats:
    return np.array(
        [[-1 if rule(row, column) else 1 for column in range(_KEPT)] for row in range(_KEPT)],
        np.float32,
    )


# Terms start at frequency 1, so index 0 is odd: it changes sign when its axis is flipped.
_FLIP_ROWS = _signs(lambda row, _column: row % 2 == 0)
_FLIP_COLUMNS = _signs(lambda _row, column: column % 2 == 0)

# In the order of tutela.hashing.pdq.FORMS.
_FORMS: tuple[Callable[[Floats], Floats], ...] = (
    lambda terms: terms,
    lambda terms: _FLIP_ROWS * terms.T,
    lambda terms: _FLIP_ROWS * _FLIP_COLUMNS * terms,
    lambda terms: _FLIP_COLUMNS * terms.T,
    lambda terms: _FLIP_ROWS * terms,
    lambda terms: _FLIP_COLUMNS * terms,
    lambda terms: terms.T,
    lambda terms: _FLIP_ROWS * _FLIP_COLUMNS * terms.T,
)
