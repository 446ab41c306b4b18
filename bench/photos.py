"""Benign pictures to measure with: photos beside the repository if there are any, else drawn."""

import functools
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

_PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
_BESIDE = _PHOTOS / "main"
SETS = ("main", "near_scene", "graphics")
MEGAPIXELS = (0.3, 1.0, 4.0, 12.0)


def source() -> str:
    """Return where the pictures come from, as a sentence."""
    if _BESIDE.is_dir():
        return "Pictures: openly licensed photos, scaled to each size, JPEG quality 85, 4:2:0."
    return "Pictures: drawn by code at each size, JPEG quality 85, 4:2:0."


@functools.cache
def jpegs(megapixels: float, count: int) -> list[bytes]:
    """Return so many different pictures of this size as JPEG files."""
    height = int((megapixels * 1e6 * 3 / 4) ** 0.5)
    size = (height * 4 // 3, height)
    return [
        _encoded(_picture(number).resize(size, Image.Resampling.LANCZOS)) for number in range(count)
    ]


def pictures(count: int, kind: str = "main", start: int = 0) -> Iterator[Image.Image]:
    """Yield so many different pictures of a set, or as many as there are, from one on.

    Where there are no photos, `main` is drawn, and the other sets are empty.
    """
    files = sorted((_PHOTOS / kind).glob("*.jpg")) if _PHOTOS.is_dir() else []
    if not files and kind == "main":
        yield from (_drawn(number) for number in range(start, start + count))
    if kind == "main":
        # In an order in which neighbours do not stand together.
        files = [files[place] for place in np.random.default_rng(1).permutation(len(files))]
    for path in files[start : start + count]:
        with Image.open(path) as file:
            yield file.convert("RGB")


def _encoded(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


@functools.lru_cache(maxsize=64)
def _picture(number: int) -> Image.Image:
    files = sorted(_BESIDE.glob("*.jpg")) if _BESIDE.is_dir() else []
    if files:
        with Image.open(files[number * 7 % len(files)]) as file:
            return file.convert("RGB")
    return _drawn(number)


def _drawn(number: int) -> Image.Image:
    """Return waves of several scales with grain, which compress about as photos do."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:900, 0:1200] / 900
    levels = []
    for _ in range(3):
        waves = sum(
            np.sin(x * rng.uniform(-f, f) + y * rng.uniform(-f, f) + rng.uniform(0, 6)) / f**0.5
            for f in (3, 8, 20, 60, 150)
        )
        levels.append(127 + 60 * waves + rng.normal(0, 4, x.shape))
    return Image.fromarray(np.stack(levels, axis=2).clip(0, 255).astype(np.uint8))
