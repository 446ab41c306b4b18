"""The tables of hash lists, and the number that tells every process that they changed."""

from __future__ import annotations

import sqlalchemy as sa

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

hash_lists_revision = sa.Table(
    "hash_lists_revision",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
)

_ONLY = 1


def join_labels(labels: tuple[str, ...]) -> str:
    """Return labels as they are stored: as CSV lists write them."""
    return ";".join(labels)


def split_labels(stored: str) -> tuple[str, ...]:
    """Return stored labels."""
    return tuple(stored.split(";")) if stored else ()


def revision(connection: sa.Connection) -> int:
    """Return the number that grows with every change of what is listed; 0 before the first."""
    return connection.execute(sa.select(hash_lists_revision.c.revision)).scalar() or 0


def changed(connection: sa.Connection) -> None:
    """Count a change of what is listed, in its transaction."""
    serialise(connection, "hash_lists")
    counted = connection.execute(
        hash_lists_revision.update().values(revision=hash_lists_revision.c.revision + 1)
    )
    if counted.rowcount == 0:
        connection.execute(hash_lists_revision.insert().values(id=_ONLY, revision=1))
