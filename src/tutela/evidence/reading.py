"""A sealed object as a file: any range of it is read by opening only the chunks that hold it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

from tutela.errors import Tampered
from tutela.evidence import chunks, secretstream
from tutela.evidence.chunks import CHUNK, EXTRA, Chunks
from tutela.evidence.parts import sized
from tutela.evidence.sealing import proving, unsealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

_MOST_AT_ONCE = 64
"""Chunks fetched by one request: 4 MiB."""


class Stored(Protocol):
    """Where the sealed bytes are."""

    def range(self, start: int, length: int) -> bytes:
        """Return sealed bytes, fewer only at the end."""
        ...

    def parts(self) -> Iterator[bytes]:
        """Give all sealed bytes from the start."""
        ...


class Reading(io.RawIOBase):
    """Plain bytes of `size`, read where asked. Holds at most 4 MiB. Raises `Tampered`.

    Each byte that is given stands at its place in what was sealed. Whether the parts that nobody
    read are whole is not known: that takes reading all of it (`Vault.open_parts`).
    """

    def __init__(self, stored: Stored, size: int, object_key: bytes, bound_to: bytes) -> None:
        super().__init__()
        self.size = size
        self._at = 0
        self._run: list[bytes] = []
        self._run_start = 0
        self._chunks = _opener(stored, size, object_key, bound_to)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere, also beyond the end, where there is nothing to read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the start")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer` from here on, as far as one run of chunks goes."""
        into = memoryview(buffer).cast("B")
        wanted = min(len(into), max(0, self.size - self._at))
        if not wanted:
            return 0
        first = self._at // CHUNK
        if not self._run_start <= first < self._run_start + len(self._run):
            number = min((self._at + wanted - 1) // CHUNK - first + 1, _MOST_AT_ONCE)
            self._run, self._run_start = self._chunks(first, number), first
        chunk = self._run[first - self._run_start]
        piece = memoryview(chunk)[self._at % CHUNK :][:wanted]
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def read_range(self, start: int, length: int) -> bytes:
        """Return the bytes from `start`, fewer only where the object ends."""
        self.seek(start)
        got = bytearray()
        while len(got) < length and (part := self.read(length - len(got))):
            got += part
        return bytes(got)


def _opener(
    stored: Stored, size: int, object_key: bytes, bound_to: bytes
) -> Callable[[int, int], list[bytes]]:
    head = stored.range(0, chunks.START)
    if head.startswith(secretstream.MAGIC):
        return _Streamed(stored, object_key, bound_to)
    with proving():
        if not head.startswith(chunks.MAGIC):
            raise ValueError("not sealed by Tutela")
        opening = Chunks.read(head[len(chunks.MAGIC) :], object_key, bound_to)
    last = chunks.count(size) - 1

    def run(first: int, number: int) -> list[bytes]:
        found = stored.range(chunks.place(first), number * (CHUNK + EXTRA))
        with proving():
            opened = [
                opening.open(place, sealed, last=place == last)
                for place, sealed in enumerate(sized((found,), CHUNK + EXTRA), first)
            ]
            _prove_sizes(opened, first, number, size)
        return opened

    return run


def _prove_sizes(opened: list[bytes], first: int, number: int, size: int) -> None:
    expected = min(size, (first + number) * CHUNK) - first * CHUNK
    if sum(map(len, opened)) != expected:
        raise ValueError("not the size on record")


class _Streamed:
    """Format 1 opens only from its start: going back begins anew."""

    def __init__(self, stored: Stored, object_key: bytes, bound_to: bytes) -> None:
        def again() -> Iterator[bytes]:
            return sized(unsealed(stored.parts(), object_key, bound_to), CHUNK)

        self._again = again
        self._next = 0
        self._coming = self._again()

    def __call__(self, first: int, number: int) -> list[bytes]:
        if first < self._next:
            self._next, self._coming = 0, self._again()
        found = []
        while self._next < first + number:
            chunk = next(self._coming, None)
            if chunk is None:
                raise Tampered(
                    "Sealed bytes end before the size on record.",
                    "Treat the record as altered: run `tutela audit verify`.",
                )
            if self._next >= first:
                found.append(chunk)
            self._next += 1
        return found
