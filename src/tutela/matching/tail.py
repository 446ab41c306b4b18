"""The tail: what changed since the last segment was written, in memory that processes share.

A fixed number of records in a mapped file. One process at a time writes; a record counts once the
count in the header includes it, so readers see all of a change or none, and see it at once.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from tutela.matching.segment import invalid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"TUTELATL"
VERSION = 1
CAPACITY = 4096
"""Records of a new tail; scanned at each look, in about two microseconds."""
_PAGE = 4096
_HEAD = struct.Struct("<8sIIQQ")
_COUNTERS_AT = 64
_COUNT, _SUPERSEDED, _REVISION, _MARK, _COUNTERS = range(5)
_RECORD: Final = np.dtype([("check", "<u4"), ("kind", "<u4"), ("id", "<i8")])
# Odd numbers without a pattern: the digits of pi in base 2^64, each made odd.
_FACTORS: Final = np.array(
    [
        0x243F6A8885A308D3,
        0x13198A2E03707345,
        0xA4093822299F31D1,
        0x082EFA98EC4E6C89,
        0x452821E638D01377,
        0xBE5466CF34E90C6D,
        0xC0AC29B7C97C50DD,
    ],
    np.uint64,
)


class Record(IntEnum):
    """What a record says of its id."""

    ADDED = 1
    REMOVED = 2


class Tail:
    """The records after the segments of one generation."""

    def __init__(self, path: Path, value_bytes: int, generation: int) -> None:
        """Map a tail. Raises `IndexInvalid` for a file that is not this generation's."""
        self.path = path
        self.generation = generation
        with path.open("r+b") as file:
            head = file.read(_HEAD.size).ljust(_HEAD.size, b"\0")
            *said, self.capacity = _HEAD.unpack(head)
            if said != [MAGIC, VERSION, value_bytes, generation]:
                raise invalid(path, "is not the tail that belongs here")
            size = _PAGE + self.capacity * (_RECORD.itemsize + value_bytes)
            if os.fstat(file.fileno()).st_size != size:
                raise invalid(path, "is cut short")
            self._mapped = mmap.mmap(file.fileno(), 0)
        whole = np.frombuffer(self._mapped, np.uint8)
        self._counters = whole[_COUNTERS_AT : _COUNTERS_AT + 8 * _COUNTERS].view(np.uint64)
        values_at = _PAGE + self.capacity * _RECORD.itemsize
        self._heads = whole[_PAGE:values_at].view(_RECORD)
        self.values: NDArray[np.uint8] = whole[values_at:].reshape(self.capacity, value_bytes)

    @classmethod
    def create(cls, path: Path, value_bytes: int, generation: int) -> Tail:
        """Write an empty tail and return it."""
        with path.open("wb") as file:
            file.write(_HEAD.pack(MAGIC, VERSION, value_bytes, generation, CAPACITY))
            file.flush()
            size = _PAGE + CAPACITY * (_RECORD.itemsize + value_bytes)
            file.truncate(size)
            if sys.platform == "linux":
                # A full disk must show now: once the mapping is written to, it would kill.
                os.posix_fallocate(file.fileno(), 0, size)
        return cls(path, value_bytes, generation)

    @property
    def count(self) -> int:
        """Return how many records count."""
        return int(self._counters[_COUNT])

    @property
    def superseded(self) -> bool:
        """Say whether another generation has followed."""
        return bool(self._counters[_SUPERSEDED])

    def supersede(self) -> None:
        """Tell every process that another generation has followed."""
        self._counters[_SUPERSEDED] = 1

    @property
    def state(self) -> tuple[int, int]:
        """Return revision and mark of the lists that the index stands for."""
        return int(self._counters[_REVISION]), int(self._counters[_MARK])

    @state.setter
    def state(self, numbers: tuple[int, int]) -> None:
        self._counters[_REVISION : _MARK + 1] = numbers

    def append(
        self,
        removed: NDArray[np.int64],
        added: NDArray[np.int64],
        values: NDArray[np.uint8],
    ) -> None:
        """Write removals, then additions, and let them count together. The room must be there."""
        first = self.count
        middle, end = first + len(removed), first + len(removed) + len(added)
        self._heads["kind"][first:middle] = Record.REMOVED
        self._heads["kind"][middle:end] = Record.ADDED
        self._heads["id"][first:middle] = removed
        self._heads["id"][middle:end] = added
        self.values[first:middle] = 0
        self.values[middle:end] = values
        self._heads["check"][first:end] = self._checks(first, end)
        self._counters[_COUNT] = end

    def records(self, start: int, stop: int) -> tuple[list[int], list[int]]:
        """Return kinds and ids of these records. Raises `IndexInvalid` for a damaged one."""
        if not 0 <= start <= stop <= self.capacity:
            raise invalid(self.path, "counts more records than it holds")
        if (self._heads["check"][start:stop] != self._checks(start, stop)).any():
            raise invalid(self.path, "has damaged records")
        return self._heads["kind"][start:stop].tolist(), self._heads["id"][start:stop].tolist()

    def sync(self) -> None:
        """Bring the records to the disk."""
        self._mapped.flush()

    def _checks(self, start: int, stop: int) -> NDArray[np.uint32]:
        words = self.values[start:stop].view(np.uint64)
        sums = words @ _FACTORS[: words.shape[1]]
        sums += self._heads["id"][start:stop].astype(np.uint64) * _FACTORS[4]
        sums += self._heads["kind"][start:stop].astype(np.uint64) * _FACTORS[5]
        # A record left over from another generation must not count in this one.
        sums += np.uint64((self.generation + 1) * int(_FACTORS[6]) % 2**64)
        return ((sums ^ sums >> np.uint64(29)) >> np.uint64(32)).astype(np.uint32)
