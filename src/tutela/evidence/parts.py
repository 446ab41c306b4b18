"""Bytes that come in parts, cut anew to the sizes that a format wants."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """Give `data` in pieces of `size`; the last may be smaller."""
    view = memoryview(data)
    for at in range(0, len(data), size):
        yield bytes(view[at : at + size])


def split(parts: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `size` bytes, or all if there are fewer, and what comes after them."""
    waiting = iter(parts)
    head = b""
    while len(head) < size and (part := next(waiting, None)) is not None:
        head += part
    return head[:size], itertools.chain([head[size:]], waiting)


def sized(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give the same bytes in pieces of `size`; the last may be smaller."""
    held = bytearray()
    for part in parts:
        view, at = memoryview(part), 0
        if held:
            at = size - len(held)
            held += view[:at]
            if len(held) < size:
                continue
            yield bytes(held)
            held.clear()
        # Most of a long part is copied once.
        end = max(at, len(part) - (len(part) - at) % size)
        for start in range(at, end, size):
            yield bytes(view[start : start + size])
        held += view[end:]
    if held:
        yield bytes(held)


def ending(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Say of each chunk whether it is the last. Nothing at all is one empty chunk."""
    chunk = next(chunks, b"")
    for following in chunks:
        yield chunk, False
        chunk = following
    yield chunk, True
