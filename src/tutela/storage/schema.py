"""Whether a database is of this version's schema. Without Alembic, which is slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.errors import SettingsInvalid

if TYPE_CHECKING:
    from tutela.storage.database import Database

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0013",
    "0014",
    "0012",
    "0018",
    "0015",
    "0017",
    "0016",
    "0019",
)
"""The steps of `storage/migrations`, the newest last: the one that this version works with."""

_version = sa.table("alembic_version", sa.column("version_num"))


def check(database: Database) -> None:
    """Raise `SettingsInvalid` unless the database is of this version's schema."""
    with database.reading() as connection:
        made = sa.inspect(connection).has_table(_version.name)
        current = connection.execute(sa.select(_version)).scalar() if made else None
    if current == REVISIONS[-1]:
        return
    if current is not None and current not in REVISIONS:
        raise newer()
    raise SettingsInvalid(
        "The database is not of this version's schema.",
        "Stop all processes, make a backup, and run `tutela upgrade`.",
    )


def newer() -> SettingsInvalid:
    """Return the error for a database that knows steps which this version does not."""
    return SettingsInvalid(
        "The database was written by a newer Tutela.", "Use that version, or restore a backup."
    )
