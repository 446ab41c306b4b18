"""TIFFs that no writer here makes, put together by hand: depth, polarity, premultiplied alpha."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.pictures import scene

from tutela.content.decoding import DecodeLimits, Reading, pictures

LIMITS = DecodeLimits()
WIDTH, HEIGHT = 160, 120
WHITE_IS_ZERO, BLACK_IS_ZERO, COLOUR = 0, 1, 2
UNKNOWN, PREMULTIPLIED = 0, 1
_SHORT, _LONG = 3, 4

Grey = NDArray[np.uint8]


@pytest.fixture(scope="module")
def grey() -> Grey:
    return np.asarray(scene(7, WIDTH, HEIGHT).convert("L"))


def _tiff(
    samples: bytes, depths: tuple[int, ...], photometric: int, more: dict[int, int] | None = None
) -> bytes:
    """Return a little-endian TIFF of one uncompressed strip (TIFF 6.0, section 2)."""
    tags = {256: WIDTH, 257: HEIGHT, 259: 1, 262: photometric, 277: len(depths), 278: HEIGHT}
    tags |= {279: len(samples)} | (more or {})
    count = len(tags) + 2
    depths_at = 8 + 2 + 12 * count + 4
    packed = struct.pack(f"<{len(depths)}H", *depths)
    inline = len(packed) <= 4
    entries = {tag: struct.pack("<HHII", tag, _LONG, 1, value) for tag, value in tags.items()}
    where = packed.ljust(4, b"\0") if inline else struct.pack("<I", depths_at)
    entries[258] = struct.pack("<HHI", 258, _SHORT, len(depths)) + where
    start = depths_at + (0 if inline else len(packed))
    entries[273] = struct.pack("<HHII", 273, _LONG, 1, start)
    head = b"II*\0" + struct.pack("<IH", 8, count)
    body = b"".join(entries[tag] for tag in sorted(entries)) + bytes(4)
    return head + body + (b"" if inline else packed) + samples


def _upright(data: bytes) -> Grey:
    first = next(iter(pictures(data, LIMITS)))
    assert first.reading is Reading.UPRIGHT
    assert (first.rgb[..., 0] == first.rgb[..., 1]).all()
    assert (first.rgb[..., 0] == first.rgb[..., 2]).all()
    return first.rgb[..., 0]


def test_sixteen_bits(grey: Grey) -> None:
    samples = (grey.astype("<u2") * 257).tobytes()
    assert np.array_equal(_upright(_tiff(samples, (16,), BLACK_IS_ZERO)), grey)


def test_sixteen_bits_with_white_as_nought(grey: Grey) -> None:
    """Pillow alone would give the negative, 256 bits away."""
    samples = (65535 - grey.astype("<u2") * 257).tobytes()
    assert np.array_equal(_upright(_tiff(samples, (16,), WHITE_IS_ZERO)), grey)


def test_eight_bits_with_white_as_nought(grey: Grey) -> None:
    assert np.array_equal(_upright(_tiff((255 - grey).tobytes(), (8,), WHITE_IS_ZERO)), grey)


def test_twelve_bits_are_scaled_by_their_own_range(grey: Grey) -> None:
    """Read as 16 bits they would be almost black."""
    deep = grey.astype(np.uint16) << 4
    even, odd = deep[:, 0::2], deep[:, 1::2]
    packed = np.stack((even >> 4, (even & 15) << 4 | odd >> 8, odd & 255), axis=2)
    samples = packed.astype(np.uint8).tobytes()
    assert np.array_equal(_upright(_tiff(samples, (12,), BLACK_IS_ZERO)), grey)


def test_floats_with_white_as_nought(grey: Grey) -> None:
    samples = (1 - grey.astype("<f4") / 255).tobytes()
    data = _tiff(samples, (32,), WHITE_IS_ZERO, {339: 3})
    assert np.array_equal(_upright(data), grey)


@pytest.mark.parametrize(
    ("photometric", "colours"), [(BLACK_IS_ZERO, 1), (COLOUR, 3)], ids=["grey", "colour"]
)
def test_premultiplied_alpha_is_divided_out(grey: Grey, photometric: int, colours: int) -> None:
    alpha = np.full_like(grey, 128)
    dimmed = np.rint(grey.astype(np.float64) * 128 / 255).astype(np.uint8)
    samples = np.dstack([*[dimmed] * colours, alpha]).tobytes()
    data = _tiff(samples, (8,) * (colours + 1), photometric, {338: PREMULTIPLIED})
    found = {one.reading: one.rgb for one in pictures(data, LIMITS)}
    assert set(found) == {Reading.UPRIGHT, Reading.OVER_BLACK, Reading.WITHOUT_ALPHA}
    bare = found[Reading.WITHOUT_ALPHA][..., 0].astype(np.int16)
    assert np.abs(bare - grey).max() <= 1
    assert np.abs(found[Reading.OVER_BLACK][..., 0].astype(np.int16) - dimmed).max() <= 1


def test_a_fourth_sample_that_is_no_alpha_is_left_out(grey: Grey) -> None:
    samples = np.dstack([grey, grey, grey, np.zeros_like(grey)]).tobytes()
    data = _tiff(samples, (8, 8, 8, 8), COLOUR, {338: UNKNOWN})
    assert np.array_equal(_upright(data), grey)
    assert len(list(pictures(data, LIMITS))) == 1
