"""The stored lists, on both databases: idempotent, audited, and in force at once."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tutela.audit.entry import Actor
from tutela.errors import InvalidInput, NotFound
from tutela.hashlists import store
from tutela.hashlists.fields import Problem
from tutela.hashlists.hashlist import Entry, EntryHash
from tutela.hashlists.store import HashLists
from tutela.hashlists.tables import hash_entries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")


def _md5(word: object) -> str:
    return hashlib.md5(str(word).encode(), usedforsecurity=False).hexdigest()


def _sha1(word: object) -> str:
    return hashlib.sha1(str(word).encode(), usedforsecurity=False).hexdigest()


def _csv(*words: str) -> bytes:
    return ("id,md5,labels\n" + "".join(f"{one},{_md5(one)},x;y\n" for one in words)).encode()


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    return HashLists(database, audit)


def _ids(lists: HashLists, name: str = "known") -> list[str]:
    return [one.entry_id for one in lists.entries(name)]


def test_an_import_is_stored_with_its_provenance(lists: HashLists, clock: FixedClock) -> None:
    file = (
        "id,md5,sha1,labels,classification,source,added\n"
        f"a,{_md5('a')},{_sha1('a')},x;y,A1,elsewhere,2024\nb,{_md5('b')},,,,,\n"
    ).encode()
    report = lists.import_file(ANNA, "known", file, source="a hotline", version="7")
    assert (report.added, report.unchanged, report.lines, report.problem_count) == (2, 0, 2, 0)
    assert report.stored
    (known,) = lists.lists()
    assert known == lists.show("known")
    assert (known.name, known.source, known.version) == ("known", "a hotline", "7")
    assert (known.entries, known.hashes) == (2, 3)
    assert known.file_sha256 == hashlib.sha256(file).hexdigest()
    assert (known.imported_by, known.imported_at) == ("person:acc_anna", clock.now)
    first, second = lists.entries("known")
    assert first == Entry(
        "a",
        (EntryHash("md5", bytes.fromhex(_md5("a"))), EntryHash("sha1", bytes.fromhex(_sha1("a")))),
        ("x", "y"),
        "A1",
        "elsewhere",
        "2024",
    )
    assert second == Entry("b", (EntryHash("md5", bytes.fromhex(_md5("b"))),))


def test_a_second_import_changes_nothing(lists: HashLists, audit: AuditLog) -> None:
    first = lists.import_file(ANNA, "known", _csv("a", "b", "c"))
    revision = lists.revision()
    assert revision == 1
    again = lists.import_file(ANNA, "known", _csv("c", "b", "a"))
    assert (again.added, again.changed, again.unchanged, again.withdrawn) == (0, 0, 3, 0)
    assert again.list_id == first.list_id
    assert lists.revision() == revision
    assert [one.action for one in audit.entries(first.list_id)] == ["list.imported"] * 2
    assert audit.entries(first.list_id)[1].details["unchanged"] == 3
    assert audit.verify().size == 2


def test_an_import_adds_changes_and_leaves_the_rest(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", _csv("a", "b"))
    changed = f"id,md5,labels\nb,{_md5('b')},z\nc,{_md5('c')},\n".encode()
    report = lists.import_file(ANNA, "known", changed)
    assert (report.added, report.changed, report.unchanged, report.removed) == (1, 1, 0, 0)
    assert [(one.entry_id, one.labels) for one in lists.entries("known")] == [
        ("a", ("x", "y")),
        ("b", ("z",)),
        ("c", ()),
    ]
    assert lists.revision() == 2


def test_a_changed_hash_replaces_the_old_one(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", _csv("a"))
    report = lists.import_file(ANNA, "known", f"id,md5\na,{_md5('new')}\n".encode())
    assert report.changed == 1
    (entry,) = lists.entries("known")
    assert entry.hashes == (EntryHash("md5", bytes.fromhex(_md5("new"))),)


def test_with_replace_the_file_is_the_whole_truth(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", _csv("a", "b", "c"))
    lists.import_file(ANNA, "other", _csv("z"))
    report = lists.import_file(ANNA, "known", _csv("b", "d"), replace=True)
    assert (report.added, report.unchanged, report.removed) == (1, 1, 2)
    assert _ids(lists) == ["b", "d"]
    assert _ids(lists, "other") == ["z"]


def test_replace_never_empties_a_list(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", _csv("a"))
    with pytest.raises(InvalidInput):
        lists.import_file(ANNA, "known", b"id,md5\n", replace=True)
    assert _ids(lists) == ["a"]


def test_withdrawn_entries_leave_and_do_not_come_in(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", _csv("a", "b"))
    file = f"id,md5,withdrawn\na,,2025-01-31\nc,{_md5('c')},yes\n".encode()
    report = lists.import_file(ANNA, "known", file)
    assert (report.withdrawn, report.added, report.unchanged) == (1, 0, 1)
    assert _ids(lists) == ["b"]
    again = lists.import_file(ANNA, "known", file)
    assert (again.withdrawn, again.added, again.unchanged) == (0, 0, 2)
    assert lists.revision() == 2


def test_lines_with_one_id_are_one_entry_wherever_they_stand(lists: HashLists) -> None:
    filler = "".join(f"f{i},{_md5(i)},,\n" for i in range(1200))
    file = f"id,md5,sha1,labels\na,{_md5('a')},,x\n{filler}a,,{_sha1('a')},y\n".encode()
    report = lists.import_file(ANNA, "known", file)
    assert (report.added, report.lines) == (1201, 1202)
    entry = next(iter(lists.entries("known")))
    assert {one.algorithm for one in entry.hashes} == {"md5", "sha1"}
    assert entry.labels == ("x", "y")
    again = lists.import_file(ANNA, "known", file)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 1201)
    assert lists.revision() == 1


def test_a_line_that_withdraws_wins_over_one_that_lists(lists: HashLists) -> None:
    file = f"id,md5,withdrawn\na,{_md5('a')},\na,,yes\nb,,yes\nb,{_md5('b')},\n".encode()
    report = lists.import_file(ANNA, "known", file)
    assert (report.added, report.unchanged) == (0, 2)
    assert _ids(lists) == []


def test_the_same_line_twice_is_one_entry(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", f"{_md5(1)}\n{_md5(1)}\n{_md5(2)}\n".encode())
    assert (report.added, report.unchanged, report.lines) == (2, 0, 3)
    again = lists.import_file(ANNA, "known", f"md5\n{_md5(2).upper()}\n".encode())
    assert again.unchanged == 1


def test_one_hash_may_be_in_many_entries_and_lists(lists: HashLists) -> None:
    for name in ("known", "other"):
        lists.import_file(ANNA, name, f"id,md5\na,{_md5(1)}\nb,{_md5(1)}\n".encode())
    assert [one.hashes for one in lists.lists()] == [2, 2]


def test_good_lines_are_kept_and_bad_ones_reported(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", _csv("a") + b"b,xyz,\nc,,\n")
    assert (report.added, report.refused, report.problem_count) == (1, 2, 2)
    assert report.problems == (
        Problem(3, "md5: 3 characters instead of 32"),
        Problem(4, "no hash that this version can match"),
    )
    assert _ids(lists) == ["a"]


def test_strict_stores_nothing_and_says_so(lists: HashLists, audit: AuditLog) -> None:
    lists.import_file(ANNA, "known", _csv("a"))
    report = lists.import_file(ANNA, "known", _csv("b") + b"c,xyz,\n" + b"d,,\n", strict=True)
    assert not report.stored
    assert (report.added, report.problem_count) == (0, 2)
    assert _ids(lists) == ["a"]
    assert lists.revision() == 1
    refused = audit.entries()[-1]
    assert (refused.action, refused.details["stored"]) == ("list.imported", False)
    assert lists.import_file(ANNA, "new", b"md5\nxyz\n", strict=True).stored is False
    assert [one.name for one in lists.lists()] == ["known"]
    assert lists.import_file(ANNA, "known", _csv("b"), strict=True).stored


def test_problems_are_counted_in_full_and_kept_in_part(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", _csv("a") + b"x,y,\n" * 3000)
    assert (report.problem_count, len(report.problems)) == (3000, 1000)


def test_a_file_of_no_format_changes_nothing(lists: HashLists, audit: AuditLog) -> None:
    with pytest.raises(InvalidInput):
        lists.import_file(ANNA, "known", b"hello\n")
    # The ambiguity shows on the third line only.
    ambiguous = f"{_md5(1)}\n{_md5(2)}\n{_md5(3) * 2}\n".encode()
    with pytest.raises(InvalidInput):
        lists.import_file(ANNA, "known", ambiguous)
    assert lists.lists() == ()
    assert audit.entries() == []


def test_files_come_as_paths_bytes_or_chunks(lists: HashLists, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(_csv("a", "b"))
    data = file.read_bytes()
    chunks = [data[start : start + 7] for start in range(0, len(data), 7)]
    reports = [lists.import_file(ANNA, "known", one) for one in (file, data, chunks)]
    assert [one.added for one in reports] == [2, 0, 0]
    assert len({one.file_sha256 for one in reports}) == 1


def test_a_missing_file_is_refused(lists: HashLists, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        lists.import_file(ANNA, "known", tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb"])
def test_a_name_must_be_usable(lists: HashLists, name: str) -> None:
    with pytest.raises(InvalidInput):
        lists.import_file(ANNA, name, _csv("a"))


def test_a_removed_list_is_gone(lists: HashLists, audit: AuditLog, database: Database) -> None:
    report = lists.import_file(ANNA, "known", _csv("a", "b"))
    lists.import_file(ANNA, "other", _csv("a"))
    lists.remove_list(ANNA, "known")
    assert [one.name for one in lists.lists()] == ["other"]
    assert lists.revision() == 3
    with database.reading() as connection:
        assert (
            connection.execute(sa.select(sa.func.count()).select_from(hash_entries)).scalar() == 1
        )
    last = audit.entries(report.list_id)[-1]
    assert (last.action, last.details) == ("list.removed", {"name": "known", "entries": 2})
    with pytest.raises(NotFound):
        lists.remove_list(ANNA, "known")
    with pytest.raises(NotFound):
        lists.show("known")


def test_a_removed_entry_is_gone(lists: HashLists, audit: AuditLog) -> None:
    report = lists.import_file(ANNA, "known", _csv("a", "b"))
    lists.remove_entry(ANNA, "known", "a")
    assert _ids(lists) == ["b"]
    assert (lists.show("known").entries, lists.revision()) == (1, 2)
    last = audit.entries(report.list_id)[-1]
    assert (last.action, last.details["entry"]) == ("list.entry_removed", "a")
    for name, entry in (("known", "a"), ("none", "b")):
        with pytest.raises(NotFound):
            lists.remove_entry(ANNA, name, entry)
    assert lists.revision() == 2


def test_row_numbers_are_never_given_again(lists: HashLists, database: Database) -> None:
    numbers: set[int] = set()
    for _ in range(3):
        lists.import_file(ANNA, "known", _csv("a", "b"))
        with database.reading() as connection:
            now = set(connection.execute(sa.select(hash_entries.c.id)).scalars())
        assert len(now) == 2
        assert numbers.isdisjoint(now)
        numbers |= now
        lists.remove_list(ANNA, "known")


def test_entries_are_read_in_pages(lists: HashLists, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"e{i:03},{_md5(i)},{_sha1(i)}\n" for i in range(100))
    wide = "".join(f"e050,{_md5((i, 'wide'))},\n" for i in range(40))
    lists.import_file(ANNA, "known", f"id,md5,sha1\n{rows}{wide}".encode())
    monkeypatch.setattr(store, "_PAGE", 7)
    found = list(lists.entries("known"))
    assert [one.entry_id for one in found] == [f"e{i:03}" for i in range(100)]
    assert [len(one.hashes) for one in found] == [42 if i == 50 else 2 for i in range(100)]


def test_a_large_file_is_never_whole_in_memory(lists: HashLists) -> None:
    """Twenty thousand lines of 4 kB, of which little is kept: 80 MB pass through."""

    def chunks() -> Iterator[bytes]:
        yield b"md5,comment\n"
        for i in range(20_000):
            yield f"{_md5(i % 50)},{'x' * 4000}\n".encode()

    tracemalloc.start()
    try:
        report = lists.import_file(ANNA, "known", chunks())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (report.added, report.lines) == (50, 20_000)
    assert peak < 16 << 20
