"""An index in memory that follows the lists in force."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from tutela.hashlists import lookup, tables
from tutela.matching.index import ScanIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa
    from numpy.typing import NDArray

    from tutela.matching.index import Index


class LiveIndex:
    """Holds every PDQ in force under its row's number; any thread may ask for it.

    What is asked within a transaction is at least as new as the transaction's view, so whoever
    looks up a hit there must pass over rows that are not in force.
    """

    def __init__(self, make_index: Callable[[], Index] = ScanIndex) -> None:
        self._make_index = make_index
        self._updating = threading.Lock()
        self._loaded: tuple[int, Index, NDArray[np.int64]] | None = None

    def current(self, connection: sa.Connection) -> Index:
        """Return the index, brought up to date first. One small query when nothing changed."""
        revision = tables.revision(connection)
        loaded = self._loaded
        if loaded is None or loaded[0] < revision:
            with self._updating:
                loaded = self._loaded
                if loaded is None or loaded[0] < revision:
                    loaded = self._updated(connection, revision)
                    self._loaded = loaded
        return loaded[1]

    def _updated(
        self, connection: sa.Connection, revision: int
    ) -> tuple[int, Index, NDArray[np.int64]]:
        ids = lookup.pdq_ids(connection)
        _, index, held = self._loaded or (0, self._make_index(), np.empty(0, np.int64))
        # Until the change is whole, nothing is known to be loaded: a failure starts afresh.
        self._loaded = None
        new = np.setdiff1d(ids, held, assume_unique=True)
        # Adding first: in between, a search finds too much, which its look-up drops, never too
        # little.
        added = [rows for rows in lookup.pdq_rows(connection, new) if len(rows[0])]
        if added:
            numbers, hashes = zip(*added, strict=True)
            index.add(np.concatenate(numbers), np.concatenate(hashes))
        gone = np.setdiff1d(held, ids, assume_unique=True)
        if len(gone):
            index.remove(gone)
        return revision, index, ids
