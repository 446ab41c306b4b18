"""JPEG read by libjpeg-turbo alone: the same pixels as Pillow's, sooner; or smaller ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import simplejpeg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EIGHTHS = 8
"""Decoding can leave out frequencies, and gives so many eighths of the size."""
_QUICK = (1, 2, 4, 8)
"""These sizes have vectorised transforms; those between take longer than the next larger one."""
_PLAIN = {"YCbCr", "Gray"}


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """Grey pixels (rows, columns), uint8, of a picture of full `height` and `width`."""

    grey: NDArray[np.uint8]
    height: int
    width: int
    eighths: int


def full(data: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels, shape (height, width, 3); None where Pillow must decide.

    It must for other colours than YCbCr and grey, and about every file with something amiss.
    """
    try:
        if not _plain(data):
            return None
        rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:
        return None
    return rgb


def reduced(data: bytes, least_side: int) -> Reduced | None:
    """Return the picture at the smallest quick size of at least `least_side`; None as in `full`.

    A smaller picture comes at its full size.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in _PLAIN:
            return None
        eighths = next(
            (some for some in _QUICK if _part(min(height, width), some) >= least_side), EIGHTHS
        )
        # Asked for least sides, the decoder takes the smallest size that has them.
        wanted = (
            {"min_height": _part(height, eighths), "min_width": _part(width, eighths)}
            if eighths < EIGHTHS
            else {}
        )
        grey: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, "GRAY", **wanted)
    except ValueError:
        return None
    if grey.shape[:2] != (_part(height, eighths), _part(width, eighths)):
        return None
    return Reduced(grey[..., 0], height, width, eighths)


def _plain(data: bytes) -> bool:
    return simplejpeg.decode_jpeg_header(data)[2] in _PLAIN


def _part(size: int, eighths: int) -> int:
    return -(-size * eighths // EIGHTHS)
