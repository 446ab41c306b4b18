"""How far the quick hash lies from the exact one, and whether it ever changes a verdict."""

import io
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from bench.photos import jpegs, source
from bench.report import Table, machine
from PIL import Image, ImageEnhance

from tutela.content.decoding import DecodeLimits, pictures, reduced
from tutela.hashing.pdq import distance, pdq
from tutela.hashing.screening_hash import LARGEST_MARGIN, LEAST_SIDE, ScreeningHash, screening_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIMITS = DecodeLimits()
_RADIUS = 31
_DISTANCES = range(20, 46)


def variants(count: int, seed: int = 5) -> Iterator[bytes]:
    """Yield JPEG files of many sizes, qualities, subsamplings, colours and tones."""
    rng = random.Random(seed)
    for number in range(count):
        with Image.open(io.BytesIO(jpegs(1.0, 100)[number % 100])) as opened:
            picture = opened.convert("RGB")
        factor = rng.choice((0.5, 0.6, 0.8, 1, 1.3, 2))
        picture = picture.resize([round(side * factor) for side in picture.size])
        if rng.random() < 0.3:
            left, top = (round(side * rng.uniform(0, 0.2)) for side in picture.size)
            picture = picture.crop((left, top, *picture.size))
        picture = ImageEnhance.Color(picture).enhance(rng.choice((0, 1, 1, 2, 5)))
        picture = ImageEnhance.Contrast(picture).enhance(rng.choice((0.4, 1, 1, 2.5)))
        picture = ImageEnhance.Brightness(picture).enhance(rng.choice((0.4, 1, 1, 1.6)))
        out = io.BytesIO()
        picture.save(
            out,
            "JPEG",
            quality=rng.choice((20, 35, 50, 75, 85, 95)),
            subsampling=rng.choice((0, 1, 2)),
            progressive=rng.random() < 0.3,
        )
        yield out.getvalue()


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return distances and decisions."""
    apart, margins, beyond, exact_at_once = [], [], 0, 0
    decisions, missed = 0, 0
    rng = np.random.default_rng(7)
    count = 40 if quick_run else 4000 if large else 800
    for data in variants(count):
        smaller = reduced(data, _LIMITS, LEAST_SIDE)
        quick = screening_hash(smaller) if smaller else None
        if quick is None or quick.margin > LARGEST_MARGIN:
            exact_at_once += 1
            continue
        exact = pdq(next(pictures(data, _LIMITS)).rgb).bits
        apart.append(distance(quick.bits, exact))
        margins.append(quick.margin)
        beyond += apart[-1] > quick.margin
        for bits in _DISTANCES:
            decisions += 1
            missed += _misses(quick, exact, _flipped(exact, bits, rng), bits)
    table = Table(f"The quick hash of {count} variants", ("figure", "value"))
    table.row("hashed exactly at once: too small, or too much in doubt", exact_at_once)
    table.row("bits from the exact hash: median, 99 %, most", _quantiles(apart))
    table.row("bits that the search widens by: median, 99 %, most", _quantiles(margins))
    table.row("further from the exact hash than that", f"{beyond} of {len(apart)}")
    table.row(
        f"verdicts on entries {_DISTANCES[0]} to {_DISTANCES[-1]} bits from the exact hash",
        f"{decisions:,}",
    )
    table.row("of these, matches that the quick hash passed over", missed)
    table.notes.append(source())
    table.notes.append(machine("simplejpeg", "pillow", "numpy"))
    return [table]


def _misses(quick: ScreeningHash, exact: bytes, listed: bytes, bits: int) -> bool:
    """Say whether an entry that the exact hash matches is too far from the quick one."""
    assert distance(exact, listed) == bits
    return bits <= _RADIUS and distance(quick.bits, listed) > _RADIUS + quick.margin


def _flipped(value: bytes, bits: int, rng: np.random.Generator) -> bytes:
    places: NDArray[np.int64] = rng.choice(256, bits, replace=False)
    unpacked = np.unpackbits(np.frombuffer(value, np.uint8))
    unpacked[places] ^= 1
    return np.packbits(unpacked).tobytes()


def _quantiles(values: list[int]) -> str:
    return ", ".join(f"{np.quantile(values, at):.0f}" for at in (0.5, 0.99, 1))
