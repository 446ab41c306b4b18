"""Reduced renderings, made on the server so that a browser never holds more than was granted."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from math import pi, sqrt
from typing import TYPE_CHECKING, TypeVar

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
    REVEAL = "reveal"
    LARGER = "larger"
    COLOUR = "colour"
    ORIGINAL = "original"


EDGES = {
    Rung.SKETCH: 160,
    Rung.TINY: 64,
    Rung.REVEAL: 256,
    Rung.LARGER: 256,
    Rung.COLOUR: 512,
    Rung.ORIGINAL: 4096,
}
_Pixels = TypeVar("_Pixels")
_SHOWN_EDGE = 320
_GROUND_EDGE = 480
"""The ground on which a person points is enlarged further: a tile must be found and read."""
TILE_SHARE = 0.05
"""The part of the picture's area that a tile shows."""
_WHOLE = 1000
_LINE = 12


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a picture, in thousandths of its width and height from the upper left."""

    across: int
    down: int

    def __post_init__(self) -> None:
        if not (0 <= self.across <= _WHOLE and 0 <= self.down <= _WHOLE):
            raise InvalidInput("The spot lies outside the picture.", f"Say both as 0 to {_WHOLE}.")


def render(data: bytes, rung: Rung, watermark: str, smaller: Smaller) -> bytes:
    """Return a PNG of the first frame at the given rung, stamped with `watermark`.

    Longest edge in pixels: sketch 160 (edges only), tiny and the ground of reveal 64 (grey,
    blurred), larger 256 (grey), colour 512, original up to 4096. Always encoded anew, and here:
    `smaller` parses elsewhere, and were it taken over it could neither reach a browser nor show
    more than the rung allows.
    Raises `InvalidInput` when the bytes are not a picture this build can read.
    """
    picture = Image.fromarray(seen(lambda: smaller(data, EDGES[rung])))
    return as_png(stamped(reduced(picture, rung), watermark))


def tile(data: bytes, spot: Spot, watermark: str, smaller: Smaller) -> bytes:
    """Return a PNG as large as the ground of reveal, clear but for a circle around `spot`.

    The circle has a twentieth of the picture's area, and shows it grey and as finely as `larger`
    does. Raises as `render`.
    """
    whole = Image.fromarray(seen(lambda: smaller(data, EDGES[Rung.LARGER])))
    picture = _enlarged(whole.convert("L"), _GROUND_EDGE)
    width, height = picture.size
    x, y = width * spot.across / _WHOLE, height * spot.down / _WHOLE
    radius = sqrt(TILE_SHARE * width * height / pi)
    circle = (x - radius, y - radius, x + radius, y + radius)
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse(circle, fill=255)
    clear = Image.new("RGBA", picture.size)
    clear.paste(_signed(picture, watermark, circle), mask=mask)
    return as_png(clear)


def seen(decode: Callable[[], _Pixels]) -> _Pixels:
    """Return what was decoded. Raises `InvalidInput` where that cannot be had."""
    try:
        return decode()
    except Undecodable as problem:
        raise InvalidInput(
            "The evidence cannot be shown as a picture.",
            "Decide on its facts, or export it to a person with the right tools.",
        ) from problem


def as_png(picture: Image.Image) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()


def reduced(picture: Image.Image, rung: Rung) -> Image.Image:
    """Return as much of a picture as a rung shows."""
    if rung is Rung.SKETCH:
        softened = picture.convert("L").filter(ImageFilter.GaussianBlur(1.5))
        edges = ImageOps.autocontrast(softened.filter(ImageFilter.FIND_EDGES), cutoff=2)
        return _enlarged(ImageOps.invert(edges), _SHOWN_EDGE)
    if rung is Rung.TINY:
        return _enlarged(_tiny(picture), _SHOWN_EDGE)
    if rung is Rung.REVEAL:
        # As large as a tile, which is taken from the same pixels.
        return _tiny(picture).resize(
            _enlarged_size(picture, _GROUND_EDGE), Image.Resampling.BICUBIC
        )
    if rung is Rung.LARGER:
        return picture.convert("L")
    return picture


def _tiny(picture: Image.Image) -> Image.Image:
    grey = picture.convert("L")
    grey.thumbnail((EDGES[Rung.TINY], EDGES[Rung.TINY]), Image.Resampling.LANCZOS)
    return grey.filter(ImageFilter.GaussianBlur(1.2))


def _enlarged(picture: Image.Image, edge: int) -> Image.Image:
    return picture.resize(_enlarged_size(picture, edge), Image.Resampling.BICUBIC)


def _enlarged_size(picture: Image.Image, edge: int) -> tuple[int, int]:
    scale = edge / max(picture.size)
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def stamped(picture: Image.Image, watermark: str) -> Image.Image:
    """Return a picture with the viewer's name and the time all over it."""
    marked = picture.convert("RGB")
    draw = ImageDraw.Draw(marked, "RGBA")
    step = 90
    for row, y in enumerate(range(6, marked.height, step)):
        for x in range(6 - (row % 2) * 60, marked.width, 240):
            draw.text((x, y), watermark, fill=(255, 255, 255, 110))
            draw.text((x + 1, y + 1), watermark, fill=(0, 0, 0, 110))
    return marked


def _signed(
    picture: Image.Image, watermark: str, box: tuple[float, float, float, float]
) -> Image.Image:
    """Write the watermark into a box, a word a line and over again: a tile is narrow."""
    signed = picture.convert("RGB")
    draw = ImageDraw.Draw(signed, "RGBA")
    left, top, right, bottom = box
    words = watermark.split() or [""]
    for row, y in enumerate(range(round(top), round(bottom), _LINE)):
        word = words[row % len(words)]
        x = (left + right) / 2 - draw.textlength(word) / 2
        draw.text((x, y), word, fill=(255, 255, 255, 110))
        draw.text((x + 1, y + 1), word, fill=(0, 0, 0, 110))
    return signed
