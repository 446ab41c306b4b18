"""The tables in NumPy: what the compiled kernels are tested against, and stand in for them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Distances = NDArray[np.int64]

_TABLES = 16
_PAIRS = _TABLES // 2
_KEYS = 1 << 16
_ENTRY_BYTES, _ROW_BYTES = 5, 3
_SCANNED = 1 << 16


@cache
def _differences() -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Return the words of at most three bits, those of fewest first, and their bits."""
    words = np.arange(_KEYS, dtype=np.uint16)
    bits = np.bitwise_count(words)
    few = np.argsort(bits, kind="stable")[: int((bits <= 3).sum())]  # noqa: PLR2004 - radius 63
    return words[few], bits[few].astype(np.int64)


def build(
    hashes: NDArray[np.uint8], starts: NDArray[np.uint32], entries: NDArray[np.uint8]
) -> None:
    """Fill the tables: see `multi_index.MultiIndex` for their form."""
    words = np.ascontiguousarray(hashes).view(np.uint16)
    rows = len(hashes)
    for table in range(_TABLES):
        keys = words[:, table]
        counts = np.bincount(keys, minlength=_KEYS)
        starts[table, 0] = 0
        starts[table, 1:] = np.cumsum(counts)
        order = np.argsort(keys, kind="stable").astype(np.uint32)
        first = starts[table, :-1].astype(np.int64)[keys[order]]
        held = counts[keys[order]]
        place = np.arange(rows) - first
        siblings = words[order, table ^ 1]
        at = _ENTRY_BYTES * first + 2 * place
        for byte in range(2):
            entries[table, at + byte] = (siblings >> (8 * byte)).astype(np.uint8)
        at = _ENTRY_BYTES * first + 2 * held + _ROW_BYTES * place
        for byte in range(_ROW_BYTES):
            entries[table, at + byte] = (order >> (8 * byte)).astype(np.uint8)


def search(
    hashes: NDArray[np.uint8],
    starts: NDArray[np.uint32],
    entries: NDArray[np.uint8],
    query: bytes,
    radius: int,
) -> tuple[Rows, Distances]:
    """Return the rows within the radius, each once, and their distances."""
    wanted = np.frombuffer(query, np.uint16)
    words, bits = _differences()
    near = [np.empty(0, np.int64)]
    for table in range(_TABLES):
        share = (radius + 1) // _PAIRS + (table // 2 < (radius + 1) % _PAIRS)
        asked = bits < (share + 1 - table % 2) // 2
        keys, limits = wanted[table] ^ words[asked], share - 1 - bits[asked]
        near.append(_candidates(starts[table], entries[table], keys, wanted[table ^ 1], limits))
    rows = np.unique(np.concatenate(near))
    distances = np.bitwise_count(
        np.ascontiguousarray(hashes[rows]).view(np.uint64) ^ np.frombuffer(query, np.uint64)
    ).sum(axis=1, dtype=np.int64)
    within = distances <= radius
    return rows[within], distances[within]


def _candidates(
    starts: NDArray[np.uint32],
    entries: NDArray[np.uint8],
    keys: NDArray[np.uint16],
    sibling: np.uint16,
    limits: NDArray[np.int64],
) -> Rows:
    """Return the rows under the keys whose sibling word is within the key's limit."""
    first = starts[keys].astype(np.int64)
    held = starts[keys.astype(np.int64) + 1].astype(np.int64) - first
    total = int(held.sum())
    bucket = np.repeat(_ENTRY_BYTES * first, held)
    place = np.arange(total) - np.repeat(np.cumsum(held) - held, held)
    at = bucket + 2 * place
    beside = entries[at].astype(np.uint16) | (entries[at + 1].astype(np.uint16) << 8)
    near = np.bitwise_count(beside ^ sibling) <= np.repeat(limits, held)
    at = (bucket + 2 * np.repeat(held, held) + _ROW_BYTES * place)[near]
    low, middle, high = (entries[at + byte].astype(np.int64) for byte in range(_ROW_BYTES))
    rows: Rows = low | middle << 8 | high << 16
    return rows


def scan(hashes: NDArray[np.uint8], query: bytes, radius: int) -> tuple[Rows, Distances]:
    """Return the rows within the radius and their distances, looking at each."""
    wanted = np.frombuffer(query, np.uint64)
    rows, distances = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(hashes), _SCANNED):
        some = np.ascontiguousarray(hashes[start : start + _SCANNED]).view(np.uint64)
        apart = np.bitwise_count(some ^ wanted).sum(axis=1, dtype=np.int64)
        near = np.flatnonzero(apart <= radius)
        rows.append(near + start)
        distances.append(apart[near])
    return np.concatenate(rows), np.concatenate(distances)
