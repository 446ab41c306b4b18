"""The reference set as an index: which entries of a list would match something ordinary.

References are fewer than entries, so the index is over them and the entries are the queries.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from tutela.hashlists import references
from tutela.hashlists.references import Resemblance
from tutela.matching import multi_index
from tutela.matching.index import HASH_BYTES, checked_radius
from tutela.matching.multi_index import MultiIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from tutela.hashlists.hashlist import Entry
    from tutela.hashlists.references import Reference


class OrdinaryIndex:
    """The shipped set and the operator's own, as they stand. Any thread may ask."""

    def __init__(self, radius: int) -> None:
        """Compare pictures within `radius` bits: that of matching, so that what acts is meant."""
        self._radius = checked_radius(radius)
        self._loading = threading.Lock()
        self._loaded: tuple[tuple[int, int], Known] | None = None

    def like(self, connection: sa.Connection, entries: Sequence[Entry]) -> dict[str, Resemblance]:
        """Return, by id, the nearest reference that each entry would match, of those that would."""
        now = references.state(connection)
        with self._loading:
            if self._loaded is None or self._loaded[0] != now:
                both = (*references.shipped(), *references.stored(connection))
                self._loaded = now, Known(both)
            known = self._loaded[1]
        return known.like(entries, self._radius)


class Known:
    """References by digest, and an index of their PDQ."""

    def __init__(self, known: Iterable[Reference]) -> None:
        self._digests: dict[tuple[str, bytes], Reference] = {}
        self._pictures: list[Reference] = []
        for one in known:
            if one.hash.algorithm == "pdq":
                self._pictures.append(one)
            else:
                self._digests.setdefault((one.hash.algorithm, one.hash.value), one)
        values = b"".join(one.hash.value for one in self._pictures)
        hashes = np.frombuffer(values, np.uint8).reshape(-1, HASH_BYTES)
        ids = np.arange(len(hashes), dtype=np.int64)
        self._index = MultiIndex(ids, hashes, *multi_index.build(hashes)) if len(hashes) else None

    def like(self, entries: Sequence[Entry], radius: int) -> dict[str, Resemblance]:
        """Return, by id, the nearest reference that each entry would match, of those that would."""
        found: dict[str, Resemblance] = {}
        asked: list[tuple[str, bytes]] = []
        for entry in entries:
            for one in entry.hashes:
                if one.algorithm == "pdq":
                    asked.append((entry.entry_id, one.value))
                    continue
                met = self._digests.get((one.algorithm, one.value))
                if met is not None:
                    found[entry.entry_id] = _said(met, 0)
        if self._index is None or not asked:
            return found
        queries = np.frombuffer(b"".join(value for _, value in asked), np.uint8)
        which, ids, distances = self._index.search_many(queries.reshape(-1, HASH_BYTES), radius)
        for query, number, bits in zip(
            which.tolist(), ids.tolist(), distances.tolist(), strict=True
        ):
            name = asked[query][0]
            before = found.get(name)
            if before is None or bits < before.distance:
                found[name] = _said(self._pictures[number], bits)
        return found


def _said(one: Reference, bits: int) -> Resemblance:
    return Resemblance(one.set_name, one.label, one.hash.algorithm, bits)
