"""The watch over all tests finds what it is there for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests import audited_changes
from tests.audited_changes import UnauditedWrite, unaudited

from tutela.alarms import heartbeats
from tutela.cases.case import cases
from tutela.storage.database import Database, metadata

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("INSERT INTO cases (id) VALUES (?)", "cases"),
        ("DELETE FROM items WHERE items.id = ?", "items"),
        ("UPDATE cases SET leased_until=? WHERE cases.id = ?", None),
        ("UPDATE cases SET leased_until=?, state=? WHERE cases.id = ?", "cases"),
        ("UPDATE duties SET done_at=? WHERE kind = ?", None),
        ("INSERT INTO audit_entries (seq) VALUES (?)", None),
        ("SELECT * FROM cases", None),
        ('UPDATE "views" SET "shown_at" = ?', None),
    ],
)
def test_what_needs_an_entry_is_told_apart(statement: str, table: str | None) -> None:
    assert unaudited(statement) == table


def test_a_table_changed_without_an_entry_fails(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat, were it no bookkeeping: the code writes it, and records nothing."""
    heartbeats.beat(database, "one", clock())
    monkeypatch.delitem(audited_changes.BOOKKEEPING, "heartbeats")
    with pytest.raises(UnauditedWrite, match="heartbeats"):
        heartbeats.beat(database, "one", clock() + timedelta(seconds=1))
    with database.reading() as connection:
        assert heartbeats.last(connection)["one"] == clock()


def test_what_a_test_writes_itself_is_left_alone(database: Database) -> None:
    with database.bookkeeping() as connection:
        connection.execute(cases.delete())


def test_what_is_bookkeeping_is_really_there() -> None:
    for name, columns in audited_changes.BOOKKEEPING.items():
        if name == "alembic_version":
            continue
        assert name in metadata.tables, name
        known = {column.name for column in metadata.tables[name].columns}
        assert columns <= known | audited_changes.ALL, name
