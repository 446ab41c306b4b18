"""EXIF: what hostile bytes say of themselves is bounded text, or nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PIL import Image
from tests.pictures import encoded, scene

from tutela.content.exif import MOST_CHARACTERS, MOST_FIELDS, exif

if TYPE_CHECKING:
    from collections.abc import Iterator


def seeds() -> Iterator[bytes]:
    """Draw pictures with EXIF of every kind of value."""
    picture = scene(1, 16, 16)
    told = Image.Exif()
    told[0x010E], told[0x0112], told[0x011A] = "A hill", 6, (72, 1)
    told.get_ifd(0x8769)[0x9003] = "2026:01:05 09:00:00"
    told.get_ifd(0x8825)[0x0002] = (51.0, 30.0, 0.0)
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF"):
        yield encoded(picture, kind, exif=told.tobytes())
    for order, count in (("<", 1), (">", 1), ("<", 0xFFFFFFFF)):
        magic = b"II*\0" if order == "<" else b"MM\0*"
        field = struct.pack(f"{order}HHII", 0x0112, 3, count, 6)
        tail = struct.pack(f"{order}I", 8)  # the next directory is this one
        block = magic + struct.pack(f"{order}IH", 8, 1) + field + tail
        yield encoded(picture, "JPEG", exif=b"Exif\0\0" + block)


def run(data: bytes) -> None:
    """Read the fields."""
    fields = exif(data)
    assert len(fields) <= MOST_FIELDS
    for name, value in fields:
        assert len(name) <= 64
        assert len(value) <= MOST_CHARACTERS
        assert "\0" not in value, "a NUL cannot be stored"
        value.encode()
