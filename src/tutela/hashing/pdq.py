"""PDQ, bit for bit as the `pdqhash` package computes it on full-size pixels.

Source: A. Davis and A. Rosen, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm" (Facebook, 2019). Equality needs the reference's float32 operations in its order, so the
running sums below go along one axis and are vectorised across the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BITS = 256
_BLOCK = 64
_KEPT = 16
_LEAST_SIDE = 5
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_STRIP = 1 << 22
"""Pixels converted to luma at a time: bounds the double-precision intermediate to 32 MiB."""


@dataclass(frozen=True, slots=True)
class PdqHash:
    """256 bits, the first byte holding bits 255 to 248 as in the hex form; quality 0 to 100."""

    bits: bytes
    quality: int

    @property
    def hex(self) -> str:
        """Return the 64 lower-case hex digits."""
        return self.bits.hex()


_NOTHING = PdqHash(bytes(BITS // 8), 0)


def pdq(rgb: NDArray[np.uint8]) -> PdqHash:
    """Return the hash of (height, width, 3) or (height, width) pixels.

    Below five pixels on a side the reference gives the zero hash at quality 0; so does this.
    """
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        return _NOTHING
    block = _block(_luma(rgb))
    return PdqHash(_bits(_dct(block)), _quality(block))


def dihedral(rgb: NDArray[np.uint8]) -> tuple[tuple[str, PdqHash], ...]:
    """Return the hashes of the eight turned and mirrored forms, derived in the DCT domain.

    Order: as is, turned 90, 180, 270 degrees anticlockwise, flipped top-bottom, flipped
    left-right, transposed, anti-transposed.
    """
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        return tuple((name, _NOTHING) for name, _form in _FORMS)
    block = _block(_luma(rgb))
    terms, quality = _dct(block), _quality(block)
    return tuple((name, PdqHash(_bits(form(terms)), quality)) for name, form in _FORMS)


def distance(one: bytes, other: bytes) -> int:
    """Return the Hamming distance of two hashes, in bits."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _luma(pixels: NDArray[np.uint8]) -> Floats:
    if pixels.ndim == 2:  # noqa: PLR2004 - height and width
        return pixels.astype(np.float32)
    height, width = pixels.shape[:2]
    luma = np.empty((height, width), np.float32)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        strip = pixels[top : top + rows]
        # In double precision and left to right, as the reference does, then rounded once.
        total = strip[..., 0] * _RED
        total += strip[..., 1] * _GREEN
        total += strip[..., 2] * _BLUE
        luma[top : top + rows] = total
    return luma


def _block(luma: Floats) -> Floats:
    """Filter twice along both axes and keep 64 by 64 samples at the cells' centres."""
    height, width = luma.shape
    rows, columns = _centres(height), _centres(width)
    across, down = _window(width), _window(height)
    once = _filtered(np.ascontiguousarray(luma.T), across, None)
    once = _filtered(np.ascontiguousarray(once.T), down, None)
    twice = _filtered(np.ascontiguousarray(once.T), across, columns)
    return _filtered(np.ascontiguousarray(twice.T), down, rows)


def _window(size: int) -> int:
    return (size + 2 * _BLOCK - 1) // (2 * _BLOCK)


def _centres(size: int) -> list[int]:
    return [int((cell + 0.5) * size / _BLOCK) for cell in range(_BLOCK)]


def _filtered(lines: Floats, window: int, kept: list[int] | None) -> Floats:
    """Return the running mean along the first axis, of all places or of the kept ones only.

    The window is clipped at both ends and divides by what is left of it.
    """
    size, lanes = lines.shape
    half = (window + 2) // 2
    out = np.empty((size if kept is None else len(kept), lanes), np.float32)
    wanted: dict[int, list[int]] = {}
    for slot, place in enumerate(range(size) if kept is None else kept):
        wanted.setdefault(place, []).append(slot)
    total = np.zeros(lanes, np.float32)
    add, subtract, divide = np.add, np.subtract, np.divide
    for place in range(-(half - 1), size):
        entering, leaving = place + half - 1, place + half - 1 - window
        if entering < size:
            add(total, lines[entering], total)
        if leaving >= 0:
            subtract(total, lines[leaving], total)
        if place in wanted:
            held = np.float32(min(entering, size - 1) - max(leaving, -1))
            for slot in wanted[place]:
                divide(total, held, out[slot])
    return out


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


def _bits(terms: Floats) -> bytes:
    """Return bit k set where term k exceeds the lower median, bit 255 first."""
    flat = terms.ravel()
    median = np.partition(flat, BITS // 2 - 1)[BITS // 2 - 1]
    return np.packbits((flat > median)[::-1]).tobytes()


def _signs(rule: Callable[[int, int], bool]) -> Floats:
    return np.array(
        [[-1 if rule(row, column) else 1 for column in range(_KEPT)] for row in range(_KEPT)],
        np.float32,
    )


# Terms start at frequency 1, so index 0 is odd: it changes sign when its axis is flipped.
_FLIP_ROWS = _signs(lambda row, _column: row % 2 == 0)
_FLIP_COLUMNS = _signs(lambda _row, column: column % 2 == 0)

_FORMS: tuple[tuple[str, Callable[[Floats], Floats]], ...] = (
    ("as_is", lambda terms: terms),
    ("rotate90", lambda terms: _FLIP_ROWS * terms.T),
    ("rotate180", lambda terms: _FLIP_ROWS * _FLIP_COLUMNS * terms),
    ("rotate270", lambda terms: _FLIP_COLUMNS * terms.T),
    ("flip_top_bottom", lambda terms: _FLIP_ROWS * terms),
    ("flip_left_right", lambda terms: _FLIP_COLUMNS * terms),
    ("transpose", lambda terms: terms.T),
    ("anti_transpose", lambda terms: _FLIP_ROWS * _FLIP_COLUMNS * terms.T),
)
