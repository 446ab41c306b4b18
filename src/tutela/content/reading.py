"""One reading for every pixel mode (docs/reference/decode-rule.md gives the reasons)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

_OPAQUE = 255
_STRIP = 1 << 20
"""Pixels read at a time, so that Pillow's copies stay small beside the picture."""
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_WHITE_IS_ZERO = 0


class UnreadableMode(Exception):
    """A kind of pixel that no viewer shows in one agreed way."""


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Stored colours, uint8 of shape (height, width, 3), and opacity (height, width) if any.

    `alpha` is None unless some pixel is less than opaque.
    """

    rgb: Bytes
    alpha: Bytes | None

    def over(self, ground: int) -> Bytes:
        """Return the colours as seen over a plain grey ground, 0 to 255, rounded to nearest."""
        if self.alpha is None:
            return self.rgb
        seen = np.empty_like(self.rgb)
        rows = _rows(self.rgb.shape[1])
        for top in range(0, len(seen), rows):
            alpha = self.alpha[top : top + rows, :, None].astype(np.uint16)
            mixed = self.rgb[top : top + rows] * alpha
            mixed += ground * (_OPAQUE - alpha) + _OPAQUE // 2
            seen[top : top + rows] = mixed // _OPAQUE
        return seen


def pixels(picture: Image.Image) -> Pixels:
    """Read a loaded picture. Raises `UnreadableMode`."""
    width, height = picture.size
    read = _reader(picture)
    clear = picture.has_transparency_data
    rgb = np.empty((height, width, 3), np.uint8)
    alpha = np.empty((height, width), np.uint8) if clear else None
    rows = _rows(width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        whole = rows >= height
        strip = read(picture if whole else picture.crop((0, top, width, bottom)))
        rgb[top:bottom] = strip[..., :3]
        if alpha is not None:
            alpha[top:bottom] = strip[..., 3]
    if alpha is not None and alpha.min() == _OPAQUE:
        alpha = None
    return Pixels(rgb, alpha)


def _rows(width: int) -> int:
    return max(1, _STRIP // width)


def _reader(picture: Image.Image) -> Callable[[Image.Image], Bytes]:
    mode = picture.mode
    if mode.startswith("I;16"):
        tags = _tags(picture)
        depth = tags.get(_BITS_PER_SAMPLE, (16,))
        spare = (depth[0] if isinstance(depth, tuple) else depth) - 8
        clear = picture.info.get("transparency")
        inverted = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
        return lambda strip: _from_sixteen_bits(np.asarray(strip), spare, inverted, clear)
    if mode == "F":
        inverted = _tags(picture).get(_PHOTOMETRIC) == _WHITE_IS_ZERO
        return lambda strip: _from_floats(np.asarray(strip), inverted)
    if mode == "I":
        raise UnreadableMode(mode)
    if mode == "LAB":
        return _from_lab
    if picture.has_transparency_data:
        return _from_transparent
    return lambda strip: np.asarray(strip.convert("RGB"))


def _tags(picture: Image.Image) -> Any:
    return picture.tag_v2 if isinstance(picture, TiffImagePlugin.TiffImageFile) else {}


def _from_sixteen_bits(
    values: NDArray[np.uint16], spare: int, inverted: bool, clear: object
) -> Bytes:
    """Keep the eight highest bits in use, as decoders of colour at this depth do."""
    level = (values >> spare).astype(np.uint8)
    if inverted:
        level = _OPAQUE - level
    alpha = np.full(level.shape, _OPAQUE, np.uint8)
    if isinstance(clear, int):
        alpha[values == clear] = 0
    return np.stack((level, level, level, alpha), axis=2)


def _from_floats(values: NDArray[np.float32], inverted: bool) -> Bytes:
    """Read 0 to 1 as black to white. Other ranges say nothing about how they are shown."""
    if not (values.min() >= 0 and values.max() <= 1):
        raise UnreadableMode("F")
    level = np.rint(values * _OPAQUE).astype(np.uint8)
    if inverted:
        level = _OPAQUE - level
    return np.repeat(level[..., None], 3, axis=2)


def _from_transparent(picture: Image.Image) -> Bytes:
    clear = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(clear, tuple) and max(clear) > _OPAQUE:
        # The colour is given in 16 bits; of the pixels Pillow has kept the higher eight.
        picture = picture.copy()
        picture.info["transparency"] = tuple(value >> 8 for value in clear)
    if picture.mode == "La":
        picture = picture.convert("LA")
    return np.asarray(picture.convert("RGBA"))


def _from_lab(picture: Image.Image) -> Bytes:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if turned is None:
        raise UnreadableMode("LAB")
    return np.asarray(turned)
