"""The database door: what may write, what comes back, and who waits for whom."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tutela.errors import InvalidInput, SettingsInvalid, Unavailable
from tutela.storage.database import Database, Id, Instant, metadata, serialise

if TYPE_CHECKING:
    from pathlib import Path

moments = sa.Table(
    "test_moments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Instant),
    sa.Column("number", sa.Integer),
)


def _put(database: Database, name: str, at: datetime | None = None, number: int = 0) -> None:
    with database.bookkeeping() as connection:
        connection.execute(moments.insert().values(id=name, at=at, number=number))


def _count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(moments)).scalar_one()


@pytest.mark.parametrize(
    "statement",
    [
        moments.insert().values(id="new", number=1),
        moments.update().values(number=9),
        moments.delete(),
        sa.text("DROP TABLE test_moments"),
    ],
    ids=["insert", "update", "delete", "drop"],
)
def test_a_reading_connection_cannot_write(
    database: Database, statement: sa.sql.Executable
) -> None:
    _put(database, "kept", number=3)
    # The drivers name the refusal differently; what counts is that it comes, and nothing changed.
    with (
        pytest.raises((Unavailable, sa.exc.DBAPIError)),
        database.reading() as connection,
    ):
        connection.execute(statement)
    with database.reading() as connection:
        assert [(row.id, row.number) for row in connection.execute(sa.select(moments))] == [
            ("kept", 3)
        ]


def test_a_connection_that_read_can_write_again(database: Database) -> None:
    for number in range(3):
        assert _count(database) == number
        _put(database, f"row{number}")


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.bookkeeping() as connection:
        connection.execute(moments.insert().values(id="lost", number=1))
        raise RuntimeError
    assert _count(database) == 0


def test_instants_come_back_aware_and_in_utc(database: Database) -> None:
    east = timezone(timedelta(hours=5, minutes=45))
    given = datetime(2026, 3, 1, 4, 5, 6, 789012, tzinfo=east)
    _put(database, "east", given)
    _put(database, "none", None)
    with database.reading() as connection:
        back = {row.id: row.at for row in connection.execute(sa.select(moments))}
    assert back["east"] == given
    assert back["east"].tzinfo is UTC
    assert back["none"] is None


def test_instants_of_any_zone_sort_and_compare_as_instants(database: Database) -> None:
    west = timezone(timedelta(hours=-8))
    first = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    second = datetime(2026, 3, 1, 4, 30, tzinfo=west)
    _put(database, "second", second)
    _put(database, "first", first)
    with database.reading() as connection:
        order = connection.execute(sa.select(moments.c.id).order_by(moments.c.at)).scalars().all()
        later = connection.execute(sa.select(moments.c.id).where(moments.c.at > first)).scalars()
        assert order == ["first", "second"]
        assert list(later) == ["second"]


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        _put(database, "naive", datetime(2026, 3, 1, 12, 0))  # noqa: DTZ001


def test_concurrent_writers_wait_for_each_other(database: Database) -> None:
    """Reading and then writing under `serialise` loses no update on either database."""
    _put(database, "counter", number=0)

    def add(times: int) -> None:
        for _ in range(times):
            with database.bookkeeping() as connection:
                serialise(connection, "counter")
                number = connection.execute(sa.select(moments.c.number)).scalar_one()
                connection.execute(moments.update().values(number=number + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [20] * 4))
    with database.reading() as connection:
        assert connection.execute(sa.select(moments.c.number)).scalar_one() == 80


@pytest.mark.postgres
def test_serialise_keeps_different_words_apart(postgres_url: str) -> None:
    """A second transaction passes at once with other words; SQLite has one writer anyway."""
    database = Database(postgres_url)
    passed = threading.Event()

    def other() -> None:
        with database.bookkeeping() as connection:
            serialise(connection, "account", "b")
            passed.set()

    with database.bookkeeping() as connection:
        serialise(connection, "account", "a")
        thread = threading.Thread(target=other)
        thread.start()
        assert passed.wait(10)
    thread.join(10)
    database.close()


def test_one_reading_sees_one_state(database: Database) -> None:
    """What a reader reads twice is the same, however much is written between."""
    _put(database, "before")
    count = sa.select(sa.func.count()).select_from(moments)
    with database.reading() as connection:
        assert connection.execute(count).scalar_one() == 1
        _put(database, "meanwhile")
        assert connection.execute(count).scalar_one() == 1
    assert _count(database) == 2


@pytest.mark.parametrize(
    "address",
    ["mysql://user@host/name", "oracle://host", "not an address", ""],
)
def test_an_address_that_is_no_database_is_refused(address: str) -> None:
    with pytest.raises(SettingsInvalid) as problem:
        Database(address)
    assert "sqlite:///" in problem.value.remedy


@pytest.mark.parametrize("way", ["reading", "bookkeeping"])
def test_a_database_out_of_reach_is_unavailable(tmp_path: Path, way: str) -> None:
    nowhere = tmp_path / "missing"
    for address in (
        f"sqlite:///{nowhere / 'tutela.db'}",
        f"postgresql+psycopg://tutela@/tutela?host={nowhere}",
    ):
        database = Database(address)
        with pytest.raises(Unavailable), getattr(database, way)():
            pass
        database.close()


def test_a_damaged_file_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "tutela.db"
    file.write_bytes(b"this is not a database" * 400)
    database = Database(f"sqlite:///{file}")
    with pytest.raises(Unavailable), database.reading() as connection:
        connection.execute(sa.text("SELECT 1"))
    database.close()


def test_what_no_row_can_hold_is_the_callers_mistake(database: Database) -> None:
    if database.is_sqlite:
        with database.reading() as connection:
            assert connection.execute(sa.select(sa.literal("a\0b"))).scalar_one() == "a\0b"
        return
    with pytest.raises(InvalidInput), database.reading() as connection:
        connection.execute(sa.select(sa.literal("a\0b")))


@pytest.mark.postgres
@pytest.mark.parametrize(("set_to", "in_force"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_what_is_committed_outlives_a_crash_of_postgresql(
    postgres_url: str, set_to: str, in_force: str
) -> None:
    """Where the server answers a commit before it is written, our sessions do not let it."""
    opened = Database(f"{postgres_url}&options=-c%20synchronous_commit%3D{set_to}")
    with opened.bookkeeping() as connection:
        said = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    opened.close()
    assert said == in_force
