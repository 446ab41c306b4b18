"""One dialect-aware door to the database: SQLite by default, PostgreSQL at scale."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tutela.errors import InvalidInput, SettingsInvalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine.interfaces import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = sa.String(40)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC instant. SQLite forgets the zone; this puts it back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times: an instant without a zone is a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give every instant back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Connections for reading, for audited changes and for bookkeeping.

    A reading sees one state from first to last. A writing on SQLite has the only write lock
    from its start; on PostgreSQL, who writes what it has read calls `serialise` or locks its
    rows first. Raises `Unavailable` when the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError as problem:
            raise SettingsInvalid(
                "The database address cannot be read.",
                "Use sqlite:///path or postgresql+psycopg://user@host/name.",
            ) from problem
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise SettingsInvalid(
                f"The database kind {parsed.get_backend_name()!r} is not supported.",
                "Use sqlite:///path or postgresql+psycopg://user@host/name.",
            )
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(parsed) if self.is_sqlite else _postgres_engine(parsed)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection that cannot write."""
        with self._begun("READ") as connection:
            yield connection

    @contextmanager
    def bookkeeping(self) -> Iterator[sa.Connection]:
        """Yield a write transaction without audit: leases, last-seen times, idempotency.

        Nothing that says what happened to an item, a case or evidence may go through here;
        that is what `AuditLog.change` is for.
        """
        with self.writing() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a write transaction. Only `AuditLog` and `bookkeeping` call this."""
        with self._begun("WRITE") as connection:
            yield connection

    @contextmanager
    def _begun(self, mode: str) -> Iterator[sa.Connection]:
        try:
            connection = self.engine.connect()
        except (DBAPIError, PoolTimeout, UnicodeDecodeError) as problem:
            # The last is how sqlite3 reports a schema whose text was damaged.
            raise _unreachable() from problem
        try:
            connection = connection.execution_options(tutela_mode=mode)
            with connection.begin():
                yield connection
        except DataError as problem:
            raise InvalidInput(
                "A value cannot be kept: a text with a zero character, or a number out of range.",
                "Send it without; nothing was changed.",
            ) from problem
        except DBAPIError as problem:
            # The bare class is what SQLite raises for a damaged file; its subclasses are our bugs.
            if isinstance(problem, OperationalError) or type(problem) is DatabaseError:
                raise _unreachable() from problem
            raise
        finally:
            connection.close()

    def forget(self) -> None:
        """Let SQLite's log of recent writes go, which holds what was overwritten. Best effort.

        PostgreSQL does so in its own time (VACUUM, and the recycling of its log).
        """
        if self.is_sqlite:
            # Not within a transaction, which is what a connection of SQLAlchemy's begins.
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                raw.close()

    def close(self) -> None:
        """Let go of every pooled connection."""
        self.engine.dispose()


def serialise(connection: sa.Connection, *words: str) -> None:
    """Let one transaction at a time pass here for the same words, until it ends.

    SQLite has one writer anyway; PostgreSQL takes an advisory lock.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(sha256("\0".join(words).encode()).digest()[:8], signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _unreachable() -> Unavailable:
    return Unavailable(
        "The database did not answer.",
        "Check that it runs, has disk space and is not locked; nothing was changed.",
    )


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=8, max_overflow=32
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(raw: Any, _record: object) -> None:
        # The driver must not open transactions by itself: `begin` below decides the kind of lock.
        raw.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "trusted_schema=OFF",
            # What is overwritten or deleted is gone from the file, too.
            "secure_delete=ON",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get("tutela_mode") == "READ"
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgres_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=32)

    @sa.event.listens_for(engine, "connect")
    def _keep_what_is_committed(raw: Any, _record: object) -> None:
        # Else a crash of a server that answers before it has written loses what is owed.
        raw.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        raw.commit()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("tutela_mode") == "READ":
            # One snapshot for the whole reading, as SQLite gives: a proof reads in several steps.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine
