"""What a picture's file says about its making, whatever bytes it is made of."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from tutela.content.exif import MOST_CHARACTERS, MOST_FIELDS, exif


def _file(kind: str = "JPEG", **fields: object) -> bytes:
    stated = Image.Exif()
    for name, value in fields.items():
        stated[ExifTags.Base[name]] = value
    stated.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    stated.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (50.0, 30.0, 1.5)
    stated.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "Lens"
    written = io.BytesIO()
    Image.new("RGB", (16, 16)).save(written, kind, exif=stated)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_names_places_and_nested_parts_are_told(kind: str) -> None:
    told = dict(exif(_file(kind, Make="Benign", Model="One\0")))
    assert told["Make"] == "Benign"
    assert told["Model"] == "One"
    assert told["LensModel"] == "Lens"
    assert told["GPSLatitudeRef"] == "N"
    assert told["GPSLatitude"] == "50.0, 30.0, 1.5"
    assert "GPSInfo" not in told


def test_long_and_unprintable_values_are_bounded() -> None:
    told = dict(exif(_file(ImageDescription="a\x01b" + "x" * 5000, MakerNote=b"\x01" * 5000)))
    assert told["ImageDescription"].startswith("ab")
    assert len(told["ImageDescription"]) <= MOST_CHARACTERS
    assert "MakerNote" not in told


def test_what_is_no_picture_says_nothing() -> None:
    assert exif(b"plain words") == ()
    assert exif(b"") == ()


@given(st.integers(0, 2000), st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_damaged_files_are_read_or_not_but_never_stop_anything(place: int, noise: bytes) -> None:
    data = _file(Make="Benign", Software="x" * 300)
    at = place % len(data)
    told = exif(data[:at] + noise + data[at + len(noise) :])
    assert len(told) <= MOST_FIELDS
    assert all(0 < len(name) <= 64 and 0 < len(value) <= MOST_CHARACTERS for name, value in told)
    assert all(value.isprintable() for _, value in told)
