"""An upgrade seals the names of earlier versions in place, all or none, and leaves none behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command
from tests.fixed_clock import START

import tutela.bootstrap  # noqa: F401  every package's tables
from tutela.access.accounts import Accounts
from tutela.access.names import SealedNames
from tutela.access.single_sign_on import identities
from tutela.audit.log import AuditLog
from tutela.errors import SettingsInvalid, Tampered
from tutela.storage.database import Database
from tutela.storage.upgrading import migrations, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixed_clock import FixedClock

    from tutela.audit.checkpoint import CheckpointSigner

KEY = b"k" * 31 + b"!"
NAME, SUBJECT = "Marker Of-A-Name", "marker-of-a-subject"


@pytest.fixture
def old(database_url: str) -> Iterator[Database]:
    """A database of the version before, with two people in it."""
    database = Database(database_url)
    with database.bookkeeping() as connection:
        told = migrations()
        told.attributes["connection"] = connection
        command.upgrade(told, "0012")
        for place, name in enumerate((NAME, f"{NAME} 2")):
            _put(
                connection,
                "accounts",
                id=f"acc_{place}",
                name=name,
                pseudonym=f"r-{place}",
                kind="person",
                roles='["lead"]',
                last_step=0,
                created_at=START,
                vouched=bool(place),
            )
        _put(
            connection,
            "identities",
            issuer="https://provider.example",
            subject=SUBJECT,
            account_id="acc_1",
            checked_at=START,
            trusted_until=START,
        )
    yield database
    database.close()


def test_names_are_sealed_in_place_and_found_again(
    old: Database, signer: CheckpointSigner, clock: FixedClock
) -> None:
    assert resting(old, NAME)
    upgrade(old, SealedNames(KEY))
    accounts = Accounts(old, AuditLog(old, signer, clock), KEY, clock)
    assert [(one.id, one.name, one.pseudonym) for one in accounts.all()] == [
        ("acc_0", NAME, "r-0"),
        ("acc_1", f"{NAME} 2", "r-1"),
    ]
    assert accounts.named(f" {NAME} ").id == "acc_0"
    with old.reading() as connection:
        subject = connection.execute(sa.select(identities.c.subject_digest)).scalar_one()
    assert subject == SealedNames(KEY).subject_digest("https://provider.example", SUBJECT)
    assert not resting(old, NAME)
    assert not resting(old, SUBJECT)


def test_without_the_key_nothing_is_changed(old: Database) -> None:
    with pytest.raises(SettingsInvalid, match="without the access key"):
        upgrade(old)
    with old.reading() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == (
            "0012"
        )
        names = connection.execute(sa.text("SELECT name FROM accounts ORDER BY id")).scalars()
        assert list(names) == [NAME, f"{NAME} 2"]
    upgrade(old, SealedNames(KEY))


def test_another_key_is_noticed_at_the_start(
    old: Database, signer: CheckpointSigner, clock: FixedClock
) -> None:
    upgrade(old, SealedNames(KEY))
    Accounts(old, AuditLog(old, signer, clock), KEY, clock).proven()
    with pytest.raises(Tampered, match=r"keys/access\.key"):
        Accounts(old, AuditLog(old, signer, clock), b"x" * 32, clock).proven()


def test_a_sealed_name_is_bound_to_its_account_and_does_not_tell_its_length() -> None:
    names = SealedNames(KEY)
    sealed = names.seal("acc_1", NAME)
    assert names.open("acc_1", sealed) == NAME
    with pytest.raises(Tampered):
        names.open("acc_2", sealed)
    longest = "\U0001f600" * 80
    assert names.open("acc_1", names.seal("acc_1", longest)) == longest
    assert len({len(names.seal(f"acc_{'0' * 26}", one)) for one in ("a", NAME, longest)}) == 1


def resting(database: Database, word: str) -> bool:
    """Say whether a word is in the files of a database, live or left over."""
    if database.is_sqlite:
        file = Path(str(database.engine.url.database))
        return any(word.encode() in one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    with database.engine.connect() as connection:
        tables = ("accounts", "identities", "pg_statistic")
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("CHECKPOINT")
        reading = "SELECT pg_read_binary_file(pg_relation_filepath(:one))"
        return any(
            word.encode() in bytes(connection.execute(sa.text(reading), {"one": one}).scalar_one())
            for one in tables
        )


def _put(connection: sa.Connection, table: str, **values: object) -> None:
    named = ", ".join(values)
    marks = ", ".join(f":{one}" for one in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({named}) VALUES ({marks})"), values)
