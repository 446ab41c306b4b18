"""Signs of life: when each part of the system was last seen working."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.storage.database import Database, Instant, metadata, serialise

if TYPE_CHECKING:
    from datetime import datetime

heartbeats = sa.Table(
    "heartbeats",
    metadata,
    sa.Column("part", sa.String(40), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)

WATCH = "watch"


def beat(database: Database, part: str, now: datetime) -> None:
    """Say that a part works."""
    with database.bookkeeping() as connection:
        serialise(connection, "heartbeat", part)
        known = connection.execute(
            heartbeats.update().where(heartbeats.c.part == part).values(at=now)
        )
        if known.rowcount == 0:
            connection.execute(heartbeats.insert().values(part=part, at=now))


def last(connection: sa.Connection) -> dict[str, datetime]:
    """Return when each part was last seen working."""
    return {row.part: row.at for row in connection.execute(sa.select(heartbeats))}
