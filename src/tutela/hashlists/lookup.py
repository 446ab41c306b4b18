"""Finding listed hashes by row number or digest, and what an index has to take in and leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from tutela.errors import NotFound
from tutela.hashing.sketch import MARK_BYTES, MOST_POINTS, Sketch
from tutela.hashlists.hashlist import SKETCH
from tutela.hashlists.tables import (
    hash_entries,
    hash_lists,
    hash_removals,
    hash_sketches,
    split_labels,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray

_AT_ONCE = 500
_ROWS = 20_000
_PDQ_BYTES = 32
DIGEST_BYTES = 8
_MOST_ROWS = 1 << 22
_SKETCHES = 5000
"""Sketches read at a time: about 40 MB."""


@dataclass(frozen=True, slots=True)
class ListedHash:
    """One hash in force. `id` is its row's number, never given to another hash."""

    id: int
    list_id: str
    list_name: str
    entry_id: str
    algorithm: str
    value: bytes
    quality: int | None
    labels: tuple[str, ...]
    classification: str | None
    source: str | None


def prove_lists(connection: sa.Connection, names: Collection[str]) -> None:
    """Raise `NotFound` unless each name is a list in force: against no list, all is clean."""
    query = sa.select(hash_lists.c.name, hash_lists.c.off_at).where(
        hash_lists.c.name.in_(list(names))
    )
    found = connection.execute(query).all()
    if {row.name for row in found} != set(names):
        raise NotFound("There is no list of this name.", "See the lists with `tutela lists show`.")
    if any(row.off_at is not None for row in found):
        raise NotFound(
            "The list is switched off.", "Name another one, or see why: `tutela lists show`."
        )


def by_digests(
    connection: sa.Connection, digests: Mapping[str, bytes], lists: Collection[str] | None = None
) -> list[ListedHash]:
    """Return the hashes in force, of the named lists or all, that equal one of the digests."""
    columns = hash_entries.c
    equal = sa.or_(
        *(
            sa.and_(columns.algorithm == name, columns.value == value)
            for name, value in digests.items()
        )
    )
    return [_listed(row) for row in connection.execute(_query(lists).where(equal))]


def by_ids(
    connection: sa.Connection,
    ids: list[int],
    lists: Collection[str] | None = None,
    *,
    stated: int | None = None,
    most: int = 100,
) -> dict[int, ListedHash]:
    """Return the first hashes of these rows that are in force: `most` or more, if there are.

    Rows that were removed meanwhile are passed over; with `stated`, also those whose list does not
    state at least this quality.
    """
    query = _query(lists)
    if stated is not None:
        query = query.where(hash_entries.c.quality >= stated)
    found: dict[int, ListedHash] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = connection.execute(query.where(hash_entries.c.id.in_(some)))
        found |= {row.id: _listed(row) for row in rows}
        if len(found) >= most:
            break
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Row numbers (n,), ascending, and values (n, `bytes`) of hashes of one sort."""

    pdq: bool
    ids: NDArray[np.int64]
    values: NDArray[np.uint8]


def rows_after(connection: sa.Connection, last_id: int) -> Iterator[Rows]:
    """Yield the hashes in force with higher row numbers, many at a time.

    PDQ whole, 32 bytes; digests of every kind by their first `DIGEST_BYTES`.
    """
    columns = hash_entries.c
    query = (
        sa.select(columns.id, columns.algorithm, columns.value)
        .where(columns.id > last_id, columns.algorithm != SKETCH)
        .order_by(columns.id)
    )
    rows = connection.execute(query, execution_options={"yield_per": _ROWS})
    pdq, digests = _Gathering(_PDQ_BYTES), _Gathering(DIGEST_BYTES)
    for some in rows.partitions():
        pdq.take([row for row in some if row.algorithm == "pdq"])
        digests.take([row for row in some if row.algorithm != "pdq"])
        for gathering in (pdq, digests):
            if len(gathering.ids) >= _MOST_ROWS:
                yield gathering.rows()
    yield pdq.rows()
    yield digests.rows()


def marks_after(
    connection: sa.Connection, last_id: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Yield numbers and marks (n, 32) of the points of sketches with higher row numbers.

    A point's number is its place in the sketch, added to `MOST_POINTS` times the row's.
    """
    query = (
        sa.select(hash_entries.c.id, hash_sketches.c.sketch)
        .join(hash_sketches, hash_sketches.c.sha256 == hash_entries.c.value)
        .where(hash_entries.c.id > last_id, hash_entries.c.algorithm == SKETCH)
        .order_by(hash_entries.c.id)
    )
    rows = connection.execute(query, execution_options={"yield_per": _SKETCHES})
    for some in rows.partitions():
        marks = [Sketch.decoded(bytes(row.sketch)).marks for row in some]
        ids = [
            row.id * MOST_POINTS + np.arange(len(one)) for row, one in zip(some, marks, strict=True)
        ]
        yield np.concatenate(ids).astype(np.int64), np.concatenate(marks).reshape(-1, MARK_BYTES)


def sketch_rows(connection: sa.Connection, entries: Collection[tuple[str, str]]) -> list[int]:
    """Return the numbers of the rows of these entries, by list and entry id, that are sketches."""
    columns = hash_entries.c
    one_of = sa.or_(
        *(
            sa.and_(columns.list_id == list_id, columns.entry_id == entry)
            for list_id, entry in entries
        )
    )
    query = sa.select(columns.id).where(one_of, columns.algorithm == SKETCH).order_by(columns.id)
    return list(connection.execute(query).scalars())


def sketches(connection: sa.Connection, names: Collection[bytes]) -> dict[bytes, Sketch]:
    """Return kept sketches by their SHA-256."""
    columns = hash_sketches.c
    rows = connection.execute(sa.select(hash_sketches).where(columns.sha256.in_(list(names))))
    return {bytes(row.sha256): Sketch.decoded(bytes(row.sketch)) for row in rows}


def ids_removed_after(connection: sa.Connection, revision: int) -> NDArray[np.int64]:
    """Return the numbers of the rows that changes after this revision took out of force."""
    query = sa.select(hash_removals.c.id).where(hash_removals.c.revision > revision)
    rows = connection.execute(query, execution_options={"yield_per": _ROWS})
    return np.fromiter((row[0] for row in rows), np.int64)


class _Gathering:
    """Rows that come in small portions, to be handed on in large ones."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.ids: list[int] = []
        self._values = bytearray()

    def take(self, rows: list[Any]) -> None:
        self.ids += [row.id for row in rows]
        self._values += b"".join(row.value[: self._size] for row in rows)

    def rows(self) -> Rows:
        """Return what was gathered, and begin anew."""
        values = np.frombuffer(bytes(self._values), np.uint8).reshape(-1, self._size)
        rows = Rows(self._size == _PDQ_BYTES, np.array(self.ids, np.int64), values)
        self.ids, self._values = [], bytearray()
        return rows


def _query(lists: Collection[str] | None) -> sa.Select[Any]:
    query = sa.select(
        hash_entries,
        hash_lists.c.name.label("list_name"),
        sa.func.coalesce(hash_entries.c.source, hash_lists.c.source).label("said_by"),
    ).join(hash_lists, hash_lists.c.id == hash_entries.c.list_id)
    # Asked at each hit, so that a list switched off is silent at once, whatever an index holds.
    query = query.where(hash_lists.c.off_at.is_(None))
    return query if lists is None else query.where(hash_lists.c.name.in_(list(lists)))


def _listed(row: sa.Row[Any]) -> ListedHash:
    return ListedHash(
        row.id,
        row.list_id,
        row.list_name,
        row.entry_id,
        row.algorithm,
        bytes(row.value),
        row.quality,
        split_labels(row.labels),
        row.classification,
        row.said_by,
    )
