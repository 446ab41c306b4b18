"""The index port: 256-bit hashes found again within a radius, none missed; and the linear scan."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

HASH_BYTES = 32
MAX_RADIUS = 63
EVERYTHING = 2**31 - 1
"""No limit to how many hits are returned."""
_WORDS = 4
_CHUNK = 1 << 16
_FIRST_CAPACITY = 1 << 10


@dataclass(frozen=True, slots=True)
class Hit:
    """One hash found: its id and its distance from the query, in bits."""

    id: int
    distance: int


class Index(Protocol):
    """Hashes by id, searched within a radius. Every hash within it is found: recall is 1.

    Any thread may search while one adds or removes; a search sees all of a change or none.
    """

    def add(self, ids: NDArray[np.int64], hashes: NDArray[np.uint8]) -> None:
        """Add n hashes, shape (n, 32). Raises `InvalidInput` for an id that is there already."""
        ...

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove hashes by id and return how many there were; unknown ids are passed over."""
        ...

    def search(self, query: bytes, radius: int, most: int = EVERYTHING) -> list[Hit]:
        """Return the hashes within `radius` (0 to 63) bits of 32 bytes, by distance, then id.

        All of them, or the nearest `most`: a list may hold a flat picture a million times.
        """
        ...

    def search_many(self, queries: Sequence[bytes], radius: int) -> list[list[Hit]]:
        """Return what `search` without a limit returns for each query."""
        ...

    def __len__(self) -> int: ...


def checked_radius(radius: int) -> int:
    """Return the radius. Raises `InvalidInput` unless 0 to 63: half of 128, where chance begins."""
    if not 0 <= radius <= MAX_RADIUS:
        raise InvalidInput(f"The radius {radius} is out of range.", f"Use 0 to {MAX_RADIUS} bits.")
    return radius


def checked_query(query: bytes) -> bytes:
    """Return the query. Raises `InvalidInput` unless it has 32 bytes."""
    if len(query) != HASH_BYTES:
        raise InvalidInput(
            f"A hash of {len(query)} bytes cannot be searched.", f"Use {HASH_BYTES} bytes (PDQ)."
        )
    return query


def checked_rows(
    ids: NDArray[np.int64], hashes: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return ids and hashes as contiguous arrays. Raises `InvalidInput` for other shapes."""
    numbers = np.ascontiguousarray(ids, np.int64)
    rows = np.ascontiguousarray(hashes, np.uint8)
    if numbers.ndim != 1 or rows.shape != (len(numbers), HASH_BYTES):
        raise InvalidInput(
            "Ids and hashes do not fit together.", "Give n ids and an array of n by 32 bytes."
        )
    if len(numbers) > 1 and len(np.unique(numbers)) != len(numbers):
        raise InvalidInput("An id was given twice.", "Give each hash an id of its own.")
    return numbers, rows


@dataclass(frozen=True, slots=True)
class _State:
    """What a search works on. Rows from `size` on may be written meanwhile; those before never."""

    ids: NDArray[np.int64]
    words: Words
    size: int


class ScanIndex:
    """The linear scan: the oracle of other indexes, and fast enough for about a million hashes.

    Words lie in four rows (word, hash), so that the first two words are read end to end; a hash
    whose first half differs in more than `radius` bits is out. 40 bytes a hash; a search takes
    another 200 KiB, however many hashes there are.
    """

    def __init__(self) -> None:
        self._state = _State(np.empty(0, np.int64), np.empty((_WORDS, 0), np.uint64), 0)
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return self._state.size

    @property
    def ids(self) -> NDArray[np.int64]:
        """Return every id, as a copy."""
        state = self._state
        return state.ids[: state.size].copy()

    def copy(self) -> ScanIndex:
        """Return an index of its own with the same hashes."""
        other = ScanIndex()
        other._state = _grown(self._state, self._state.size)
        return other

    def add(self, ids: NDArray[np.int64], hashes: NDArray[np.uint8]) -> None:
        """Add n hashes, shape (n, 32). Raises `InvalidInput` for an id that is there already."""
        numbers, rows = checked_rows(ids, hashes)
        if not len(numbers):
            return
        with self._writing:
            state = self._state
            held = state.ids[: state.size]
            # New ids are mostly the highest yet; only others need the look through all.
            if state.size and numbers.min() <= held.max() and np.isin(numbers, held).any():
                raise InvalidInput("An id is in the index already.", "Remove it first.")
            size = state.size + len(numbers)
            if size > len(state.ids):
                state = _grown(state, max(size + size // 2, _FIRST_CAPACITY))
            state.ids[size - len(numbers) : size] = numbers
            state.words[:, size - len(numbers) : size] = rows.view(np.uint64).T
            self._state = _State(state.ids, state.words, size)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove hashes by id and return how many there were; unknown ids are passed over."""
        with self._writing:
            state = self._state
            held = state.ids[: state.size]
            keep = ~np.isin(held, np.asarray(ids, np.int64))
            kept = int(keep.sum())
            if kept < state.size:
                words = np.ascontiguousarray(state.words[:, : state.size][:, keep])
                self._state = _State(held[keep], words, kept)
            return state.size - kept

    def search(self, query: bytes, radius: int, most: int = EVERYTHING) -> list[Hit]:
        """Return the nearest `most` hashes within `radius` (0 to 63) bits, by distance, then id."""
        checked_radius(radius)
        wanted = np.frombuffer(checked_query(query), np.uint64)
        state = self._state
        hits: list[Hit] = []
        for start in range(0, state.size, _CHUNK):
            stop = min(start + _CHUNK, state.size)
            rows, distances = _near(state.words, start, stop, wanted, radius)
            hits.extend(
                Hit(number, distance)
                for number, distance in zip(
                    state.ids[rows].tolist(), distances.tolist(), strict=True
                )
            )
        return sorted(hits, key=lambda hit: (hit.distance, hit.id))[:most]

    def search_many(self, queries: Sequence[bytes], radius: int) -> list[list[Hit]]:
        """Return what `search` returns for each query."""
        return [self.search(query, radius) for query in queries]


def _near(
    words: Words, start: int, stop: int, wanted: Words, radius: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return which rows are within the radius, and how far they are."""
    half = np.bitwise_count(words[0, start:stop] ^ wanted[0])
    half += np.bitwise_count(words[1, start:stop] ^ wanted[1])
    rows = np.flatnonzero(half <= radius)
    if not len(rows):
        return rows, np.empty(0, np.int64)
    # 256 differing bits do not fit the bytes that half a hash fits.
    whole = half[rows].astype(np.int64)
    rows += start
    for word in (2, 3):
        whole += np.bitwise_count(words[word, rows] ^ wanted[word])
    near = whole <= radius
    return rows[near], whole[near]


def _grown(state: _State, capacity: int) -> _State:
    """Return a copy with room for `capacity` hashes."""
    ids = np.empty(capacity, np.int64)
    words = np.empty((_WORDS, capacity), np.uint64)
    ids[: state.size] = state.ids[: state.size]
    words[:, : state.size] = state.words[:, : state.size]
    return _State(ids, words, state.size)
