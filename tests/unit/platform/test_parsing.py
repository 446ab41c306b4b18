"""What confined processes answer is what would be answered here; what makes no sense is doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.parsers import parsing
from tests.pictures import crowded, encoded, hostile_files, scene

from tutela.content.decoding import DecodeLimits, Reason, Undecodable, pictures
from tutela.content.exif import exif
from tutela.hashing.look import Budget
from tutela.matching.evasion.effort import looked_at
from tutela.matching.evasion.looking import sketched

LIMITS = DecodeLimits()
KINDS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF")


def _files() -> dict[str, bytes]:
    stated = Image.Exif()
    stated[0x010E] = "drawn"
    plain = {kind: encoded(scene(1, 400, 300), kind) for kind in KINDS}
    told = {f"{kind} with EXIF": encoded(scene(1, 90, 60), kind, exif=stated) for kind in KINDS}
    return hostile_files() | plain | told


@pytest.mark.parametrize("name", _files())
def test_inside_and_outside_say_the_same(name: str) -> None:
    """Also that nothing a decoder needs is loaded only when a file asks for it."""
    data = _files()[name]
    for budget in (Budget.NONE, Budget.FULL) if name in KINDS else (Budget.NONE,):
        inside, outside = parsing().fingerprint(data, budget), looked_at(data, LIMITS, budget)
        assert replace(inside, looks=None) == replace(outside, looks=None)
        assert (inside.looks is None) == (outside.looks is None)
        if inside.looks and outside.looks:
            assert inside.looks.hashes == outside.looks.hashes
    assert parsing().exif(data) == exif(data)


def test_the_limits_are_those_of_the_asker() -> None:
    data = encoded(scene(1, 100, 100), "PNG")
    assert parsing(DecodeLimits(max_pixels=9999)).fingerprint(data).unscreened == "too_many_pixels"
    few = parsing(DecodeLimits(max_bytes=10)).fingerprint(data)
    assert (few.unscreened, few.media_type) == (Reason.TOO_MANY_BYTES, "image/png")
    assert few.digests == parsing().fingerprint(data).digests


def test_a_smaller_picture_is_no_larger_than_asked() -> None:
    seen = parsing().smaller(encoded(scene(1, 400, 300), "PNG"), 100)
    assert seen.shape == (75, 100, 3)
    whole = parsing().smaller(encoded(scene(1, 400, 300), "PNG"), 4096)
    (first,) = pictures(encoded(scene(1, 400, 300), "PNG"), LIMITS)
    assert np.array_equal(whole, first.rgb)


def test_what_is_no_picture_gives_none() -> None:
    for data in (b"", b"words", encoded(scene(1, 90, 60), "PNG")[:200]):
        with pytest.raises(Undecodable):
            parsing().smaller(data, 64)
        assert parsing().sketches(data) == []


def test_sketches_are_those_of_the_picture() -> None:
    from base64 import b64encode

    data = encoded(crowded(3, 500, 400), "PNG")
    assert parsing().sketches(data) == [
        b64encode(one.encoded()).decode() for one in sketched(data, LIMITS)
    ]
