"""Migrations: from nothing to exactly the tables the code uses, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import tutela.bootstrap  # noqa: F401  every package's tables, as a running instance has them
from tutela.errors import SettingsInvalid
from tutela.storage import schema
from tutela.storage.database import Database, metadata
from tutela.storage.upgrading import migrations, upgrade


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not str(name).startswith("test_")


def _our_objects(_item: object, name: str | None, kind: str, *_rest: object) -> bool:
    return _ours(name, kind, None)


def test_the_migrations_make_what_the_code_uses(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    options = {"include_name": _ours, "include_object": _our_objects, "compare_type": True}
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    schema.check(database)
    database.close()


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    with database.reading() as connection:
        before = sorted(sa.inspect(connection).get_table_names())
    upgrade(database)
    with database.reading() as connection:
        assert sorted(sa.inspect(connection).get_table_names()) == before
    assert len(before) > 1
    database.close()


def test_a_database_without_schema_is_refused(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(SettingsInvalid, match="not of this version"):
        schema.check(database)
    database.close()


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    with database.bookkeeping() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'ffff00000000'"))
    with pytest.raises(SettingsInvalid, match="newer"):
        schema.check(database)
    with pytest.raises(SettingsInvalid, match="newer"):
        upgrade(database)
    database.close()


def test_the_schema_names_each_migration_in_order() -> None:
    script = ScriptDirectory.from_config(migrations())
    steps = [one.revision for one in script.walk_revisions()]
    assert tuple(reversed(steps)) == schema.REVISIONS
