"""Decoding takes bounded memory, prints nothing, and threads do not disturb one another."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile
from tests.pictures import encoded, hostile_files, scene

from tutela.content.decoding import (
    MOST_PIXELS,
    DecodeLimits,
    Picture,
    Reason,
    Undecodable,
    pictures,
)

ROOT = Path(__file__).resolve().parents[3]
MOST_MIB = 100
FAR_SIDE = 16_000
"""Below the ceiling of all limits: only the limits of the call can refuse it."""
_MEASURE = """
import json, sys
from tests.pictures import hostile_files
from tutela.content.decoding import DecodeLimits, Undecodable, pictures

def peak():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

files = hostile_files() | {name: bytes.fromhex(data) for name, data in json.load(sys.stdin).items()}
limits, grown = DecodeLimits(max_pixels=1_000_000), {}
for name, data in files.items():
    before = peak()
    try:
        for picture in pictures(data, limits):
            pass
    except Undecodable:
        pass
    grown[name] = peak() - before
print(json.dumps(grown))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: peak memory is read from /proc")
def test_no_hostile_file_takes_memory_beyond_the_limits() -> None:
    """A canvas of the size that some of them declare would be 244 MiB to 17 GiB."""
    far = {"gif frame just under the ceiling": _gif_with_a_far_frame().hex()}
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE],
        input=json.dumps(far).encode(),
        capture_output=True,
        cwd=ROOT,
        timeout=120,
        check=True,
    )
    grown = json.loads(done.stdout)
    assert len(grown) == len(hostile_files()) + 1
    assert {name: mib for name, mib in grown.items() if mib > MOST_MIB} == {}


def _gif_with_a_far_frame() -> bytes:
    """Return a GIF whose frame is to be cleared afterwards: a decoder fills it as it opens."""
    data = bytearray(encoded(scene(1, 40, 30).convert("L"), "GIF", disposal=2))
    descriptor = data.index(b"\x2c\0\0\0\0" + bytes([40, 0, 30, 0]))
    data[descriptor + 5 : descriptor + 9] = FAR_SIDE.to_bytes(2, "little") * 2
    return bytes(data)


def test_no_limit_lifts_the_ceiling() -> None:
    """Pillow refuses at twice its mark: that is where the ceiling lies."""
    assert Image.MAX_IMAGE_PIXELS == MOST_PIXELS // 2
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with pytest.raises(Undecodable) as caught:
        list(
            pictures(hostile_files()["png of the largest sides"], DecodeLimits(max_pixels=1 << 40))
        )
    assert caught.value.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("action", ["error", "always"])
def test_warnings_neither_show_nor_change_what_is_read(
    action: str, recwarn: pytest.WarningsRecorder
) -> None:
    """An APNG of no frames makes Pillow warn, and show the still."""
    plain = encoded(scene(1, 64, 48), "PNG")
    no_frames = b"\0\0\0\x08acTL" + bytes(8) + b"\0\0\0\0"
    with warnings.catch_warnings():
        warnings.simplefilter(action)  # type: ignore[arg-type]
        recwarn.clear()
        (shown,) = pictures(plain[:33] + _with_checksum(no_frames) + plain[33:], DecodeLimits())
    assert np.array_equal(shown.rgb, np.asarray(scene(1, 64, 48)))
    assert not recwarn.list


def _with_checksum(chunk: bytes) -> bytes:
    import zlib

    return chunk[:-4] + zlib.crc32(chunk[4:-4]).to_bytes(4)


def test_threads_read_as_one_reader_does() -> None:
    files = [
        encoded(scene(seed, 200, 150), kind)
        for seed in range(4)
        for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF")
    ]

    def read(data: bytes) -> list[Picture]:
        return list(pictures(data, DecodeLimits()))

    alone = [read(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read, files * 3))
    for number, found in enumerate(together):
        expected = alone[number % len(files)]
        assert len(found) == len(expected)
        assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(found, expected, strict=True))


def test_a_reader_that_is_left_early_leaves_nothing_behind() -> None:
    frames = [scene(seed, 64, 48) for seed in range(5)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    found = pictures(data, DecodeLimits())
    assert next(found).frame == 0
    found.close()  # type: ignore[attr-defined]
    assert [one.frame for one in pictures(data, DecodeLimits())] == [0, 1, 2, 3, 4]


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(Undecodable, match="truncated") as caught:
        list(pictures(encoded(scene(1, 64, 48), "JPEG")[:400], DecodeLimits()))
    assert caught.value.remedy
