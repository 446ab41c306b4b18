"""Reduced renderings, made on the server so that a browser never holds more than was granted."""

from __future__ import annotations

import io
from enum import StrEnum
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tutela.content.decoding import Undecodable
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Smaller = Callable[[bytes, int], NDArray[np.uint8]]
    """Takes a file's bytes, returns its first picture with no side longer than so many pixels."""


class Rung(StrEnum):
    """What can be drawn of a picture."""

    SKETCH = "sketch"
    TINY = "tiny"
    LARGER = "larger"
    COLOUR = "colour"
    ORIGINAL = "original"


_EDGE = {Rung.SKETCH: 160, Rung.TINY: 64, Rung.LARGER: 256, Rung.COLOUR: 512, Rung.ORIGINAL: 4096}
_SHOWN_EDGE = 320


def render(data: bytes, rung: Rung, watermark: str, smaller: Smaller) -> bytes:
    """Return a PNG of the first frame at the given rung, stamped with `watermark`.

    Longest edge in pixels: sketch 160 (edges only), tiny 64 (grey, blurred), larger 256 (grey),
    colour 512, original up to 4096. Always encoded anew, and here: `smaller` parses elsewhere, and
    were it taken over it could neither reach a browser nor show more than the rung allows.
    Raises `InvalidInput` when the bytes are not a picture this build can read.
    """
    try:
        seen = smaller(data, _EDGE[rung])
    except Undecodable as problem:
        raise InvalidInput(
            "The evidence cannot be shown as a picture.",
            "Decide on its facts, or export it to a person with the right tools.",
        ) from problem
    picture = Image.fromarray(seen)
    out = io.BytesIO()
    _stamped(_reduced(picture, rung), watermark).save(out, "PNG", optimize=False)
    return out.getvalue()


def _reduced(picture: Image.Image, rung: Rung) -> Image.Image:
    if rung is Rung.SKETCH:
        softened = picture.convert("L").filter(ImageFilter.GaussianBlur(1.5))
        edges = ImageOps.autocontrast(softened.filter(ImageFilter.FIND_EDGES), cutoff=2)
        return _enlarged(ImageOps.invert(edges))
    if rung is Rung.TINY:
        return _enlarged(picture.convert("L").filter(ImageFilter.GaussianBlur(1.2)))
    if rung is Rung.LARGER:
        return picture.convert("L")
    return picture


def _enlarged(picture: Image.Image) -> Image.Image:
    scale = _SHOWN_EDGE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _stamped(picture: Image.Image, watermark: str) -> Image.Image:
    stamped = picture.convert("RGB")
    draw = ImageDraw.Draw(stamped, "RGBA")
    step = 90
    for row, y in enumerate(range(6, stamped.height, step)):
        for x in range(6 - (row % 2) * 60, stamped.width, 240):
            draw.text((x, y), watermark, fill=(255, 255, 255, 110))
            draw.text((x + 1, y + 1), watermark, fill=(0, 0, 0, 110))
    return stamped
