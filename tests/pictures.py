"""Benign pictures drawn by code: textured, photo-like, the same for the same seed."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def scene(seed: int, width: int, height: int) -> Image.Image:
    """Return a landscape of hills, sun and blocks with grain."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    top, bottom = rng.integers(60, 255, 3), rng.integers(0, 160, 3)
    for y in range(height):
        mix = y / height
        draw.line((0, y, width, y), tuple(int(v) for v in top * (1 - mix) + bottom * mix))
    for _ in range(6):
        base, swing = rng.uniform(0.3, 0.9) * height, rng.uniform(0.05, 0.3) * height
        wave, shift = rng.uniform(1, 5), rng.uniform(0, 6.3)
        line = [
            (x, base + swing * np.sin(wave * x / width * 6.3 + shift)) for x in range(0, width, 4)
        ]
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        draw.polygon([*line, (width, height), (0, height)], fill=colour)
    for _ in range(12):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        w, h = rng.uniform(0.03, 0.2, 2) * (width, height)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + w, y + h), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    grain = rng.normal(0, 6, (height, width, 3))
    noisy = np.clip(np.asarray(picture, np.float64) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(0.6))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as a file's bytes."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
