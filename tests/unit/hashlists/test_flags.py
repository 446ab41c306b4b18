"""Entries that would match something ordinary do not act until a person has looked why."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tutela.audit.entry import Actor
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.hashlists import flags
from tutela.hashlists.hashlist import EntryHash
from tutela.hashlists.references import References
from tutela.hashlists.store import HashLists
from tutela.matching.ordinary_index import OrdinaryIndex

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")
CAT = 0xF8F8F0CEE0F4A84F06370A22038F63F0B36E2ED596621E1D33E6B39C4E9C9B22


def _pdq(bits: int) -> str:
    return f"{CAT ^ ((1 << bits) - 1):064x}"


def _md5(word: object) -> str:
    return hashlib.md5(str(word).encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def references(audit: AuditLog) -> References:
    made = References(audit)
    made.add(
        ANNA,
        "animals",
        [
            ("a cat", [EntryHash("pdq", bytes.fromhex(_pdq(0)))]),
            ("a note", [EntryHash("md5", bytes.fromhex(_md5("note")))]),
        ],
    )
    return made


@pytest.fixture
def lists(database: Database, audit: AuditLog, references: References) -> HashLists:
    return HashLists(database, audit, ordinary=OrdinaryIndex(31))


def _acting(lists: HashLists) -> list[str]:
    return [one.entry_id for one in lists.entries("known")]


def _waiting(lists: HashLists) -> list[tuple[str, str, int]]:
    return [(one.entry_id, one.like.label, one.like.distance) for _, one in lists.flagged()]


FILE = (
    "id,md5,pdq,labels,classification\n"
    f"near,,{_pdq(31)},x,A1\nfar,,{_pdq(32)},,\nnote,{_md5('note')},,,\nplain,{_md5(1)},,,\n"
    f"both,{_md5(2)},{_pdq(3)},,\n"
).encode()


def test_what_would_match_something_ordinary_waits_and_the_rest_acts(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", FILE)
    assert (report.added, report.flagged, report.unchanged, report.stored) == (2, 3, 0, True)
    assert _acting(lists) == ["far", "plain"]
    assert sorted(_waiting(lists)) == [
        ("both", "a cat", 3),
        ("near", "a cat", 31),
        ("note", "a note", 0),
    ]
    again = lists.import_file(ANNA, "known", FILE)
    assert (again.added, again.flagged, again.unchanged) == (0, 3, 2)
    assert len(_waiting(lists)) == 3


def test_the_empty_file_and_shipped_shapes_are_known_without_asking(
    database: Database, audit: AuditLog
) -> None:
    lists = HashLists(database, audit, ordinary=OrdinaryIndex(31))
    cross = "8466695a615f1a42585787d8161f64f40586fd3d81617f4f6658abd3fa962a74"
    gif = bytes.fromhex(
        "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
    )
    file = f"id,sha256,pdq\na,{hashlib.sha256(gif).hexdigest()},\nb,,{cross}\n".encode()
    assert lists.import_file(ANNA, "known", file).flagged == 2
    assert {one.like.set_name for _, one in lists.flagged()} == {"shipped"}


def test_a_person_lets_it_act_and_it_is_not_asked_about_again(
    lists: HashLists, audit: AuditLog
) -> None:
    lists.import_file(ANNA, "known", FILE)
    revision = lists.revision()
    lists.accept_flag(ANNA, "known", "near", "looked at the source's copy")
    assert lists.revision() == revision + 1
    entry = next(one for one in lists.entries("known") if one.entry_id == "near")
    assert (entry.labels, entry.classification) == (("x",), "A1")
    assert audit.entries()[-1].action == "list.flag_accepted"
    again = lists.import_file(ANNA, "known", FILE)
    assert (again.flagged, again.unchanged) == (2, 3)
    assert lists.show("known").entries == 3
    with pytest.raises(Conflict):
        lists.accept_flag(ANNA, "known", "near")
    with pytest.raises(NotFound):
        lists.refuse_flag(ANNA, "known", "plain")


def test_a_refused_one_never_acts_and_is_not_asked_about_again(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", FILE)
    lists.refuse_flag(ANNA, "known", "near", "a cat indeed")
    assert lists.import_file(ANNA, "known", FILE).flagged == 3
    assert "near" not in _acting(lists)
    assert "near" not in [one for one, _, _ in _waiting(lists)]
    # With other hashes it is another matter.
    lists.import_file(ANNA, "known", f"id,pdq\nnear,{_pdq(7)}\n".encode())
    assert ("near", "a cat", 7) in _waiting(lists)


def test_what_acted_before_goes_on_while_its_change_waits(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", f"id,md5\ne,{_md5(5)}\n".encode())
    report = lists.import_file(ANNA, "known", f"id,pdq\ne,{_pdq(1)}\n".encode())
    assert (report.changed, report.flagged) == (0, 1)
    (entry,) = lists.entries("known")
    assert [one.algorithm for one in entry.hashes] == ["md5"]
    lists.accept_flag(ANNA, "known", "e")
    (entry,) = lists.entries("known")
    assert [one.algorithm for one in entry.hashes] == ["pdq"]


def test_lines_of_one_entry_are_judged_together_wherever_they_stand(lists: HashLists) -> None:
    filler = "".join(f"f{i},{_md5(('f', i))},\n" for i in range(1200))
    file = f"id,md5,pdq\ne,{_md5(5)},\n{filler}e,,{_pdq(1)}\n".encode()
    report = lists.import_file(ANNA, "known", file)
    assert (report.added, report.flagged, report.unchanged) == (1200, 1, 0)
    assert "e" not in _acting(lists)
    other = f"id,md5,pdq\nx,,{_pdq(2)}\n{filler}x,{_md5(6)},\n".encode()
    report = lists.import_file(ANNA, "known", other)
    ((_, flag),) = [one for one in lists.flagged() if one[1].entry_id == "x"]
    assert {one.algorithm for one in flag.entry.hashes} == {"md5", "pdq"}


def test_what_the_source_takes_back_waits_no_longer(lists: HashLists) -> None:
    lists.import_file(ANNA, "known", FILE)
    lists.import_file(ANNA, "known", b"id,withdrawn\nnear,yes\n")
    assert "near" not in [one for one, _, _ in _waiting(lists)]
    lists.import_file(
        ANNA, "known", f"id,md5\nplain,{_md5(1)}\nfar,{_md5(8)}\n".encode(), replace=True
    )
    assert _waiting(lists) == []
    lists.import_file(ANNA, "known", FILE)
    lists.remove_list(ANNA, "known")
    assert lists.flagged() == []


def test_a_line_that_withdraws_wins_over_one_that_waits(lists: HashLists) -> None:
    filler = "".join(f"f{i},{_md5(('f', i))},,\n" for i in range(1200))
    file = f"id,md5,pdq,withdrawn\ne,,{_pdq(1)},\n{filler}e,,,yes\n".encode()
    report = lists.import_file(ANNA, "known", file)
    assert (report.flagged, report.added, _waiting(lists)) == (0, 1200, [])


def test_a_file_of_ordinary_pictures_is_no_hash_list(
    lists: HashLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "MOST_FLAGGED", 2)
    with pytest.raises(InvalidInput, match="ordinary"):
        lists.import_file(ANNA, "known", FILE)
    assert lists.lists() == ()


def test_references_are_added_and_removed_on_record(
    lists: HashLists, references: References, audit: AuditLog
) -> None:
    cat = ("a cat", [EntryHash("pdq", bytes.fromhex(_pdq(0)))])
    assert references.add(ANNA, "animals", [cat, cat]) == 0
    assert references.add(ANNA, "more", [cat, cat]) == 1
    assert references.sets()["animals"] == 2
    for name in ("", "shipped", "x" * 81):
        with pytest.raises(InvalidInput):
            references.add(ANNA, name, [cat])
    references.remove(ANNA, "animals")
    references.remove(ANNA, "more")
    assert audit.entries()[-1].action == "list.reference_removed"
    with pytest.raises(NotFound):
        references.remove(ANNA, "more")
    # The index sees at once that there is nothing to compare with any more.
    assert lists.import_file(ANNA, "known", FILE).flagged == 0
