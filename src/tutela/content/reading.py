"""One reading for every pixel mode (docs/reference/decode-rule.md gives the reasons)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPAQUE = 255
_SIXTEEN_BITS = 65535


def as_rgba(picture: Image.Image) -> Image.Image | None:
    """Return the picture as RGBA if any of it is transparent, else None."""
    if picture.mode not in {"RGBA", "RGBa", "LA", "La", "PA"} and (
        "transparency" not in picture.info
    ):
        return None
    if picture.mode.startswith("I"):
        # A transparent grey of 16 bits: too rare to lay over anything, and lossless to ignore.
        return None
    rgba = picture.convert("RGBA")
    lowest = rgba.getchannel("A").getextrema()[0]
    return rgba if lowest < _OPAQUE else None  # type: ignore[operator]


def as_rgb(picture: Image.Image) -> NDArray[np.uint8]:
    """Return opaque pixels as uint8 of shape (height, width, 3)."""
    if picture.mode.startswith("I;16"):
        return _grey(np.asarray(picture).astype(np.uint16) >> 8)
    if picture.mode in {"I", "F"}:
        return _grey(_eight_bits(np.asarray(picture)))
    if picture.mode == "LAB":
        return np.asarray(_from_lab(picture))
    return np.asarray(picture.convert("RGB"))


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Scale 32-bit integers or floats: 16-bit values by their range, others by what they span."""
    plain = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(plain.min()), float(plain.max())
    if np.issubdtype(values.dtype, np.integer) and low >= 0 and high <= _SIXTEEN_BITS:
        return np.floor(plain / 256)
    if high <= low:
        return np.zeros_like(plain)
    return (plain - low) * (_OPAQUE / (high - low))


def _grey(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    level = values.astype(np.uint8)
    return np.repeat(level[..., None], 3, axis=2)


def _from_lab(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if turned is None:
        raise NotImplementedError("LAB")
    return turned
