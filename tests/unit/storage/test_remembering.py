"""An upgrade remembers what was decided before it, and says what waiting cases are of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import command
from tests.casework import PDQ, make_item, match, near_pdq
from tests.fixed_clock import START

import tutela.bootstrap  # noqa: F401  every package's tables
from tutela.cases.categories import case_categories
from tutela.decisions.earlier import decided_pictures, decided_words, words_of
from tutela.storage.database import Database
from tutela.storage.upgrading import migrations, upgrade

if TYPE_CHECKING:
    from tutela.content.item import Item


def test_an_upgrade_remembers_and_categorises(database_url: str) -> None:
    database = Database(database_url)
    with database.bookkeeping() as connection:
        told = migrations()
        told.attributes["connection"] = connection
        command.upgrade(told, "0011")
    met = (match("e1", 9, "pdq"),)
    decided = make_item(START, matches=met)
    poor = make_item(START, matches=met, quality=49)
    waiting = make_item(START, matches=met, pdq=near_pdq(3))
    notice = json.dumps({"notice": {"harm": "enticement", "circumstances": ["sextortion"]}})
    with database.bookkeeping() as connection:
        _put(connection, "cas_1", "decided", decided, "{}")
        _put(connection, "cas_2", "decided", poor, "{}")
        _put(connection, "cas_3", "open", waiting, notice)
    upgrade(database)
    with database.reading() as connection:
        kept = connection.execute(sa.select(decided_pictures)).all()
        words = connection.execute(sa.select(decided_words)).all()
        of = connection.execute(sa.select(case_categories)).all()
    assert [tuple(row) for row in kept] == [(decided.id, PDQ)]
    assert sorted(row.word for row in words) == sorted(words_of(PDQ))
    assert {tuple(row) for row in of} == {
        ("cas_3", "kind:near"),
        ("cas_3", "label:benign"),
        ("cas_3", "harm:enticement"),
        ("cas_3", "circumstance:sextortion"),
    }
    database.close()


def _put(
    connection: sa.Connection, case_id: str, state: str, item: Item, surroundings: str
) -> None:
    """Write rows as they were before the upgrade."""
    picture = item.pictures[0]
    stored = {"pdq": picture.pdq, "quality": picture.quality, "frame": 0}
    _insert(
        connection,
        "cases",
        id=case_id,
        state=state,
        kind="near",
        account_id="account-1",
        opened_at=START,
        size=1,
        reasons="[]",
        ranked_at=START,
    )
    _insert(
        connection,
        "items",
        id=item.id,
        external_id=item.external_id,
        account_id="account-1",
        account="{}",
        size=1,
        md5=item.md5,
        sha1=item.sha1,
        sha256=item.sha256,
        pictures=json.dumps([stored]),
        verdict="match",
        hold="held",
        case_id=case_id,
        received_at=START,
        surroundings=surroundings,
        exif="[]",
    )
    _insert(
        connection,
        "item_matches",
        item_id=item.id,
        place=0,
        list_name="known",
        entry_id="e1",
        algorithm="pdq",
        distance=9,
        via="pdq",
        labels='["benign"]',
    )


def _insert(connection: sa.Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
