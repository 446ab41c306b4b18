"""What clients upload: benign pictures, each with a mark that may be found on no disk."""

from __future__ import annotations

import base64
import itertools
import random
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.pictures import encoded, scene

from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

MARK = b"TUTELA-PLAINTEXT-MARK-"
KINDS = ("listed", "listed", "clean", "broken")
_SCENES = 6
_OTHERS = 9000
_QUALITY = 80
_LARGE = 1_500_000
"""Bytes of padding of a large upload: above what parsers spool, and stores take in one part."""


def traces() -> tuple[bytes, ...]:
    """Return what betrays an upload on a disk: its mark, plain and in base64 at each offset."""
    plain = MARK * 2
    coded = (base64.b64encode(plain[start:])[4:24] for start in range(3))
    return (MARK, *coded)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file, and what Tutela must say of it: `listed` is never clean."""

    kind: str
    name: str
    data: bytes


def _scenes() -> Iterator[Image.Image]:
    return (scene(seed, 320, 240) for seed in itertools.count())


def _distinct(picture: Image.Image) -> bool:
    """Say whether a picture's hash is good enough for a list."""
    printed = fingerprint(encoded(picture, "JPEG", quality=88), DecodeLimits())
    return printed.pictures[0].quality >= _QUALITY


class Uploads:
    """Makes uploads by chance. Every one has other bytes and its picture's hash."""

    def __init__(self) -> None:
        listed = list(itertools.islice(filter(_distinct, _scenes()), _SCENES))
        clean = [scene(seed, 320, 240) for seed in range(100, 100 + _SCENES)]
        self._listed = [encoded(one, "JPEG", quality=88) for one in listed]
        self._clean = [encoded(one, "PNG") for one in clean]

    def hash_list(self) -> bytes:
        """Return the list, as CSV, that the listed pictures are on."""
        lines = ["id,pdq"]
        # Enough that the index is more than its tail: these are like no picture.
        chance = random.Random(0)
        lines += [f"other-{one},{chance.randbytes(32).hex()}" for one in range(_OTHERS)]
        for number, data in enumerate(self._listed):
            printed = fingerprint(data, DecodeLimits())
            lines.append(f"listed-{number},{printed.pictures[0].pdq}")
        return "\n".join(lines).encode()

    def one(self, chance: random.Random) -> Upload:
        """Return one upload."""
        kind = chance.choice(KINDS)
        data = chance.choice(self._clean if kind == "clean" else self._listed)
        if kind == "broken":
            data = data[: len(data) // 3]
        # After the end of the picture: it changes the file's bytes and not what it shows.
        tail = MARK * 2 + secrets.token_hex(8).encode()
        if chance.random() < 0.1:
            tail += chance.randbytes(_LARGE) + MARK
        return Upload(kind, f"picture.{'png' if kind == 'clean' else 'jpg'}", data + tail)
