"""Drawn material: landscapes made by code, so that there is a set before anybody collects one."""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter

NAME = "drawn"
PICTURES = 12
TEACHES = "A drawn landscape: near a listed picture is no proof, a small look is."
_SIZE = (960, 640)
_SKIES = ((173, 205, 232), (244, 208, 168), (120, 140, 178), (214, 224, 236))
_GROUNDS = ((86, 122, 72), (142, 118, 82), (70, 96, 110), (168, 152, 104))


def drawn(number: int) -> bytes:
    """Return one landscape as JPEG. The same number draws the same one."""
    random = Random(f"golden {number}")  # noqa: S311 - no secret: it draws hills
    width, height = _SIZE
    picture = Image.new("RGB", _SIZE, random.choice(_SKIES))
    draw = ImageDraw.Draw(picture)
    x, y, size = random.randint(80, 880), random.randint(40, 200), random.randint(30, 90)
    draw.ellipse((x - size, y - size, x + size, y + size), fill=(250, 240, 205))
    ground = random.choice(_GROUNDS)
    for layer in range(4):
        shade = tuple(max(0, part - 18 * layer) for part in ground)
        level = height * (0.42 + 0.14 * layer)
        step = random.randint(70, 200)
        ridge = [
            (at, level + random.uniform(-70, 70)) for at in range(-step, width + 2 * step, step)
        ]
        draw.polygon([*ridge, (width + step, height), (-step, height)], fill=shade)
    for _ in range(random.randint(3, 12)):
        _tree(draw, random)
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(0.8)).save(out, "JPEG", quality=88)
    return out.getvalue()


def _tree(draw: ImageDraw.ImageDraw, random: Random) -> None:
    x, foot, tall = random.randint(20, 940), random.randint(430, 630), random.randint(50, 150)
    draw.rectangle((x - 4, foot - tall // 3, x + 4, foot), fill=(84, 66, 50))
    top = [(x, foot - tall), (x - tall // 3, foot - tall // 4), (x + tall // 3, foot - tall // 4)]
    draw.polygon(top, fill=(44, random.randint(78, 108), 58))
