"""What is plainly one upright JPEG: said of nothing that a full reader finds to be more."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin, MpoImagePlugin, UnidentifiedImageError
from tests.pictures import encoded, hostile_files, scene
from tests.shared_data import shared

from tutela.content import jpeg
from tutela.content.decoding import DecodeLimits, Reason
from tutela.hashing.fingerprint import fingerprint, quick_fingerprint

PICTURE = scene(3, 96, 64)
PLAIN = encoded(PICTURE, "JPEG", quality=70)
HEAD = PLAIN.index(b"\xff\xda")


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _read(data: bytes) -> tuple[int, int] | None:
    """Return the size of one upright picture as Pillow reads it; MPO come by way of JPEG."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as file:
        plain = isinstance(file, JpegImagePlugin.JpegImageFile) and file.mode in {"L", "RGB"}
        single = not isinstance(file, MpoImagePlugin.MpoImageFile)
        upright = file.getexif().get(0x0112, 1) == 1
        return file.size if plain and single and upright else None


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        encoded(PICTURE, "JPEG", progressive=True),
        encoded(PICTURE.convert("L"), "JPEG"),
        encoded(PICTURE, "JPEG", comment=b"a note", icc_profile=bytes(200)),
        encoded(PICTURE, "JPEG", restart_marker_blocks=2),
    ],
    ids=["baseline", "progressive", "grey", "comment and profile", "restarts"],
)
def test_what_encoders_write_is_plain(data: bytes) -> None:
    assert jpeg.upright_size(data) == (96, 64) == _read(data)


@pytest.mark.parametrize(
    "data",
    [
        encoded(PICTURE, "JPEG", exif=_exif(6)),
        encoded(PICTURE, "JPEG", exif=_exif(1)),
        encoded(PICTURE, "JPEG", xmp=b"<x tiff:Orientation='6'/>"),
        encoded(PICTURE, "MPO", save_all=True, append_images=[scene(2, 96, 64)]),
        encoded(PICTURE.convert("CMYK"), "JPEG"),
        encoded(PICTURE, "PNG"),
        PLAIN[:HEAD],
        PLAIN[:2] + PLAIN,
        PLAIN[:HEAD] + PLAIN[2:],
        PLAIN[: HEAD + 2] + b"\xff\xff" + PLAIN[HEAD + 4 :],
        b"\xff\xd8\xff",
        b"",
    ],
    ids=[
        "turned",
        "exif that says upright",
        "xmp",
        "several pictures",
        "cmyk",
        "png",
        "cut before the scan",
        "begun twice",
        "two frames",
        "a scan longer than the file",
        "start",
        "empty",
    ],
)
def test_what_may_say_more_is_left_to_a_full_reader(data: bytes) -> None:
    assert jpeg.upright_size(data) is None


def test_hostile_files_are_plain_only_where_pillow_reads_them_so() -> None:
    for name, data in hostile_files().items():
        said = jpeg.upright_size(data)
        assert said is None or said == _read(data), name


@pytest.mark.shared
def test_photos_are_plain_only_where_pillow_reads_them_so() -> None:
    plain = 0
    for place in sorted(shared("photos").rglob("*.jpg")):
        data = place.read_bytes()
        said = jpeg.upright_size(data)
        plain += said is not None
        assert said is None or said == _read(data), place.name
    assert plain > 100


_SEGMENTS = st.builds(
    lambda marker, body: b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2) + body,
    st.integers(0, 255),
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"JFIF\0\1\1\0\0\1\0\1\0\0",
                b"JFIF\0",
                b"ICC_PROFILE\0\1\1",
                b"ICC_PROFILE\0",
                b"Adobe\0\x64\0\0\0\0\0",
                b"MPF\0" + bytes(20),
                b"Exif\0\0" + _exif(3).tobytes()[6:],
                b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation='3'/>",
                PLAIN[PLAIN.index(b"\xff\xc0") + 4 :][:15],
            ]
        ),
    ),
)


@given(
    inserted=st.lists(_SEGMENTS, max_size=4),
    at_end=st.booleans(),
    flips=st.lists(st.tuples(st.integers(0, HEAD + 8), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 40),
)
@settings(max_examples=400, deadline=None)
def test_whatever_is_said_pillow_reads_so(
    inserted: list[bytes], at_end: bool, flips: list[tuple[int, int]], cut: int
) -> None:
    at = HEAD if at_end else 2
    data = bytearray(PLAIN[:at] + b"".join(inserted) + PLAIN[at:])
    for place, value in flips:
        data[place] = value
    whole = bytes(data[: len(data) - cut])
    said = jpeg.upright_size(whole)
    if said is None or 0 in said:
        return
    try:
        read = _read(whole)
    except UnidentifiedImageError:
        # It is nothing more for any reader, and no decoder takes it.
        assert fingerprint(whole, DecodeLimits()).pictures == ()
        return
    assert said == read


@pytest.mark.parametrize("table", [b"\0", b"\x10", bytes(64)])
def test_a_broken_table_before_the_pixels_is_corrupt(table: bytes) -> None:
    data = PLAIN[:2] + b"\xff\xdb" + (len(table) + 2).to_bytes(2) + table + PLAIN[2:]
    assert jpeg.upright_size(data) == (96, 64)
    with pytest.raises(UnidentifiedImageError):
        _read(data)
    for printed in (fingerprint(data, DecodeLimits()), quick_fingerprint(data, DecodeLimits())):
        assert (printed.pictures, printed.quick) == ((), None)
        assert printed.unscreened is Reason.CORRUPT
