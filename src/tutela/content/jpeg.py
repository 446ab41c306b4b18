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
_QUICK = (1, 2, 4)
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
    """Return the picture at the smallest quick size of at least `least_side`.

    None as in `full`, and where that is the whole size.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in _PLAIN:
            return None
        lesser = min(height, width)
        eighths = next((some for some in _QUICK if _part(lesser, some) >= least_side), None)
        if eighths is None:
            return None
        # Asked for least sides, the decoder takes the smallest size that has them.
        rows, columns = _part(height, eighths), _part(width, eighths)
        grey: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            data, "GRAY", min_height=rows, min_width=columns
        )
    except ValueError:
        return None
    if grey.shape[:2] != (rows, columns):
        return None
    return Reduced(grey[..., 0], height, width, eighths)


def _plain(data: bytes) -> bool:
    return simplejpeg.decode_jpeg_header(data)[2] in _PLAIN


def _part(size: int, eighths: int) -> int:
    return -(-size * eighths // EIGHTHS)
