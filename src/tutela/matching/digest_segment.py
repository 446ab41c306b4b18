"""Digests in a segment: the first 48 bits of each, sorted; who asks proves the rest.

Among 10^8 digests, one of a file that is not listed meets such a prefix once in three million.
Sixteen bytes a digest: 4 of the prefix (two more are its place), 4 of the row, 8 of the id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutela.matching.index import EVERYTHING
from tutela.matching.multi_index import one_by_one

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from tutela.matching.kernels import Found, FoundMany
    from tutela.matching.segment import SegmentFile

PREFIX_BYTES = 6
VALUE_BYTES = 8
_KEYS = 1 << 16


class DigestSegment:
    """One segment of digests."""

    def __init__(self, file: SegmentFile) -> None:
        rows = file.rows
        self.ids: NDArray[np.int64] = file.section("ids", np.int64, rows)
        self._starts: NDArray[np.uint32] = file.section("starts", np.uint32, _KEYS + 1)
        self._suffixes: NDArray[np.uint32] = file.section("suffixes", np.uint32, rows)
        self._rows: NDArray[np.uint32] = file.section("rows", np.uint32, rows)

    def values(self) -> NDArray[np.uint8]:
        """Return the prefixes in the order of the ids, zero beyond 48 bits, shape (n, 8)."""
        keys = np.repeat(np.arange(_KEYS, dtype=np.uint64), np.diff(self._starts))
        prefixes = (keys << np.uint64(32) | self._suffixes.astype(np.uint64)) << np.uint64(16)
        values = np.empty(len(self.ids), ">u8")
        values[self._rows] = prefixes
        return values.view(np.uint8).reshape(-1, VALUE_BYTES)

    def find(self, query: bytes, radius: int, most: int) -> Found:  # noqa: ARG002 - equal or not
        """Return the ids of the first `most` digests that begin as the query does."""
        key = int.from_bytes(query[:2])
        first, end = int(self._starts[key]), int(self._starts[key + 1])
        suffix = np.uint32(int.from_bytes(query[2:PREFIX_BYTES]))
        some = self._suffixes[first:end]
        start = int(some.searchsorted(suffix))
        if start == end - first or some[start] != suffix:
            return []
        stop = int(some.searchsorted(suffix, "right"))
        rows = self._rows[first + start : first + stop]
        return [(one, 0) for one in np.sort(self.ids[rows])[:most].tolist()]

    def find_many(self, queries: NDArray[np.uint8], radius: int) -> FoundMany:
        """Return the ids of all digests that begin as one of n queries (n, 8) does."""
        return one_by_one(queries, lambda query: self.find(query, radius, EVERYTHING))


class DigestKind:
    """How a store holds digests."""

    name = "digest"
    value_bytes = VALUE_BYTES
    most_rows = 1 << 27

    def sections(
        self, ids: NDArray[np.int64], values: NDArray[np.uint8]
    ) -> Mapping[str, NDArray[Any]]:
        """Return the arrays of a segment."""
        prefixes = np.ascontiguousarray(values).view(">u8").ravel().astype(np.uint64) >> np.uint64(
            16
        )
        order = np.argsort(prefixes, kind="stable").astype(np.uint32)
        prefixes = prefixes[order]
        bounds = np.arange(_KEYS + 1, dtype=np.uint64) << np.uint64(32)
        return {
            "ids": ids,
            "starts": np.searchsorted(prefixes, bounds).astype(np.uint32),
            "suffixes": (prefixes & np.uint64(0xFFFFFFFF)).astype(np.uint32),
            "rows": order,
        }

    def opened(self, file: SegmentFile) -> DigestSegment:
        """Return the segment in a file."""
        return DigestSegment(file)

    def scan(self, values: NDArray[np.uint8], query: bytes, radius: int, most: int) -> Found:  # noqa: ARG002 - equal or not
        """Return the first `most` rows that begin as the query does."""
        wanted = np.frombuffer(query[:PREFIX_BYTES].ljust(VALUE_BYTES, b"\0"), np.uint64)
        mask = np.frombuffer(b"\xff" * PREFIX_BYTES + b"\0" * 2, np.uint64)
        same = np.flatnonzero((values.view(np.uint64).ravel() & mask) == wanted)
        return [(row, 0) for row in same[:most].tolist()]
