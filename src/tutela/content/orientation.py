"""How a picture lies as stored, and the turns that stand it upright (CIPA DC-008, 4.6.5.1.6)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, TiffImagePlugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rgb = NDArray[np.uint8]

UPRIGHT = 1
_TAG = 0x0112

_TURNS: dict[int, Callable[[Rgb], Rgb]] = {
    2: lambda rgb: rgb[:, ::-1],
    3: lambda rgb: rgb[::-1, ::-1],
    4: lambda rgb: rgb[::-1],
    5: lambda rgb: rgb.transpose(1, 0, 2),
    6: lambda rgb: np.rot90(rgb, -1),
    7: lambda rgb: np.rot90(rgb, 2).transpose(1, 0, 2),
    8: lambda rgb: np.rot90(rgb, 1),
}
_WAY_BACK = {6: 8, 8: 6}
"""Only the quarter turns are not their own way back."""


_MATRIX = struct.Struct("<9i")
_NEARLY = 0.05
_AXES = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}
"""Where a matrix sends a step to the right (two numbers), and a step down."""


def of_matrix(packed: bytes) -> int:
    """Return the orientation that a video's display matrix asks for (ISO/IEC 14496-12, 8.3.2).

    Upright for one that asks for none of the eight: nothing is turned by some degrees here.
    """
    if len(packed) != _MATRIX.size:
        return UPRIGHT
    right, down, _, right_too, down_too, *_ = _MATRIX.unpack(packed)
    steps = (right, down, right_too, down_too)
    most = max(map(abs, steps))
    if not most:
        return UPRIGHT
    shares = [step / most for step in steps]
    plain = tuple(round(share) for share in shares)
    if any(abs(share - whole) > _NEARLY for share, whole in zip(shares, plain, strict=True)):
        return UPRIGHT
    return _AXES.get((plain[0], plain[1], plain[2], plain[3]), UPRIGHT)


def turned(rgb: Rgb, orientation: int) -> Rgb:
    """Return stored pixels upright."""
    turn = _TURNS.get(orientation)
    return rgb if turn is None else np.ascontiguousarray(turn(rgb))


def turned_back(rgb: Rgb, orientation: int) -> Rgb:
    """Return upright pixels as they were stored."""
    return turned(rgb, _WAY_BACK.get(orientation, orientation))


class Lie:
    """How a frame is stored, and whether the decoder has stood it upright already.

    To be made before the frame is loaded and asked after: Pillow turns a TIFF as it loads it and
    forgets that it did, and finds the EXIF of a PNG only by loading it.
    """

    def __init__(self, file: Image.Image) -> None:
        self._file = file
        self.turned_by_decoder = isinstance(file, TiffImagePlugin.TiffImageFile)
        self._known = (
            _valid(file.tag_v2.get(_TAG))
            if isinstance(file, TiffImagePlugin.TiffImageFile)
            else None
        )

    def orientation(self) -> int:
        """Return 1 (upright) to 8."""
        if self._known is not None:
            return self._known
        try:
            return _valid(self._file.getexif().get(_TAG))
        except Exception:  # noqa: BLE001 - viewers, too, show a picture of broken EXIF as stored
            return UPRIGHT


def _valid(value: Any) -> int:
    return value if isinstance(value, int) and value in _TURNS else UPRIGHT
