"""The tables of hash lists, and the number that tells every process that they changed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from tutela.hashlists.hashlist import SKETCH
from tutela.storage.database import Id, Instant, metadata, serialise

hash_lists = sa.Table(
    "hash_lists",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, unique=True),
    sa.Column("source", sa.String(255)),
    sa.Column("version", sa.String(80)),
    sa.Column("file_sha256", sa.String(64), nullable=False),
    sa.Column("imported_by", sa.String(80), nullable=False),
    sa.Column("imported_at", Instant, nullable=False),
    sa.Column("entries", sa.BigInteger, nullable=False),
    sa.Column("hashes", sa.BigInteger, nullable=False),
    sa.Column("off_at", Instant),
    sa.Column("off_by", sa.String(80)),
    sa.Column("off_reason", sa.String(1000)),
)

hash_entries = sa.Table(
    "hash_entries",
    metadata,
    # SQLite numbers rows by itself only in a column of exactly this type.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("list_id", Id, sa.ForeignKey("hash_lists.id"), nullable=False),
    sa.Column("entry_id", sa.String(255), nullable=False),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("value", sa.LargeBinary(32), nullable=False),
    sa.Column("quality", sa.SmallInteger),
    sa.Column("labels", sa.Text, nullable=False),
    sa.Column("classification", sa.String(16)),
    sa.Column("source", sa.String(255)),
    sa.Column("added", sa.String(40)),
    sa.UniqueConstraint("list_id", "entry_id", "algorithm", "value"),
    sa.Index("ix_hash_entries_algorithm_value", "algorithm", "value"),
    # A number must never come back with another hash: indexes tell rows apart by it.
    sqlite_autoincrement=True,
)

hash_changes = sa.Table(
    "hash_changes",
    metadata,
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("mark", sa.BigInteger, nullable=False),
    sa.Column("last_id", sa.BigInteger, nullable=False),
)

hash_removals = sa.Table(
    "hash_removals",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Index("ix_hash_removals_revision", "revision"),
)

hash_sketches = sa.Table(
    "hash_sketches",
    metadata,
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("sketch", sa.LargeBinary, nullable=False),
)

# Asked before each look, so it is put together once.
_LATEST = (
    sa.select(hash_changes.c.revision, hash_changes.c.mark)
    .order_by(hash_changes.c.revision.desc())
    .limit(1)
)
_KEPT_CHANGES = 200
"""How many changes are kept in detail. An index that is further behind is made anew."""
_MARK_BITS = 63


@dataclass(frozen=True, slots=True)
class ListsState:
    """What is listed, as one number that grows with every change and one that no other state has.

    A restored backup may count to the same number again; it does not come to the same mark.
    """

    revision: int
    mark: int


EMPTY = ListsState(0, 0)


def join_labels(labels: tuple[str, ...]) -> str:
    """Return labels as they are stored: as CSV lists write them."""
    return ";".join(labels)


def split_labels(stored: str) -> tuple[str, ...]:
    """Return stored labels."""
    return tuple(stored.split(";")) if stored else ()


def state(connection: sa.Connection) -> ListsState:
    """Return the state of what is listed; `EMPTY` before the first change."""
    row = connection.execute(_LATEST).first()
    return ListsState(row.revision, row.mark) if row else EMPTY


def last_id(connection: sa.Connection, known: ListsState) -> int | None:
    """Return the highest row number at a state. None when it is too long ago, or another past."""
    if known == EMPTY:
        return 0
    columns = hash_changes.c
    query = sa.select(columns.last_id).where(
        columns.revision == known.revision, columns.mark == known.mark
    )
    found: int | None = connection.execute(query).scalar()
    return found


def delete(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> int:
    """Take rows out of force and remember which; return how many. `changed` must follow."""
    coming = state(connection).revision + 1
    gone = sa.select(hash_entries.c.id, sa.literal(coming)).where(*which)
    connection.execute(hash_removals.insert().from_select(["id", "revision"], gone))
    return connection.execute(hash_entries.delete().where(*which)).rowcount


def recount(connection: sa.Connection, list_id: str) -> None:
    """Write how many entries and hashes a list has."""
    of_list = sa.select(
        sa.func.count(sa.distinct(hash_entries.c.entry_id)).label("entries"),
        sa.func.count().label("hashes"),
    ).where(hash_entries.c.list_id == list_id)
    counted = connection.execute(of_list).one()
    connection.execute(
        hash_lists.update()
        .where(hash_lists.c.id == list_id)
        .values(entries=counted.entries, hashes=counted.hashes)
    )


def keep_sketches(connection: sa.Connection, sketches: dict[bytes, bytes]) -> None:
    """Keep sketches by their SHA-256, those that are not kept yet."""
    columns = hash_sketches.c
    known = sa.select(columns.sha256).where(columns.sha256.in_(list(sketches)))
    stored = {bytes(one) for one in connection.execute(known).scalars()}
    fresh = [
        {"sha256": name, "sketch": one} for name, one in sketches.items() if name not in stored
    ]
    if fresh:
        connection.execute(hash_sketches.insert(), fresh)


def changed(connection: sa.Connection) -> None:
    """Count a change of what is listed, in its transaction; drop sketches that nothing lists."""
    serialise(connection, "hash_lists")
    listed = sa.select(hash_entries.c.value).where(hash_entries.c.algorithm == SKETCH)
    connection.execute(hash_sketches.delete().where(hash_sketches.c.sha256.not_in(listed)))
    number = state(connection).revision + 1
    highest = sa.select(sa.func.max(hash_entries.c.id))
    before = sa.select(sa.func.max(hash_changes.c.last_id))
    last = max(connection.execute(query).scalar() or 0 for query in (highest, before))
    connection.execute(
        hash_changes.insert().values(
            revision=number, mark=secrets.randbits(_MARK_BITS), last_id=last
        )
    )
    for table in (hash_changes, hash_removals):
        connection.execute(table.delete().where(table.c.revision <= number - _KEPT_CHANGES))
