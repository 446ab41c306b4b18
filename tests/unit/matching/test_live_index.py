"""The index follows the lists: their changes, other processes, damage, and another past."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs
from tests.suites.index_suite import hashes

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Actor
from tutela.audit.log import AuditLog
from tutela.hashing.digests import digests
from tutela.hashlists import tables
from tutela.hashlists.store import HashLists
from tutela.matching.live_index import ListedHashes, LiveIndex
from tutela.storage.clock import utc_now
from tutela.storage.database import Database, metadata

ANNA = Actor("person", "acc_anna")
VALUES = [row.tobytes() for row in hashes(60, seed=4)]


def _list(lists: HashLists, name: str, *numbers: int) -> None:
    rows = "".join(f"e{number},{VALUES[number].hex()}\n" for number in numbers)
    lists.import_file(ANNA, name, f"id,pdq\n{rows}".encode(), replace=True)


def _found(listed: ListedHashes) -> set[int]:
    return {number for number, value in enumerate(VALUES) if listed.near(value, 31, 5)}


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    return HashLists(database, audit)


@pytest.fixture
def index(database: Database, tmp_path: Path) -> LiveIndex:
    return LiveIndex(database, tmp_path / "index")


def test_every_kind_of_change_is_followed(lists: HashLists, index: LiveIndex) -> None:
    assert _found(index.current()) == set()
    _list(lists, "one", 1, 2, 3)
    assert _found(index.current()) == {1, 2, 3}
    _list(lists, "one", 2, 3, 4)
    _list(lists, "two", 4, 5)
    assert _found(index.current()) == {2, 3, 4, 5}
    lists.remove_entry(ANNA, "one", "e4")
    assert _found(index.current()) == {2, 3, 4, 5}
    lists.remove_list(ANNA, "two")
    assert _found(index.current()) == {2, 3}
    lists.import_file(ANNA, "one", b"id,withdrawn\ne2,yes\n")
    assert _found(index.current()) == {3}


def test_digests_of_every_kind_are_found(lists: HashLists, index: LiveIndex) -> None:
    sums = digests((b"listed",))
    text = f"md5,sha1,sha256\n{sums.md5},{sums.sha1},{sums.sha256}\n"
    lists.import_file(ANNA, "exact", text.encode())
    listed = index.current()
    for value in (sums.md5, sums.sha1, sums.sha256):
        assert len(listed.equal([bytes.fromhex(value)])) == 1
    assert listed.equal([b"\0" * 16]) == []


def test_what_was_removed_is_not_looked_up_again_and_again(
    lists: HashLists, index: LiveIndex
) -> None:
    _list(lists, "one", *range(10))
    index.current()
    _list(lists, "one", 3)
    assert len(index.current().pictures) == 1


def test_an_index_of_the_past_catches_up(
    lists: HashLists, index: LiveIndex, tmp_path: Path
) -> None:
    _list(lists, "one", 1, 2)
    index.current()
    shutil.copytree(tmp_path / "index", tmp_path / "older")
    _list(lists, "one", 2, 3)
    _list(lists, "two", 4)
    older = LiveIndex(index._database, tmp_path / "older")
    assert _found(older.current()) == {2, 3, 4}


def test_an_index_too_far_behind_is_made_anew(
    lists: HashLists, index: LiveIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_KEPT_CHANGES", 3)
    _list(lists, "one", 1, 2)
    index.current()
    for number in range(10, 16):
        _list(lists, "one", number)
    assert _found(index.current()) == {15}


def _home(folder: Path) -> tuple[Database, HashLists]:
    database = Database(f"sqlite:///{folder}/tutela.db")
    signer = CheckpointSigner("test.local", b"s" * 32)
    audit = AuditLog(database, signer, utc_now, WitnessFile(folder / "witness", signer))
    return database, HashLists(database, audit)


def test_a_restored_backup_is_another_past(tmp_path: Path) -> None:
    """It may count to the same revision again, with other hashes under the same numbers."""
    database, lists = _home(tmp_path)
    with database.bookkeeping() as connection:
        metadata.create_all(connection)
    _list(lists, "one", 1, 2)
    database.close()
    kept = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    database, lists = _home(tmp_path)
    index = LiveIndex(database, tmp_path / "index")
    _list(lists, "two", 3, 4)
    assert _found(index.current()) == {1, 2, 3, 4}
    database.close()
    for path in tmp_path.iterdir():
        if path.is_file():
            path.unlink()
    for path, data in kept.items():
        path.write_bytes(data)
    database, lists = _home(tmp_path)
    index = LiveIndex(database, tmp_path / "index")
    _list(lists, "three", 5, 6)
    assert _found(index.current()) == {1, 2, 5, 6}
    database.close()


def _damage(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[0] ^= 1
    path.unlink()
    path.write_bytes(whole)


@pytest.mark.parametrize("kind", ["pdq", "digests"])
@pytest.mark.parametrize("file", ["manifest.json", "tail-0"])
def test_a_damaged_index_is_made_again_and_said_so(
    lists: HashLists, index: LiveIndex, tmp_path: Path, kind: str, file: str
) -> None:
    _list(lists, "one", 1, 2)
    index.current()
    _damage(tmp_path / "index" / kind / file)
    again = LiveIndex(index._database, tmp_path / "index")
    with capture_logs() as lines:
        assert _found(again.current()) == {1, 2}
    assert [line["event"] for line in lines] == ["index.invalid"]
    _list(lists, "one", 2, 7)
    # Who had it open goes over to the new one.
    assert _found(index.current()) == {2, 7}


def _segment(folder: Path) -> Path:
    (one,) = folder.glob("segment-*")
    return one


def _flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 255]))


@pytest.mark.parametrize("harm", ["deleted", "flipped", "tail"])
def test_damage_that_opening_does_not_meet_is_found_by_proving(
    lists: HashLists, index: LiveIndex, tmp_path: Path, harm: str
) -> None:
    many = [row.tobytes() for row in hashes(5000, seed=9)]
    rows = "".join(f"m{number},{value.hex()}\n" for number, value in enumerate(many))
    lists.import_file(ANNA, "many", f"id,pdq\n{rows}".encode())
    index.current()
    _list(lists, "one", 1, 2)
    index.current()
    folder = tmp_path / "index" / "pdq"
    if harm == "deleted":
        _segment(folder).unlink()
    elif harm == "flipped":
        _flip(_segment(folder), _segment(folder).stat().st_size // 2)
    else:
        (tail,) = folder.glob("tail-*")
        # The first record's value; where it lies is in docs/reference/index-format.md.
        _flip(tail, 4096 + 16 * 4096 + 3)
    # Who has a file open keeps it; who opens it anew misses it.
    again = LiveIndex(index._database, tmp_path / "index") if harm == "deleted" else index
    with capture_logs() as lines:
        again.current()
        again.prove()
        assert _found(again.current()) == {1, 2}
    assert "index.invalid" in [line["event"] for line in lines]
    assert all(again.current().near(value, 0, 1) for value in many[::500])
    again.prove()
    assert not again._doubted
    assert _found(index.current()) == {1, 2}


def test_a_doubted_index_is_made_again(lists: HashLists, index: LiveIndex) -> None:
    _list(lists, "one", 1, 2)
    listed = index.current()
    listed.pictures.store.clear()
    none = np.empty(0, np.int64)
    listed.pictures.store.follow(none, none, hashes(0), listed.digests.state)
    assert _found(index.current()) == set()
    index.doubt()
    assert _found(index.current()) == {1, 2}


def test_a_crash_between_the_two_indexes_is_made_good(
    lists: HashLists, index: LiveIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    _list(lists, "one", 1, 2)
    index.current()
    sums = digests((b"listed",))
    lists.import_file(ANNA, "exact", f"{sums.md5}\n".encode())
    _list(lists, "one", 2, 3)
    store = index.current.__self__._open.digests  # type: ignore[attr-defined]
    follow = store.follow

    def crash(*_given: object) -> None:
        raise MemoryError

    monkeypatch.setattr(store, "follow", crash)
    with pytest.raises(MemoryError):
        index.current()
    monkeypatch.setattr(store, "follow", follow)
    listed = index.current()
    assert _found(listed) == {2, 3}
    assert len(listed.equal([bytes.fromhex(sums.md5)])) == 1
    assert len(listed.pictures) == 2


def test_trust_spares_the_question_and_ends(
    lists: HashLists, index: LiveIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    _list(lists, "one", 1)
    index.current()
    assert _found(index.current()) == {1}
    _list(lists, "one", 2)
    assert _found(index.current(trusted_seconds=60)) == {1}
    assert _found(index.current(trusted_seconds=0)) == {2}
