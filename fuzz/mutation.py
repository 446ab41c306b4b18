"""Hostile inputs from whole ones: first each seed as it is, then changed at random for ever."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_CHANGES = 6
_LONGEST = 1 << 16
_TELLING = (b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")


def mutated(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Yield the seeds, then changes of them; the same for the same `seed`."""
    yield from seeds
    words = random.Random(seed)
    while True:
        yield mutation(words.choice(seeds), words, seeds)


def mutation(whole: bytes, words: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return `whole` with a few changes: bits, numbers, cuts, repeats, parts of another seed."""
    data = bytearray(whole)
    for _ in range(words.randint(1, _MOST_CHANGES)):
        at = words.randint(0, len(data))
        stretch = words.randint(0, min(64, len(data) - at))
        match words.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << words.randrange(8)
            case 1:
                telling = words.choice(_TELLING)
                data[at : at + len(telling)] = telling
            case 2:
                del data[at : at + stretch]
            case 3:
                data[at:at] = data[at : at + stretch] * words.randint(1, 4)
            case 4:
                other = words.choice(seeds)
                start = words.randint(0, len(other))
                data[at : at + stretch] = other[start : start + words.randint(0, 64)]
            case _:
                data[at : at + stretch] = words.randbytes(stretch)
    return bytes(data[:_LONGEST])
