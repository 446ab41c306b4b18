"""JPEG by libjpeg-turbo alone: the pixels that Pillow reads, or nothing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from tests.pictures import encoded, hostile_files, scene
from tests.shared_data import shared

from tutela.content import jpeg

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _pillow(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as file:
        return np.asarray(file.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(320, 240), (33, 17), (8, 8), (1, 1), (255, 64), (7, 501)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_pixels_are_those_of_pillow(
    mode: str, size: tuple[int, int], subsampling: int, progressive: bool
) -> None:
    data = encoded(
        scene(2, *size).convert(mode),
        "JPEG",
        quality=83,
        subsampling=subsampling,
        progressive=progressive,
    )
    read = jpeg.full(data)
    assert read is not None
    assert np.array_equal(read, _pillow(data))


@pytest.mark.shared
def test_pixels_of_photos_are_those_of_pillow() -> None:
    compared = 0
    for place in sorted(shared("photos").rglob("*.jpg")):
        data = place.read_bytes()
        read = jpeg.full(data)
        if read is not None:
            compared += 1
            assert np.array_equal(read, _pillow(data)), place.name
    assert compared > 250


def _with_adobe_rgb(data: bytes) -> bytes:
    """Mark three components as RGB, in place of JFIF, which means YCbCr."""
    marker = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    jfif = data.index(b"JFIF")
    return data[:2] + marker + data[jfif + 14 :]


def test_a_small_picture_is_not_worth_reducing() -> None:
    for side in (60, 382):
        assert jpeg.reduced(encoded(scene(4, 700, side), "JPEG"), 192) is None
    assert jpeg.reduced(encoded(scene(4, 700, 383), "JPEG"), 192) is not None


@pytest.mark.parametrize(
    "data",
    [
        encoded(scene(1, 64, 48).convert("CMYK"), "JPEG"),
        _with_adobe_rgb(encoded(scene(1, 64, 48), "JPEG", subsampling=0)),
        encoded(scene(1, 64, 48), "JPEG")[:-200],
        encoded(scene(1, 64, 48), "JPEG")[:30],
        encoded(scene(1, 64, 48), "PNG"),
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8",
        b"",
    ],
    ids=["cmyk", "adobe rgb", "cut", "cut in the header", "png", "no picture", "start", "empty"],
)
def test_what_is_not_plain_is_left_to_pillow(data: bytes) -> None:
    assert jpeg.full(data) is None
    assert jpeg.reduced(data, 256) is None


def test_hostile_files_are_left_to_pillow_or_read_as_by_it() -> None:
    for name, data in hostile_files().items():
        read = jpeg.full(data)
        assert read is None or np.array_equal(read, _pillow(data)), name


@pytest.mark.parametrize(
    ("size", "least", "expected"),
    [
        ((2400, 1800), 200, (225, 300, 1)),
        ((2400, 1800), 256, (450, 600, 2)),
        ((2399, 1801), 256, (451, 600, 2)),
        ((640, 480), 192, (240, 320, 4)),
        ((640, 513), 256, (257, 320, 4)),
    ],
)
def test_the_smallest_quick_size_is_taken(
    size: tuple[int, int], least: int, expected: tuple[int, int, int]
) -> None:
    picture = scene(4, *size)
    smaller = jpeg.reduced(encoded(picture, "JPEG", quality=90), least)
    assert smaller is not None
    assert (*smaller.grey.shape, smaller.eighths) == expected
    assert (smaller.width, smaller.height) == size
    like = np.asarray(picture.convert("L").resize(smaller.grey.shape[::-1], Image.Resampling.BOX))
    assert np.abs(like.astype(int) - smaller.grey).mean() < 4
