"""What goes through the pipes: words as JSON, then bytes as they are, with both lengths in front.

No pickles: should a parser be taken over, what it says is still only data to whoever asked.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

HEAD = struct.Struct("<IQ")
"""Length of the words, length of the bytes."""


class Nonsense(ValueError):
    """What came is no frame, or none that may come."""


SENSELESS = (
    ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
"""What taking hostile words at their word may raise: then they make no sense."""


class TooLong(Nonsense):
    """A frame announces more than may come."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a JSON object, and bytes."""

    words: dict[str, Any]
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Most:
    """The longest frame that is taken, in bytes of words and of data."""

    words: int = 1 << 20
    data: int = 0


def spoken(words: dict[str, Any]) -> bytes:
    """Return words as they are sent."""
    return json.dumps(words).encode()


def head_and_words(words: bytes, size: int) -> bytes:
    """Return the start of a frame that `size` bytes follow."""
    return HEAD.pack(len(words), size) + words


def whole(said: object, least: int, most: int) -> int:
    """Return a whole number as it was said. Raises `Nonsense` for anything else, or beyond."""
    if type(said) is not int or not least <= said <= most:
        raise Nonsense
    return said


def taken(heard: bytearray, most: Most) -> Frame | None:
    """Take the first frame off what was heard; None while it is not whole.

    Raises `TooLong` as soon as one is announced that may not come, `Nonsense` for what is none.
    """
    if len(heard) < HEAD.size:
        return None
    words, data = HEAD.unpack_from(heard)
    if words > most.words or data > most.data:
        raise TooLong
    end = HEAD.size + words + data
    if len(heard) < end:
        return None
    said = bytes(heard[HEAD.size : HEAD.size + words])
    rest = bytes(heard[HEAD.size + words : end])
    del heard[:end]
    try:
        read = json.loads(said)
    except (ValueError, RecursionError) as problem:
        raise Nonsense from problem
    if not isinstance(read, dict):
        raise Nonsense
    return Frame(read, rest)
