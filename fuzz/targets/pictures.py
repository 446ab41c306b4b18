"""Decoding: every picture of hostile bytes is within the limits, or the reason is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.pictures import encoded, hostile_files, scene

from tutela.content.container import cut_short
from tutela.content.decoding import DecodeLimits, Undecodable, pictures, reduced
from tutela.content.media_type import sniff

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = DecodeLimits(
    max_bytes=1 << 20, max_pixels=250_000, max_frames=12, max_total_pixels=1_000_000
)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF")


def seeds() -> Iterator[bytes]:
    """Draw a small picture in every format, and the known hostile files."""
    small = scene(1, 24, 16)
    for kind in FORMATS:
        yield encoded(small, kind)
    more = {"save_all": True, "append_images": [scene(2, 24, 16)]}
    for kind in ("GIF", "PNG", "TIFF", "WEBP"):
        yield encoded(small, kind, **more)
    yield encoded(small.convert("P"), "PNG", transparency=3)
    yield encoded(small, "JPEG", progressive=True)
    yield encoded(small.convert("CMYK"), "JPEG")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield encoded(small, "TIFF", compression=compression)
    yield from (data for data in hostile_files().values() if len(data) < 5000)


def run(data: bytes) -> None:
    """Decode in full and reduced."""
    try:
        for picture in pictures(data, LIMITS):
            rows, columns, colours = picture.rgb.shape
            assert colours == 3, "a pixel has three colours"
            assert 0 < rows * columns <= LIMITS.max_pixels, "a picture beyond the limit"
            assert picture.rgb.dtype == np.uint8, "pixels are bytes"
    except Undecodable:
        pass
    smaller = reduced(data, LIMITS, 8)
    assert smaller is None or smaller.grey.size <= LIMITS.max_pixels
    kind = sniff(data)
    if kind is not None:
        cut_short(data, kind)
