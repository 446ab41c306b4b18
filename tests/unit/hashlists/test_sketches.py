"""Sketches in hash lists: read, kept once, dropped with the last entry that has them."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa
from tests.pictures import crowded

from tutela.audit.entry import Actor
from tutela.hashing.features import sketch
from tutela.hashing.sketch import MOST_POINTS
from tutela.hashlists import lookup
from tutela.hashlists.hashlist import EntryHash
from tutela.hashlists.store import HashLists
from tutela.hashlists.tables import hash_sketches
from tutela.matching.live_index import LiveIndex

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")
PDQ = "0f" * 32


@cache
def drawn(seed: int) -> bytes:
    """Return a sketch as it is stored."""
    made = sketch(np.asarray(crowded(seed, 320, 240).convert("L")))
    assert made is not None
    return made.encoded()


def _line(name: str, *sketches: bytes, **more: object) -> bytes:
    told = [b64encode(one).decode() for one in sketches]
    return json.dumps({"id": name, "sketch": told, **more}).encode() + b"\n"


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    return HashLists(database, audit)


def _kept(database: Database) -> set[bytes]:
    with database.reading() as connection:
        return {
            bytes(one) for one in connection.execute(sa.select(hash_sketches.c.sketch)).scalars()
        }


def test_a_sketch_alone_is_an_entry(lists: HashLists, database: Database) -> None:
    report = lists.import_file(ANNA, "one", _line("a", drawn(1)))
    assert (report.added, report.problem_count) == (1, 0)
    (entry,) = lists.entries("one")
    assert entry.hashes == (EntryHash("sketch", sha256(drawn(1)).digest()),)
    assert _kept(database) == {drawn(1)}


def test_importing_the_same_again_changes_nothing(lists: HashLists, database: Database) -> None:
    lists.import_file(ANNA, "one", _line("a", drawn(1), pdq=PDQ))
    again = lists.import_file(ANNA, "one", _line("a", drawn(1), pdq=PDQ))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 1)
    assert _kept(database) == {drawn(1)}


def test_an_entry_that_gains_a_label_keeps_its_sketch(lists: HashLists, database: Database) -> None:
    lists.import_file(ANNA, "one", _line("a", drawn(1)))
    changed = lists.import_file(ANNA, "one", _line("a", drawn(1), labels=["x"]))
    assert changed.changed == 1
    assert _kept(database) == {drawn(1)}


def test_a_sketch_is_kept_once_and_as_long_as_something_lists_it(
    lists: HashLists, database: Database
) -> None:
    lists.import_file(ANNA, "one", _line("a", drawn(1)) + _line("b", drawn(1), drawn(2)))
    lists.import_file(ANNA, "two", _line("c", drawn(1)))
    assert _kept(database) == {drawn(1), drawn(2)}
    lists.remove_entry(ANNA, "one", "b")
    assert _kept(database) == {drawn(1)}
    lists.remove_list(ANNA, "one")
    assert _kept(database) == {drawn(1)}
    lists.import_file(ANNA, "two", b'{"id": "c", "withdrawn": "yes"}\n')
    assert _kept(database) == set()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("no base 64", "sketch: not one that this version can read"),
        (b64encode(b"TUSK").decode(), "sketch: not one that this version can read"),
        (7, "sketch: not one that this version can read"),
        ([None], "sketch: not one that this version can read"),
        (["AA=="] * 13, "sketch: more than 12"),
    ],
    ids=["text", "cut", "number", "none", "many"],
)
def test_a_sketch_that_cannot_be_read_costs_itself_only(
    lists: HashLists, told: object, reason: str
) -> None:
    line = json.dumps({"id": "a", "pdq": PDQ, "sketch": told}).encode()
    report = lists.import_file(ANNA, "one", line)
    assert report.problems[0].reason == reason
    (entry,) = lists.entries("one")
    assert EntryHash("pdq", bytes.fromhex(PDQ)) in entry.hashes


def test_the_index_follows_sketches(lists: HashLists, database: Database, tmp_path: Path) -> None:
    index = LiveIndex(database, tmp_path / "index")
    with database.reading() as connection:
        assert lookup.sketches(connection, [sha256(drawn(1)).digest()]) == {}
    lists.import_file(ANNA, "one", _line("a", drawn(1)) + _line("b", drawn(2)))
    lists.import_file(ANNA, "other", f"id,pdq\nx,{PDQ}\n".encode())
    with database.reading() as connection:
        (first,) = lookup.sketches(connection, [sha256(drawn(1)).digest()]).values()

    def found() -> list[set[tuple[int, int]]]:
        return [
            {(point, distance) for _, point, distance in some if distance == 0}
            for some in index.current().alike(first.marks)
        ]

    assert all((place, 0) in some for place, some in enumerate(found()))
    both = len(index.current().marks)
    lists.remove_entry(ANNA, "one", "b")
    assert 0 < len(index.current().marks) < both
    assert all((place, 0) in some for place, some in enumerate(found()))
    lists.remove_list(ANNA, "one")
    assert len(index.current().marks) == 0
    assert not any(found())
    assert len(index.current().pictures) == 1
    assert len(first.marks) <= MOST_POINTS
