"""Draws ordinary pictures and writes their hashes: the reference set that comes with Tutela.

Flat colours, gradients, stripes, boards, frames, discs and plain words, as logos, placeholders and
screens are made of; and files that everybody has. Nothing but code goes in.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

OUT = Path(__file__).parents[1] / "src" / "tutela" / "hashlists" / "references.csv"
_SIZE = 512
_TINY_GIF = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_FILES = {
    "the empty file": b"",
    "a line feed": b"\n",
    "a space": b" ",
    "the digit 0": b"0",
    "an empty JSON object": b"{}",
    "an empty JSON list": b"[]",
    "the word null": b"null",
    "a transparent GIF of one pixel": _TINY_GIF,
    **{f"{size} zero bytes": bytes(size) for size in (1, 512, 1024, 4096, 65536, 1 << 20)},
}


def pictures() -> Iterator[tuple[str, Image.Image]]:
    """Yield ordinary pictures and what each is."""
    steps = np.linspace(0, 255, _SIZE)
    across, down = np.meshgrid(steps, steps)
    for name, value in (("black", 0), ("grey", 128), ("white", 255)):
        yield f"flat {name}", Image.new("L", (_SIZE, _SIZE), value)
    for name, values in (
        ("left to right", across),
        ("right to left", 255 - across),
        ("top to bottom", down),
        ("bottom to top", 255 - down),
        ("to the lower right", (across + down) / 2),
        ("to the lower left", (255 - across + down) / 2),
        ("from the middle", np.hypot(across - 127.5, down - 127.5)),
    ):
        yield f"gradient {name}", Image.fromarray(values.astype(np.uint8))
    for number in (2, 4, 8, 16):
        band = (np.arange(_SIZE) * number // _SIZE) % 2 * 255
        lying = np.repeat(band[:, None], _SIZE, 1).astype(np.uint8)
        yield f"{number} lying stripes", Image.fromarray(lying)
        yield f"{number} standing stripes", Image.fromarray(lying.T.copy())
        yield f"board of {number} by {number}", Image.fromarray(lying ^ lying.T)
    yield from _drawn()


def _drawn() -> Iterator[tuple[str, Image.Image]]:
    middle = _SIZE // 2
    for ground, ink in ((255, 0), (0, 255)):
        named = "black on white" if ink == 0 else "white on black"
        for radius in (64, 128, 192):
            sheet = Image.new("L", (_SIZE, _SIZE), ground)
            box = (middle - radius, middle - radius, middle + radius, middle + radius)
            ImageDraw.Draw(sheet).ellipse(box, fill=ink)
            yield f"disc of {radius}, {named}", sheet
            sheet = Image.new("L", (_SIZE, _SIZE), ground)
            ImageDraw.Draw(sheet).rectangle(box, fill=ink)
            yield f"square of {radius}, {named}", sheet
            sheet = Image.new("L", (_SIZE, _SIZE), ground)
            ImageDraw.Draw(sheet).ellipse(box, outline=ink, width=24)
            yield f"ring of {radius}, {named}", sheet
        sheet = Image.new("L", (_SIZE, _SIZE), ground)
        pen = ImageDraw.Draw(sheet)
        pen.line((64, 64, 448, 448), fill=ink, width=32)
        pen.line((448, 64, 64, 448), fill=ink, width=32)
        yield f"cross, {named}", sheet
        sheet = Image.new("L", (_SIZE, _SIZE), ground)
        ImageDraw.Draw(sheet).polygon(((180, 130), (180, 382), (390, 256)), fill=ink)
        yield f"play button, {named}", sheet
        sheet = Image.new("L", (_SIZE, _SIZE), ground)
        pen = ImageDraw.Draw(sheet)
        pen.rectangle((48, 96, 464, 416), outline=ink, width=12)
        pen.polygon(((80, 400), (200, 220), (300, 400)), fill=ink)
        pen.ellipse((340, 130, 420, 210), fill=ink)
        yield f"placeholder of a picture, {named}", sheet


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield label, algorithm and value in hex, each value once."""
    seen = set()
    for label, data in _FILES.items():
        for algorithm in ("md5", "sha1", "sha256"):
            yield label, algorithm, hashlib.new(algorithm, data).hexdigest()
    for label, picture in pictures():
        out = io.BytesIO()
        picture.save(out, "PNG")
        value = fingerprint(out.getvalue(), DecodeLimits()).pictures[0].pdq
        if value not in seen:
            seen.add(value)
            yield label, "pdq", value


def text() -> str:
    """Return the file's text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("label", "algorithm", "value"))
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    OUT.write_text(text())
    sys.stdout.write(f"wrote {OUT.name}\n")
