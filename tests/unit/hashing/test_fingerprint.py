"""A fingerprint has the digests always, and a PDQ for all that could be seen."""

from __future__ import annotations

import numpy as np
import pdqhash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pictures import encoded, hostile_files, scene

from tutela.content.decoding import DecodeLimits, Reading, Reason
from tutela.hashing.digests import digests
from tutela.hashing.fingerprint import fingerprint

LIMITS = DecodeLimits()


def test_the_record_hash_is_that_of_the_decoded_pixels() -> None:
    picture = scene(1, 200, 150)
    data = encoded(picture, "PNG")
    found = fingerprint(data, LIMITS)
    bits, quality = pdqhash.compute(np.asarray(picture))
    (only,) = found.pictures
    assert only.pdq == np.packbits(bits.astype(np.uint8)).tobytes().hex()
    assert (only.frame, only.reading, only.quality) == (0, Reading.UPRIGHT, quality)
    assert (only.width, only.height) == (200, 150)
    assert (found.media_type, found.bytes, found.unscreened) == ("image/png", len(data), None)
    assert found.digests == digests((data,))


def test_what_was_seen_before_a_limit_is_kept_and_the_rest_is_said() -> None:
    frames = [scene(seed, 64, 48) for seed in range(4)]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    found = fingerprint(data, DecodeLimits(max_frames=3))
    assert [one.frame for one in found.pictures] == [0, 1, 2]
    assert found.unscreened is Reason.TOO_MANY_FRAMES


@pytest.mark.parametrize("name", list(hostile_files()))
def test_hostile_files_have_digests_and_never_raise(name: str) -> None:
    data = hostile_files()[name]
    found = fingerprint(data, LIMITS)
    assert found.digests == digests((data,))
    assert found.pictures or found.unscreened


@given(st.binary(max_size=600), st.sampled_from(["", "jpeg", "png", "gif", "webp", "heic", "tiff"]))
def test_any_bytes_have_a_fingerprint(junk: bytes, start: str) -> None:
    magic = {
        "": b"",
        "jpeg": b"\xff\xd8\xff\xe0",
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "gif": b"GIF89a",
        "webp": b"RIFF\0\1\0\0WEBPVP8 ",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "tiff": b"II*\0\x08\0\0\0",
    }[start]
    found = fingerprint(magic + junk, LIMITS)
    assert found.bytes == len(magic + junk)
    assert found.pictures or found.unscreened
