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
_START, _SCAN = b"\xff\xd8", 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive, coded by Huffman's method."""
_MOST_SEGMENTS = 64
_NEVER = 1 << 16
_SAYS_NOTHING_MORE: dict[int, tuple[bytes, int]] = {
    0xC4: (b"", 0),  # Huffman tables
    0xDB: (b"", 0),  # quantisation tables
    0xDD: (b"", 0),  # restart interval
    0xFE: (b"", 0),  # comment
    0xE0: (b"JFIF\0", 16),
    0xE2: (b"ICC_PROFILE\0", 16),
    0xEE: (b"Adobe", 14),
}
"""Segments, how they begin and how long they are at least, that leave a picture as it lies."""


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


def upright_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG that is plainly one picture, lying upright.

    Plainly: nothing that stands before its pixels could say otherwise, as EXIF, XMP or a list of
    further pictures could. None where somebody who reads those must decide.
    """
    try:
        return _upright_size(data) if data.startswith(_START) else None
    except IndexError:
        return None


def _upright_size(data: bytes) -> tuple[int, int] | None:
    size = None
    at = len(_START)
    for _ in range(_MOST_SEGMENTS):
        marker = data[at + 1]
        if data[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            return None
        length = data[at + 2] << 8 | data[at + 3]
        if marker == _SCAN:
            # A full reader reads over what it says of itself, and must find that whole.
            return size if at + 2 + length <= len(data) else None
        if marker in _FRAMES:
            bits, components = data[at + 4], data[at + 9]
            if size or bits != 8 or components not in {1, 3}:  # noqa: PLR2004 - as Pillow reads
                return None
            size = data[at + 7] << 8 | data[at + 8], data[at + 5] << 8 | data[at + 6]
        else:
            beginning, least = _SAYS_NOTHING_MORE.get(marker, (b"", _NEVER))
            if length < least or not data.startswith(beginning, at + 4):
                return None
        at += 2 + length
    return None


def _plain(data: bytes) -> bool:
    return simplejpeg.decode_jpeg_header(data)[2] in _PLAIN


def _part(size: int, eighths: int) -> int:
    return -(-size * eighths // EIGHTHS)
