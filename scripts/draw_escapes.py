"""Draws copies that escape all looks, for docs/reference/evasion.md; fails when one is found."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_PAGE = Path(__file__).parents[1] / "docs" / "pictures" / "escapes.jpg"
_SIZE = (480, 360)


def street(seed: int) -> Image.Image:
    """Return a drawn picture with as many corners as a street has."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", _SIZE, tuple(rng.integers(90, 200, 3).tolist()))
    draw = ImageDraw.Draw(picture)
    for _ in range(220):
        x, y = rng.uniform(0, _SIZE[0]), rng.uniform(0, _SIZE[1])
        w, h = rng.uniform(4, 60, 2)
        kind = (draw.ellipse, draw.rectangle)[int(rng.integers(2))]
        kind((x, y, x + w, y + h), fill=tuple(rng.integers(0, 255, 3).tolist()))
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def hills() -> Image.Image:
    """Return soft hills in fog, in which hardly a point strikes."""
    y, x = np.mgrid[0 : _SIZE[1], 0 : _SIZE[0]] / _SIZE[1]
    waves = [np.sin(x * (2 + k) + k) * 0.05 + 0.3 + k * 0.2 for k in range(3)]
    grey = sum(60 / (1 + np.exp(-(y - wave) * 9)) for wave in waves) + 40
    return Image.fromarray(
        np.repeat(np.asarray(grey)[..., None], 3, 2).clip(0, 255).astype(np.uint8)
    )


def _small_crop(picture: Image.Image) -> Image.Image:
    return picture.crop((150, 110, 290, 215)).resize(_SIZE)


def _soft_crop(picture: Image.Image) -> Image.Image:
    return picture.crop((70, 50, 430, 320))


def _bent(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture)
    y, x = np.mgrid[0 : _SIZE[1], 0 : _SIZE[0]]
    across = (x + 14 * np.sin(y / 17)).clip(0, _SIZE[0] - 1).astype(int)
    down = (y + 14 * np.sin(x / 19)).clip(0, _SIZE[1] - 1).astype(int)
    return Image.fromarray(pixels[down, across])


def _negative_crop(picture: Image.Image) -> Image.Image:
    return Image.eval(_soft_crop(picture), lambda level: 255 - level)


ESCAPES = (
    ("a ninth of it", street(1), _small_crop),
    ("a crop of fog", hills(), _soft_crop),
    ("bent like water", street(2), _bent),
    ("negative and cropped", street(3), _negative_crop),
)


def main() -> None:
    """Prove that each escapes, and write the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("listed", "copies"):
            (folder / part).mkdir()
        for number, (_, picture, change) in enumerate(ESCAPES):
            picture.save(folder / "listed" / f"{number}.png")
            change(picture).save(folder / "copies" / f"{number}.png")
        _tutela(folder, "init", "--no-passphrase")
        _tutela(folder, "lists", "build", "listed", str(folder / "listed"))
        words = ("--json", "scan", str(folder / "copies"), "--looks", "full")
        rows = [json.loads(line) for line in _tutela(folder, *words).splitlines()]
    found = [Path(row["path"]).stem for row in rows if row["matches"]]
    if found:
        sys.exit(f"Found after all: {', '.join(ESCAPES[int(one)][0] for one in found)}.")
    whole = Image.new("RGB", (len(ESCAPES) * 250 + 10, 410), "white")
    draw = ImageDraw.Draw(whole)
    for number, (what, picture, change) in enumerate(ESCAPES):
        left = 10 + number * 250
        whole.paste(picture.resize((240, 180)), (left, 10))
        whole.paste(change(picture).resize((240, 180)), (left, 200))
        draw.text((left, 385), what, "black", font_size=16)
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=80)
    _PAGE.write_bytes(out.getvalue())


def _tutela(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "tutela", "--home", str(folder / "home"), *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ours
    # 3: fog has so little in it that its PDQ is not listed.
    if done.returncode not in {0, 3}:
        sys.exit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
