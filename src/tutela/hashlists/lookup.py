"""Finding listed hashes: by digest, by row number, and all of them for an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from tutela.errors import NotFound
from tutela.hashlists.tables import hash_entries, hash_lists, split_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray

_AT_ONCE = 500
_ROWS = 20_000
_PDQ_BYTES = 32


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
    query = sa.select(hash_lists.c.name).where(hash_lists.c.name.in_(list(names)))
    if set(connection.execute(query).scalars()) != set(names):
        raise NotFound("There is no list of this name.", "See the lists with `tutela lists show`.")


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


def pdq_ids(connection: sa.Connection) -> NDArray[np.int64]:
    """Return the row numbers of every PDQ in force, in ascending order."""
    query = sa.select(hash_entries.c.id).where(hash_entries.c.algorithm == "pdq")
    rows = connection.execute(query, execution_options={"yield_per": _ROWS})
    ids = np.fromiter((row[0] for row in rows), np.int64)
    ids.sort()
    return ids


def pdq_rows(
    connection: sa.Connection, ids: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Yield the row numbers and hashes, shape (n, 32), of these rows, some thousands at a time."""
    query = sa.select(hash_entries.c.id, hash_entries.c.value).where(
        hash_entries.c.algorithm == "pdq"
    )
    if len(ids) <= _ROWS:
        for start in range(0, len(ids), _AT_ONCE):
            some = hash_entries.c.id.in_(ids[start : start + _AT_ONCE].tolist())
            yield _arrays(connection.execute(query.where(some)).all())
        return
    # Many: reading all and passing over the rest is faster than asking for each.
    every = connection.execute(query, execution_options={"yield_per": _ROWS})
    for rows in every.partitions():
        numbers, hashes = _arrays(rows)
        wanted = np.isin(numbers, ids)
        yield numbers[wanted], hashes[wanted]


def _arrays(rows: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    numbers = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    whole = b"".join(row[1] for row in rows)
    return numbers, np.frombuffer(whole, np.uint8).reshape(-1, _PDQ_BYTES)


def _query(lists: Collection[str] | None) -> sa.Select[Any]:
    query = sa.select(
        hash_entries,
        hash_lists.c.name.label("list_name"),
        sa.func.coalesce(hash_entries.c.source, hash_lists.c.source).label("said_by"),
    ).join(hash_lists, hash_lists.c.id == hash_entries.c.list_id)
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
