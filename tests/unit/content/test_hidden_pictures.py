"""No picture in a file goes unseen because another one stands before it."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pytest
from tests.pictures import encoded, scene

from tutela.content.decoding import (
    DecodeLimits,
    Picture,
    Reading,
    Reason,
    Undecodable,
    pictures,
)
from tutela.hashing.pdq import distance, pdq

if TYPE_CHECKING:
    from PIL import Image

LIMITS = DecodeLimits()
FRAMES = tuple(scene(seed, 128, 96) for seed in range(4))
RADIUS = 31


def _drawn(picture: Picture) -> int:
    """Return which of the frames a decoded picture is."""
    apart = [distance(pdq(picture.rgb).bits, pdq(np.asarray(frame)).bits) for frame in FRAMES]
    assert min(apart) <= RADIUS
    return int(np.argmin(apart))


def _read(data: bytes) -> list[Picture]:
    return list(pictures(data, LIMITS))


@pytest.mark.parametrize("primary", range(4))
def test_a_heic_shows_its_primary_first_and_the_others_too(primary: int) -> None:
    file, out = pillow_heif.HeifFile(), io.BytesIO()  # type: ignore[no-untyped-call]
    for frame in FRAMES:
        file.add_from_pillow(frame)
    file.save(out, primary_index=primary)
    found = _read(out.getvalue())
    assert [one.frame for one in found] == [0, 1, 2, 3]
    rest = [number for number in range(4) if number != primary]
    assert [_drawn(one) for one in found] == [primary, *rest]


def test_a_photo_with_further_pictures_shows_them_all() -> None:
    data = encoded(FRAMES[0], "MPO", save_all=True, append_images=[FRAMES[1]])
    assert [_drawn(one) for one in _read(data)] == [0, 1]


def test_a_photo_whose_further_picture_was_dropped_is_still_screened_whole() -> None:
    """Editors keep the index of pictures that they drop: nothing is left there to see."""
    data = encoded(FRAMES[0], "MPO", save_all=True, append_images=[FRAMES[1]])
    second = data.index(b"\xff\xd8\xff", 2)
    assert [_drawn(one) for one in _read(data[:second])] == [0]


def test_an_animation_whose_still_is_another_picture_shows_both() -> None:
    """A PNG may carry a still for viewers that do not animate."""
    data = encoded(
        FRAMES[0], "PNG", save_all=True, default_image=True, append_images=[FRAMES[1], FRAMES[2]]
    )
    assert [_drawn(one) for one in _read(data)] == [0, 1, 2]


def test_an_animation_of_fewer_frames_than_it_declares_is_truncated() -> None:
    """It ends properly, so the decoder takes it for whole."""
    data = encoded(FRAMES[0], "PNG", save_all=True, append_images=list(FRAMES[1:]))
    control = data.index(b"acTL")
    body = b"acTL" + (9).to_bytes(4) + data[control + 8 : control + 12]
    lying = data[:control] + body + zlib.crc32(body).to_bytes(4) + data[control + 16 :]
    found: list[int] = []
    with pytest.raises(Undecodable) as caught:
        found.extend(_drawn(one) for one in pictures(lying, LIMITS))
    assert (found, caught.value.reason) == ([0, 1, 2, 3], Reason.TRUNCATED)


def test_frames_that_change_a_part_are_seen_composed() -> None:
    patched = FRAMES[0].copy()
    patched.paste(FRAMES[1].crop((20, 20, 90, 80)), (20, 20))
    data = encoded(FRAMES[0], "PNG", save_all=True, append_images=[patched])
    found = _read(data)
    assert np.array_equal(found[1].rgb, np.asarray(patched))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("alpha", [0, 1, 40])
def test_a_picture_too_faint_to_see_is_seen(kind: str, alpha: int) -> None:
    """Viewers show next to nothing; who knows strips the alpha and has the picture."""
    faint: Image.Image = FRAMES[0].copy()
    faint.putalpha(alpha)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    (bare,) = (
        one
        for one in _read(encoded(faint, kind, **options))
        if one.reading is Reading.WITHOUT_ALPHA
    )
    assert np.array_equal(bare.rgb, np.asarray(FRAMES[0]))


def test_bytes_after_a_picture_change_nothing() -> None:
    data = encoded(FRAMES[0], "JPEG")
    (plain,) = _read(data)
    for tail in (b"PK\3\4 an archive", bytes(5000), encoded(FRAMES[1], "PNG")):
        (tailed,) = _read(data + tail)
        assert np.array_equal(tailed.rgb, plain.rgb)
