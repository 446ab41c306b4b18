"""The index port on disk: PDQ hashes in segments that all processes of a machine share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutela.matching.index import EVERYTHING, Hit, checked_query, checked_radius, checked_rows
from tutela.matching.pdq_segment import PdqKind, PdqSegment
from tutela.matching.segment_store import SegmentStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class DiskIndex:
    """Hashes in a folder. 120 bytes a hash, opened in milliseconds, changed while searched."""

    def __init__(self, folder: Path) -> None:
        """Open the index in a folder, made if there is none. Raises `IndexInvalid`."""
        self.store: SegmentStore[PdqSegment] = SegmentStore(folder, PdqKind())

    def __len__(self) -> int:
        return len(self.store)

    def add(self, ids: NDArray[np.int64], hashes: NDArray[np.uint8]) -> None:
        """Add n hashes, shape (n, 32). Raises `InvalidInput` for an id that is there already."""
        numbers, rows = checked_rows(ids, hashes)
        if len(numbers):
            self.store.add(numbers, rows)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove hashes by id and return how many there were; unknown ids are passed over."""
        return self.store.remove(np.asarray(ids, np.int64))

    def search(self, query: bytes, radius: int, most: int = EVERYTHING) -> list[Hit]:
        """Return the nearest `most` hashes within `radius` (0 to 63) bits, by distance, then id."""
        found = self.store.find(checked_query(query), checked_radius(radius), most)
        return [Hit(one, distance) for one, distance in found]

    def search_many(self, queries: Sequence[bytes], radius: int) -> list[list[Hit]]:
        """Return what `search` returns for each query."""
        if not queries:
            return []
        whole = b"".join(checked_query(query) for query in queries)
        rows = np.frombuffer(whole, np.uint8).reshape(len(queries), -1)
        found = self.store.find_many(rows, checked_radius(radius))
        return [[Hit(one, distance) for one, distance in some] for some in found]
