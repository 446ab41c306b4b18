"""Sixteen tables over 256-bit hashes: every hash within a radius is found, few are looked at.

Table t holds each hash under its t-th 16-bit word. Give each of the eight pairs of words a share of
r + 1 bits: two hashes within r bits differ by less than its share in some pair (else they would
differ in r + 1), and by less than half of that in one of its words. So the keys near the query's
word are asked, and beside each entry lies the other word of the pair, which rejects nearly all
before their hashes are read.

After M. Norouzi, A. Punjani, D. Fleet, "Fast Exact Search in Hamming Space with Multi-Index
Hashing" (2014), with the second level of the pigeonhole kept inside the tables.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import numpy as np

from tutela.errors import IndexInvalid
from tutela.matching import multi_index_numpy
from tutela.matching.index import EVERYTHING
from tutela.matching.kernels import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tutela.matching.kernels import Found, FoundMany

TABLES = 16
KEYS = 1 << 16
ENTRY_BYTES = 5
MOST_ROWS = 1 << 24
"""Rows are numbered in three bytes."""


class MultiIndex:
    """The tables over n hashes. Arrays may be memory-mapped; they must not change.

    ids (n,) ascending; hashes (n, 32); starts (16, 65537), the number of entries before each key;
    entries (16, 5 n), of each key the sibling words (2 bytes each), then the rows (3 bytes each).
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        hashes: NDArray[np.uint8],
        starts: NDArray[np.uint32],
        entries: NDArray[np.uint8],
    ) -> None:
        self._ids, self._hashes, self._starts, self._entries = ids, hashes, starts, entries
        self._run = compiled()
        self._searcher = (
            self._run.module.Searcher(ids, hashes, starts, entries) if self._run else None
        )

    def search(self, query: bytes, radius: int, most: int = EVERYTHING) -> Found:
        """Return ids and distances of the nearest `most` within the radius."""
        if self._searcher is not None and self._run is not None:
            with _contradictions_told():
                return self._searcher.search(query, radius, self._run.level, most)
        rows, distances = multi_index_numpy.search(
            self._hashes, self._starts, self._entries, query, radius
        )
        return ordered(self._ids[rows], distances, most)

    def search_many(self, queries: NDArray[np.uint8], radius: int) -> FoundMany:
        """Return every hit of n queries, shape (n, 32)."""
        if self._searcher is not None and self._run is not None:
            with _contradictions_told():
                return self._searcher.search_many(queries, radius, self._run.level)
        return one_by_one(queries, lambda query: self.search(query, radius))


@contextlib.contextmanager
def _contradictions_told() -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError) as problem:
        raise IndexInvalid(
            "The tables of the index contradict themselves.",
            "Remove the index folder: it is made again from the lists.",
        ) from problem


def one_by_one(queries: NDArray[np.uint8], find: Callable[[bytes], Found]) -> FoundMany:
    """Return what `find` finds of each query."""
    found = [
        (number, one, distance)
        for number, query in enumerate(queries)
        for one, distance in find(query.tobytes())
    ]
    which, ids, distances = zip(*found, strict=True) if found else ((), (), ())
    return np.array(which, np.uint32), np.array(ids, np.int64), np.array(distances, np.uint8)


def build(hashes: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Return `starts` and `entries` for hashes (n, 32)."""
    starts = np.empty((TABLES, KEYS + 1), np.uint32)
    entries = np.empty((TABLES, len(hashes) * ENTRY_BYTES), np.uint8)
    run = compiled()
    if run is None:
        multi_index_numpy.build(hashes, starts, entries)
    else:
        run.module.build(hashes, starts, entries, min(os.cpu_count() or 1, TABLES))
    return starts, entries


def scan(hashes: NDArray[np.uint8], query: bytes, radius: int, most: int = EVERYTHING) -> Found:
    """Return rows and distances of the nearest `most` among hashes (n, 32), one by one."""
    run = compiled()
    if run is not None:
        return run.module.scan(hashes, query, radius, run.level, most)
    rows, distances = multi_index_numpy.scan(hashes, query, radius)
    return ordered(rows.astype(np.int64), distances, most)


def ordered(ids: NDArray[np.int64], distances: NDArray[np.int64], most: int) -> Found:
    """Return ids and distances by distance, then id, the first `most`."""
    order = np.lexsort((ids, distances))[:most]
    return list(zip(ids[order].tolist(), distances[order].tolist(), strict=True))
