"""PDQ hashes in a segment: under their tables, or bare where so few that a scan is as quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutela.matching import multi_index
from tutela.matching.index import EVERYTHING
from tutela.matching.multi_index import (
    ENTRY_BYTES,
    KEYS,
    TABLES,
    MultiIndex,
    one_by_one,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from tutela.matching.kernels import Found, FoundMany
    from tutela.matching.segment import SegmentFile

_BARE_ROWS = 1 << 13
_STARTS, _ENTRIES = "starts", "entries"


class PdqSegment:
    """One segment of PDQ hashes."""

    def __init__(self, file: SegmentFile) -> None:
        rows = file.rows
        self.ids: NDArray[np.int64] = file.section("ids", np.int64, rows)
        self._hashes: NDArray[np.uint8] = file.section("hashes", np.uint8, rows, 32)
        self._tables: MultiIndex | None = None
        if file.has(_STARTS):
            starts = file.section(_STARTS, np.uint32, TABLES, KEYS + 1)
            entries = file.section(_ENTRIES, np.uint8, TABLES, rows * ENTRY_BYTES)
            self._tables = MultiIndex(self.ids, self._hashes, starts, entries)

    def values(self) -> NDArray[np.uint8]:
        """Return the hashes in the order of the ids, shape (n, 32)."""
        return self._hashes

    def find(self, query: bytes, radius: int, most: int) -> Found:
        """Return ids and distances of the nearest `most` within the radius."""
        if self._tables is not None:
            return self._tables.search(query, radius, most)
        found = multi_index.scan(self._hashes, query, radius, most)
        return [(int(self.ids[row]), distance) for row, distance in found]

    def find_many(self, queries: NDArray[np.uint8], radius: int) -> FoundMany:
        """Return every hit of n queries, shape (n, 32)."""
        if self._tables is not None:
            return self._tables.search_many(queries, radius)
        return one_by_one(queries, lambda query: self.find(query, radius, EVERYTHING))


class PdqKind:
    """How a store holds PDQ hashes."""

    name = "pdq"
    value_bytes = 32
    most_rows = multi_index.MOST_ROWS

    def sections(
        self, ids: NDArray[np.int64], values: NDArray[np.uint8]
    ) -> Mapping[str, NDArray[Any]]:
        """Return the arrays of a segment."""
        bare: dict[str, NDArray[Any]] = {"ids": ids, "hashes": values}
        if len(ids) <= _BARE_ROWS:
            return bare
        starts, entries = multi_index.build(values)
        return bare | {_STARTS: starts, _ENTRIES: entries}

    def opened(self, file: SegmentFile) -> PdqSegment:
        """Return the segment in a file."""
        return PdqSegment(file)

    def scan(self, values: NDArray[np.uint8], query: bytes, radius: int, most: int) -> Found:
        """Return rows and distances of the nearest `most` within the radius."""
        return multi_index.scan(values, query, radius, most)
