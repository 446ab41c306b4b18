"""Bringing a database to this version's schema, step by step (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from tutela.errors import SettingsInvalid

if TYPE_CHECKING:
    from tutela.storage.database import Database

_HERE = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Run the migrations that are missing. Raises `SettingsInvalid` if the database is newer."""
    config = _config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as problem:
            raise _newer() from problem


def check(database: Database) -> None:
    """Raise `SettingsInvalid` unless the database is of this version's schema."""
    script = ScriptDirectory.from_config(_config())
    with database.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise _newer()
    raise SettingsInvalid(
        "The database is not of this version's schema.",
        "Stop all processes, make a backup, and run `tutela upgrade`.",
    )


def _newer() -> SettingsInvalid:
    return SettingsInvalid(
        "The database was written by a newer Tutela.", "Use that version, or restore a backup."
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
