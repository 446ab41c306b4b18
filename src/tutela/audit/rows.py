"""The log's two tables, and reading them without trusting what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit.entry import Entry
from tutela.audit.merkle import HASH_SIZE
from tutela.errors import Tampered, Unavailable
from tutela.storage.database import Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False, index=True),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("leaf", sa.LargeBinary(HASH_SIZE), nullable=False),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    sa.Column("checkpoint", sa.Text, nullable=False),
)

HEAD = 1
_AT_ONCE = 2000
# What drivers and column types raise for a row whose stored values are not what was written.
_UNREADABLE = (ValueError, TypeError, sa.exc.DatabaseError)
REMEDY = (
    "Stop changing this instance, keep a copy of the database, and compare it with backups "
    "and with checkpoints kept elsewhere."
)


def head_row(connection: sa.Connection, *, lock: bool = False) -> sa.Row[Any] | None:
    """Return the head, locked until the transaction ends where told, or None before the first."""
    query = sa.select(audit_head).where(audit_head.c.id == HEAD)
    try:
        return connection.execute(query.with_for_update() if lock else query).first()
    except _UNREADABLE as problem:
        raise _unreadable("The log's head", problem) from problem


def stored_rows(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    """Yield every entry row in order. Raises `Tampered` naming the first that cannot be read."""
    query = sa.select(audit_entries).order_by(audit_entries.c.seq)
    read = 0
    try:
        for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
            yield row
            read += 1
    except _UNREADABLE as problem:
        place = _first_unreadable(connection, query, read)
        raise _unreadable(f"Entry {place}", problem) from problem


def _first_unreadable(connection: sa.Connection, query: sa.Select[Any], read: int) -> int:
    # Rows come many at once, so the failure only tells that one among the next cannot be read.
    for place in range(read, read + _AT_ONCE):
        try:
            connection.execute(query.offset(place).limit(1)).first()
        except _UNREADABLE:
            return place
    return read


def _unreadable(what: str, problem: Exception) -> Tampered | Unavailable:
    if isinstance(problem, sa.exc.DBAPIError) and problem.connection_invalidated:
        return Unavailable("The database went away while the log was read.", "Try again.")
    return Tampered(f"{what} cannot be read.", REMEDY)


def row_of(entry: Entry, leaf: bytes) -> dict[str, Any]:
    """Return an entry as it is stored."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "leaf": leaf,
    }


def entry_of(row: sa.Row[Any]) -> Entry:
    """Return a stored entry as it was recorded."""
    return Entry(row.seq, row.at, row.actor, row.action, row.subject, row.details)
