"""PDQ, bit for bit as the `pdqhash` package computes it on full-size pixels: the record hash.

Source: A. Davis and A. Rosen, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm" (Facebook, 2019). Compiled kernels do it where they run, NumPy elsewhere: same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tutela.hashing import pdq_numpy
from tutela.hashing.kernels import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 256
_BYTES = BITS // 8
_LEAST_SIDE = 5
FORMS = (
    "as_is",
    "rotate90",
    "rotate180",
    "rotate270",
    "flip_top_bottom",
    "flip_left_right",
    "transpose",
    "anti_transpose",
)
"""The eight turned and mirrored forms; turns are anticlockwise."""


@dataclass(frozen=True, slots=True)
class PdqHash:
    """256 bits, the first byte holding bits 255 to 248 as in the hex form; quality 0 to 100."""

    bits: bytes
    quality: int

    @property
    def hex(self) -> str:
        """Return the 64 lower-case hex digits."""
        return self.bits.hex()


_NOTHING = PdqHash(bytes(_BYTES), 0)


def pdq(rgb: NDArray[np.uint8]) -> PdqHash:
    """Return the hash of (height, width, 3) or (height, width) pixels.

    Below five pixels on a side the reference gives the zero hash at quality 0; so does this.
    """
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        return _NOTHING
    return PdqHash(*_hashed(rgb, dihedral=False))


def dihedral(rgb: NDArray[np.uint8]) -> tuple[tuple[str, PdqHash], ...]:
    """Return the hashes of the eight `FORMS`, derived in the DCT domain."""
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        return tuple((name, _NOTHING) for name in FORMS)
    bits, quality = _hashed(rgb, dihedral=True)
    return tuple(
        (name, PdqHash(bits[place * _BYTES : (place + 1) * _BYTES], quality))
        for place, name in enumerate(FORMS)
    )


def distance(one: bytes, other: bytes) -> int:
    """Return the Hamming distance of two hashes, in bits."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _hashed(pixels: NDArray[np.uint8], *, dihedral: bool) -> tuple[bytes, int]:
    run = compiled()
    if run is None:
        return pdq_numpy.dihedral(pixels) if dihedral else pdq_numpy.pdq(pixels)
    lying = np.ascontiguousarray(pixels)
    if lying.ndim == 2:  # noqa: PLR2004 - height and width
        return run.module.pdq_grey(lying, run.level, dihedral)
    return run.module.pdq(lying, run.level, dihedral)
