"""What a picture's file says about its making: EXIF, as names and text.

Source: CIPA DC-008 (Exif 3.0) for the names, as Pillow lists them.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from tutela.content.decoding import PLUGINS
from tutela.content.media_type import sniff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FIELDS = 200
MOST_CHARACTERS = 1000
_PARTS = ((ExifTags.IFD.Exif, ExifTags.TAGS), (ExifTags.IFD.GPSInfo, ExifTags.GPSTAGS))
_LINKS = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop, ExifTags.IFD.MakerNote}
_LONGEST_BYTES = 64


def exif(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return up to 200 fields, each name at most 64 characters and each value at most 1000.

    Nothing for what is no picture or has none that can be read: it decides nothing. The embedded
    thumbnail and the maker's private notes are left out; the sealed file has them.
    """
    plugins = PLUGINS.get(sniff(data) or "")
    if plugins is None:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=plugins) as file:
                found = list(_fields(file.getexif()))
    except Exception:  # noqa: BLE001 - hostile bytes, and what is not read is only not told
        return ()
    return tuple(found[:MOST_FIELDS])


def _fields(stated: Image.Exif) -> Iterator[tuple[str, str]]:
    yield from _named(stated, ExifTags.TAGS)
    for part, names in _PARTS:
        yield from _named(stated.get_ifd(part), names)


def _named(part: Mapping[int, object], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for tag, value in part.items():
        if tag in _LINKS or tag not in names:
            continue
        text = _text(value)
        if text:
            yield names[tag], text


def _text(value: object) -> str:
    if isinstance(value, bytes):
        shown = value.rstrip(b"\0")
        plain = shown.isascii() and shown.decode("ascii").isprintable()
        text = shown.decode("ascii") if plain else shown.hex()
        return text if plain or len(shown) <= _LONGEST_BYTES else ""
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)[:MOST_CHARACTERS]
    return "".join(one for one in str(value).strip() if one.isprintable())[:MOST_CHARACTERS]
