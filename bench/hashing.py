"""JPEG bytes in memory to a PDQ hash: exact and quick, beside threatexchange and pdqhash."""

import io

import numpy as np
import pdqhash
import simplejpeg
from bench.photos import MEGAPIXELS, jpegs, source
from bench.report import Table, machine
from bench.rounds import taking_turns
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

from tutela.content.decoding import DecodeLimits, pictures, reduced
from tutela.hashing.pdq import pdq
from tutela.hashing.screening_hash import LEAST_SIDE, screening_hash

_LIMITS = DecodeLimits()
_PICTURES = 8


def exact(data: bytes) -> str:
    """Return the record hash of the first picture in a file."""
    return pdq(next(pictures(data, _LIMITS)).rgb).hex


def quick(data: bytes) -> bytes:
    """Return the screening hash of a plain JPEG."""
    smaller = reduced(data, _LIMITS, LEAST_SIDE)
    if smaller is None:
        raise ValueError
    return screening_hash(smaller).bits


def _pdqhash(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as file:
        bits, _quality = pdqhash.compute(np.asarray(file.convert("RGB")))
    return np.packbits(bits).tobytes().hex()


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return milliseconds a picture and ratios."""
    columns = (
        "megapixels",
        "threatexchange",
        "Pillow + pdqhash",
        "exact",
        "faster than threatexchange",
        "quick",
        "faster than threatexchange",
        "grey decode, full size",
        "equal to pdqhash",
    )
    table = Table("One picture, bytes to hash, one core, ms: median (range)", columns)
    for megapixels in MEGAPIXELS[: 2 if quick_run else None]:
        files = jpegs(megapixels, _PICTURES)
        rounds = 3 if quick_run or megapixels > 2 else 7
        works = {
            "threatexchange": lambda: [PdqSignal.hash_from_bytes(one) for one in files],
            "pdqhash": lambda: [_pdqhash(one) for one in files],
            "exact": lambda: [exact(one) for one in files],
            "quick": lambda: [quick(one) for one in files],
            "floor": lambda: [simplejpeg.decode_jpeg(one, "GRAY") for one in files],
        }
        taken = taking_turns(works, rounds, calls=len(files))
        peer = taken["threatexchange"].median
        table.row(
            megapixels,
            taken["threatexchange"].shown(),
            taken["pdqhash"].shown(),
            taken["exact"].shown(),
            table.ratio(f"exact hash, {megapixels:g} MP", peer / taken["exact"].median),
            taken["quick"].shown(),
            table.ratio(f"quick hash, {megapixels:g} MP", peer / taken["quick"].median),
            taken["floor"].shown(),
            f"{sum(exact(one) == _pdqhash(one) for one in files)} of {len(files)}",
        )
    table.notes.append(source())
    table.notes.append(machine("threatexchange", "pdqhash", "pillow", "simplejpeg", "numpy"))
    return [table]
