"""A PNG of 16 bits may name a transparent colour in 16 bits, of which eight are decoded."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from tests.pictures import scene

from tutela.content.decoding import DecodeLimits, Reading, pictures

WIDTH, HEIGHT = 60, 40


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize("key", [(0x1234, 0x5678, 0x9ABC), (0x0100, 0xFFFF, 0x8000)])
def test_the_named_colour_is_clear_and_others_are_not(key: tuple[int, int, int]) -> None:
    shown = np.asarray(scene(1, WIDTH, HEIGHT))
    deep = (shown.astype(np.uint16) * 257).astype(">u2")
    deep[10:20, 10:30] = key
    rows = b"".join(b"\0" + row.tobytes() for row in deep.reshape(HEIGHT, -1))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head)
    data += _chunk(b"tRNS", struct.pack(">HHH", *key))
    data += _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    found = {one.reading: one.rgb for one in pictures(data, DecodeLimits())}
    assert set(found) == {Reading.UPRIGHT, Reading.OVER_BLACK, Reading.WITHOUT_ALPHA}
    assert (found[Reading.UPRIGHT][10:20, 10:30] == 255).all()
    assert (found[Reading.OVER_BLACK][10:20, 10:30] == 0).all()
    assert np.array_equal(found[Reading.UPRIGHT][20:], shown[20:])
    assert (found[Reading.WITHOUT_ALPHA][10:20, 10:30] == [value >> 8 for value in key]).all()
