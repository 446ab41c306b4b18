"""Bringing a database to this version's schema, step by step (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from tutela.storage.schema import newer

if TYPE_CHECKING:
    from tutela.storage.database import Database

_HERE = Path(__file__).parent / "migrations"


class NameSealer(Protocol):
    """What seals the names that earlier versions kept in plain text."""

    def digest(self, name: str) -> str:
        """Return what an account of this name is found by."""

    def subject_digest(self, issuer: str, subject: str) -> str:
        """Return what a person at an identity provider is found by."""

    def seal(self, account_id: str, name: str) -> bytes:
        """Return the name encrypted, bound to its account."""


def upgrade(database: Database, names: NameSealer | None = None) -> None:
    """Run the migrations that are missing, all or none.

    Raises `SettingsInvalid` if the database is newer, or has names to seal and none seals them.
    """
    config = migrations()
    config.attributes["names"] = names
    with database.writing() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as problem:
            raise newer() from problem
    # What was overwritten would stay in SQLite's log of recent writes.
    database.forget()


def migrations() -> Config:
    """Return where Alembic finds the steps."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
