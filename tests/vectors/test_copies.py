"""Copies of ordinary photos in other formats and modes, and what plain readings make of them."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.pictures import encoded
from tests.shared_data import shared

from tutela.content.decoding import DecodeLimits, Reading, pictures
from tutela.hashing.pdq import distance, pdq

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.shared

RADIUS = 31
PHOTOS = 20
EDGE = 512


def _lab(photo: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(photo, *profiles, outputMode="LAB")
    assert lab is not None
    return lab


def _sixteen_bits(photo: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "jpeg": lambda photo: encoded(photo, "JPEG", quality=90),
    "webp": lambda photo: encoded(photo, "WEBP", quality=80),
    "avif": lambda photo: encoded(photo, "AVIF", quality=60, speed=10),
    "heic": lambda photo: encoded(photo, "HEIF", quality=60),
    "gif": lambda photo: encoded(photo.quantize(256), "GIF"),
    "palette png": lambda photo: encoded(photo.quantize(256), "PNG"),
    "1-bit png": lambda photo: encoded(photo.convert("1"), "PNG"),
    "16-bit png": lambda photo: encoded(_sixteen_bits(photo), "PNG"),
    "cmyk jpeg": lambda photo: encoded(photo.convert("CMYK"), "JPEG", quality=90),
    "cmyk tiff": lambda photo: encoded(photo.convert("CMYK"), "TIFF"),
    "lab tiff": lambda photo: encoded(_lab(photo), "TIFF"),
}
MISSED_BY: dict[str, Callable[[Image.Image], NDArray[np.uint8]]] = {
    "palette png": np.asarray,
    "16-bit png": lambda file: np.asarray(file.convert("RGB")),
    "cmyk jpeg": lambda file: np.ascontiguousarray(np.asarray(file)[..., :3]),
}
"""Plain readings that miss a copy: the palette's indices, 16 bits clipped to 8, inks as light."""


@cache
def _photos() -> list[Image.Image]:
    found = []
    for place in sorted(shared("photos", "main").glob("*.jpg"))[:PHOTOS]:
        with Image.open(place) as file:
            photo = file.convert("RGB")
        photo.thumbnail((EDGE, EDGE))
        found.append(photo)
    assert len(found) == PHOTOS
    return found


def _upright(data: bytes) -> NDArray[np.uint8]:
    first = next(iter(pictures(data, DecodeLimits())))
    assert first.reading is Reading.UPRIGHT
    return first.rgb


def _apart(photo: Image.Image, rgb: NDArray[np.uint8]) -> int:
    return distance(pdq(np.asarray(photo)).bits, pdq(rgb).bits)


@pytest.mark.parametrize("name", COPIES)
def test_copies_of_photos_stay_within_the_radius(name: str) -> None:
    apart = [_apart(photo, _upright(COPIES[name](photo))) for photo in _photos()]
    print(f"\n{name}: most {max(apart)}, mean {np.mean(apart):.1f} bits")
    assert max(apart) <= RADIUS


@pytest.mark.parametrize("name", MISSED_BY)
def test_plain_readings_miss_such_copies(name: str) -> None:
    """The rule is there for a reason: fails once Pillow reads a mode as we do."""
    apart = []
    for photo in _photos():
        with Image.open(io.BytesIO(COPIES[name](photo))) as file:
            apart.append(_apart(photo, MISSED_BY[name](file)))
    print(f"\n{name}, read plainly: mean {np.mean(apart):.1f} bits")
    assert np.mean(apart) > RADIUS


def test_one_picture_in_many_modes() -> None:
    folder = shared("vectors", "pdq", "images", "modes")
    record = pdq(_upright(folder.joinpath("RGB.jpg").read_bytes())).bits
    apart = {
        place.name: distance(record, pdq(_upright(place.read_bytes())).bits)
        for place in sorted(folder.iterdir())
    }
    print(f"\n{apart}")
    assert len(apart) == 12
    assert max(apart.values()) <= RADIUS
