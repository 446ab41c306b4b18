"""A file cut anywhere is never taken for a whole one: no half-grey picture passes as read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.pictures import encoded, scene

from tutela.content.decoding import DecodeLimits, Reason, Undecodable, pictures

if TYPE_CHECKING:
    from PIL import Image

    from tutela.content.decoding import Picture

LIMITS = DecodeLimits()
STEPS = 60
SINGLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "baseline jpeg": ("JPEG", "RGB", {}),
    "progressive jpeg": ("JPEG", "RGB", {"progressive": True}),
    "png": ("PNG", "RGB", {}),
    "transparent png": ("PNG", "RGBA", {}),
    "gif": ("GIF", "P", {}),
    "lossy webp": ("WEBP", "RGB", {}),
    "lossless webp": ("WEBP", "RGB", {"lossless": True}),
    "bmp": ("BMP", "RGB", {}),
    "palette bmp": ("BMP", "P", {}),
    "tiff": ("TIFF", "RGB", {}),
    "lzw tiff": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "deflate tiff": ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}),
    "packbits tiff": ("TIFF", "RGB", {"compression": "packbits"}),
    "jpeg tiff": ("TIFF", "RGB", {"compression": "jpeg"}),
    "fax tiff": ("TIFF", "1", {"compression": "group4"}),
    "avif": ("AVIF", "RGB", {"speed": 10}),
    "heic": ("HEIF", "RGB", {}),
    "transparent heic": ("HEIF", "RGBA", {}),
}
ANIMATED = ("GIF", "PNG", "WEBP", "AVIF", "TIFF")


def _read(data: bytes) -> tuple[list[Picture], Reason | None]:
    found: list[Picture] = []
    try:
        found.extend(pictures(data, LIMITS))
    except Undecodable as problem:
        return found, problem.reason
    return found, None


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    changed = picture.convert(mode)
    if mode == "RGBA":
        changed.putalpha(picture.convert("L"))
    return changed


def _cuts(data: bytes) -> list[int]:
    even = range(1, len(data), max(1, len(data) // STEPS))
    return sorted({*even, *range(len(data) - 12, len(data))})


@pytest.mark.parametrize("name", SINGLE)
def test_a_cut_picture_is_refused_or_whole(name: str) -> None:
    """Whole: only bytes after the last pixel are missing, as a PNG's closing chunk."""
    kind, mode, options = SINGLE[name]
    data = encoded(_in_mode(scene(3, 160, 120), mode), kind, **options)
    whole, reason = _read(data)
    assert whole
    assert reason is None
    refused = 0
    for cut in _cuts(data):
        found, reason = _read(data[:cut])
        if reason is not None:
            refused += 1
            continue
        assert len(found) == len(whole)
        assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(found, whole, strict=True))
        assert cut >= len(data) - 12
    assert refused > STEPS * 0.9


@pytest.mark.parametrize("kind", ANIMATED)
def test_a_cut_animation_keeps_its_frames_and_says_so(kind: str) -> None:
    frames = [scene(seed, 64, 48) for seed in range(4)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    whole, _ = _read(data)
    for cut in _cuts(data):
        found, reason = _read(data[:cut])
        assert reason is not None or len(found) == len(whole)
        for one, other in zip(found, whole, strict=False):
            assert np.array_equal(one.rgb, other.rgb)


def test_a_gif_cut_between_two_frames_is_truncated() -> None:
    """The decoder takes it for the end; nothing but the missing trailer tells."""
    one, other = scene(1, 64, 48), scene(2, 64, 48)
    first = encoded(one, "GIF")
    both = encoded(one, "GIF", save_all=True, append_images=[other])
    assert _read(first)[1] is None
    found, reason = _read(first[:-1])
    assert (len(found), reason) == (1, Reason.TRUNCATED)
    assert len(_read(both)[0]) == 2
