"""What waits for a person acts on nothing; and what a source's pin lets in."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.minisign_signer import Signer

from tutela.access import set_up
from tutela.access.approvals import Approvals
from tutela.access.gate import Principal
from tutela.access.roles import Permission
from tutela.access.second_person import Verb
from tutela.audit.entry import Actor
from tutela.errors import Conflict, InvalidInput, NotFound, SecondPersonNeeded, Tampered
from tutela.hashlists import deliveries, source
from tutela.hashlists.deliveries import list_delivery_parts
from tutela.hashlists.list_bytes import packed
from tutela.hashlists.source import Pinned
from tutela.hashlists.store import HashLists
from tutela.hashlists.sudden import Doubt, Steadiness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")
BORIS = Actor("person", "acc_boris")
POLICY = Steadiness(growth_share=0.5, growth_number=3, shrink_share=0.1, shrink_number=1)


def _md5(word: object) -> str:
    return hashlib.md5(str(word).encode(), usedforsecurity=False).hexdigest()


def _csv(*words: object) -> bytes:
    return ("id,md5\n" + "".join(f"{one},{_md5(one)}\n" for one in words)).encode()


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    made = HashLists(database, audit, POLICY)
    made.import_file(ANNA, "known", _csv("a", "b"))
    return made


def _ids(lists: HashLists) -> list[str]:
    return [one.entry_id for one in lists.entries("known")]


def _kept(database: Database) -> int:
    with database.reading() as connection:
        return int(
            connection.execute(
                sa.select(sa.func.count()).select_from(list_delivery_parts)
            ).scalar_one()
        )


def test_a_leap_waits_and_acts_on_nothing(
    lists: HashLists, audit: AuditLog, database: Database
) -> None:
    revision = lists.revision()
    report = lists.import_file(ANNA, "known", _csv(*range(9)))
    assert (report.stored, report.doubts, report.added) == (False, ("growth",), 9)
    assert _ids(lists) == ["a", "b"]
    assert lists.revision() == revision
    (waiting,) = lists.waiting()
    assert (waiting.id, waiting.doubts, waiting.before) == (report.waits_as, (Doubt.GROWTH,), 2)
    assert audit.entries()[-1].action == "list.staged"
    assert audit.entries()[-1].details["added"] == 9
    done = lists.accept(BORIS, waiting.id, "asked by telephone")
    assert (done.stored, done.added) == (True, 9)
    assert len(_ids(lists)) == 11
    assert [one.action for one in audit.entries()][-2:] == ["list.accepted", "list.imported"]
    assert lists.waiting() == []
    assert _kept(database) == 0
    with pytest.raises(Conflict):
        lists.accept(BORIS, waiting.id)
    with pytest.raises(Conflict):
        lists.refuse(BORIS, waiting.id)


def test_withdrawals_that_wait_leave_the_old_entries_acting(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", b"id,withdrawn\na,yes\nb,yes\n")
    assert (report.doubts, report.withdrawn) == (("shrinkage",), 2)
    assert _ids(lists) == ["a", "b"]
    lists.refuse(BORIS, str(report.waits_as), "their mistake")
    assert _ids(lists) == ["a", "b"]
    again = lists.import_file(ANNA, "known", b"id,withdrawn\na,yes\nb,yes\n")
    lists.accept(BORIS, str(again.waits_as))
    assert _ids(lists) == []


def test_the_same_file_waits_once_and_a_flood_is_refused(
    lists: HashLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_WAITING", 2)
    first = lists.import_file(ANNA, "known", _csv(*range(9)))
    assert lists.import_file(ANNA, "known", _csv(*range(9))).waits_as == first.waits_as
    lists.import_file(ANNA, "known", _csv(*range(10)))
    with pytest.raises(Conflict, match="wait already"):
        lists.import_file(ANNA, "known", _csv(*range(11)))
    assert len(lists.waiting()) == 2


def test_who_accepts_gets_what_they_were_shown(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", _csv(*range(9)))
    lists.import_file(ANNA, "known", _csv(0, 1))
    with pytest.raises(Conflict, match="changed since"):
        lists.accept(BORIS, str(report.waits_as))
    assert len(_ids(lists)) == 4
    (waiting,) = lists.waiting()
    assert (waiting.counts.added, waiting.counts.unchanged, waiting.before) == (7, 2, 4)
    assert lists.accept(BORIS, waiting.id).added == 7


def test_a_kept_file_that_was_exchanged_is_found(lists: HashLists, database: Database) -> None:
    report = lists.import_file(ANNA, "known", _csv(*range(9)))
    forged = next(iter(packed([_csv(*range(1, 10))])))
    with database.bookkeeping() as connection:
        connection.execute(list_delivery_parts.update().values(packed=forged))
    with pytest.raises(Tampered):
        lists.accept(BORIS, str(report.waits_as))
    assert _ids(lists) == ["a", "b"]


def test_small_steps_add_up_within_a_day_and_no_longer(lists: HashLists, clock: FixedClock) -> None:
    assert lists.import_file(ANNA, "known", _csv(1, 2)).stored
    assert not lists.import_file(ANNA, "known", _csv(3, 4)).stored
    clock.now += timedelta(days=1)
    assert lists.import_file(ANNA, "known", _csv(5, 6)).stored


def test_one_accepted_leap_does_not_make_the_next_step_one(lists: HashLists) -> None:
    report = lists.import_file(ANNA, "known", _csv(*range(100)))
    lists.accept(BORIS, str(report.waits_as))
    assert lists.import_file(ANNA, "known", _csv("x", "y")).stored


def test_what_a_generator_yields_can_wait_too(lists: HashLists) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"id,md5\n"
        for one in range(50):
            yield f"{one},{_md5(one)}\n".encode()

    report = lists.import_file(ANNA, "known", chunks())
    assert lists.accept(BORIS, str(report.waits_as)).added == 50


def test_caps_hold_until_a_person_accepts(lists: HashLists) -> None:
    lists.pin(ANNA, Pinned("known", most_entries=3, most_a_day=2))
    assert lists.import_file(ANNA, "known", _csv(1)).doubts == ("day_cap",)
    lists.pin(ANNA, Pinned("known", most_entries=3))
    assert lists.import_file(ANNA, "known", _csv(1)).stored
    assert lists.import_file(ANNA, "known", _csv(2)).doubts == ("entries_cap",)


def test_an_unsigned_file_is_refused_where_a_key_is_pinned(
    lists: HashLists, audit: AuditLog
) -> None:
    lists.pin(ANNA, Pinned("known", key=Signer().public))
    with pytest.raises(InvalidInput, match="--signature"):
        lists.import_file(ANNA, "known", _csv("c"))
    assert audit.entries()[-1].action == "list.refused"
    assert _ids(lists) == ["a", "b"]


def test_a_forged_file_is_refused(lists: HashLists, audit: AuditLog, tmp_path: Path) -> None:
    signer = Signer()
    lists.pin(ANNA, Pinned("known", key=signer.public))
    file = tmp_path / "list.csv"
    file.write_bytes(_csv("c"))
    stranger = Signer(b"\x01" * 32).numbered(_csv("c"), 1)
    for signature in (signer.numbered(_csv("d"), 1), stranger):
        with pytest.raises(Tampered):
            lists.import_file(ANNA, "known", file, signature=signature)
        assert audit.entries()[-1].details["code"] == "tampered"
    with pytest.raises(InvalidInput, match="neither serial nor timestamp"):
        lists.import_file(ANNA, "known", file, signature=signer.sign(_csv("c"), "none"))
    assert _ids(lists) == ["a", "b"]
    assert lists.import_file(ANNA, "known", file, signature=signer.numbered(_csv("c"), 1)).stored
    assert _ids(lists) == ["a", "b", "c"]


def test_an_older_signed_file_waits_until_a_person_accepts(lists: HashLists) -> None:
    signer = Signer()
    lists.pin(ANNA, Pinned("known", key=signer.public))

    waiting = []

    def send(words: tuple[str, ...], serial: int) -> tuple[str, ...]:
        data = _csv(*words)
        report = lists.import_file(
            ANNA, "known", data, replace=True, signature=signer.numbered(data, serial)
        )
        waiting.append(report.waits_as)
        return report.doubts

    assert send(("a", "b", "c"), 10) == ()
    assert send(("a", "b", "c"), 10) == ()
    assert send(("a", "b", "d"), 10) == ("older",)
    assert send(("a", "b", "c", "d"), 9) == ("older",)
    assert _ids(lists) == ["a", "b", "c"]
    assert send(("a", "b", "c", "e"), 11) == ()
    last = str(waiting[3])
    # The list has moved on, so the person is shown the new figures first.
    with pytest.raises(Conflict):
        lists.accept(BORIS, last)
    lists.accept(BORIS, last)
    assert _ids(lists) == ["a", "b", "c", "d"]
    assert lists.pinned("known").serial == 9


def test_a_delivery_by_a_key_no_longer_pinned_is_not_accepted(lists: HashLists) -> None:
    signer, other = Signer(), Signer(b"\x02" * 32)
    lists.pin(ANNA, Pinned("known", key=signer.public))
    data = _csv(*range(9))
    report = lists.import_file(ANNA, "known", data, signature=signer.numbered(data, 5))
    lists.pin(ANNA, replace(lists.pinned("known"), key=other.public))
    with pytest.raises(Conflict, match="Another key"):
        lists.accept(BORIS, str(report.waits_as))


def test_the_pin_outlives_the_list(lists: HashLists) -> None:
    lists.pin(ANNA, Pinned("known", source="a hotline", key=Signer().public))
    lists.remove_list(ANNA, "known")
    with pytest.raises(InvalidInput):
        lists.import_file(ANNA, "known", _csv("c"))
    with pytest.raises(InvalidInput, match="another source"):
        lists.import_file(ANNA, "known", _csv("c"), source="somebody")


def test_a_signature_without_a_pinned_key_is_no_proof(lists: HashLists) -> None:
    with pytest.raises(InvalidInput, match="No key is pinned"):
        lists.import_file(ANNA, "known", _csv("c"), signature=Signer().numbered(_csv("c"), 1))


def test_what_is_pinned_is_checked_and_recorded(lists: HashLists, audit: AuditLog) -> None:
    with pytest.raises(InvalidInput):
        lists.pin(ANNA, Pinned("known", key="no key"))
    lists.pin(ANNA, Pinned("new", source="a hotline", key=Signer().public))
    last = audit.entries()[-1]
    assert (last.action, last.details["key"]) == ("list.pinned", Signer().public)
    data = _csv("a")
    lists.import_file(ANNA, "new", data, signature=Signer().numbered(data, 1))
    assert lists.show("new").source == "a hotline"


def test_a_list_is_switched_off_and_on(lists: HashLists, audit: AuditLog) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        lists.switch_off(ANNA, "known", " ")
    lists.switch_off(ANNA, "known", "they were broken into")
    shown = lists.show("known")
    assert (shown.off, shown.off_reason) == (True, "they were broken into")
    assert shown.off_by == "person:acc_anna"
    assert audit.entries()[-1].action == "list.switched_off"
    with pytest.raises(Conflict):
        lists.switch_off(ANNA, "known", "again")
    assert lists.import_file(ANNA, "known", _csv("c")).stored
    assert lists.show("known").off
    lists.switch_on(ANNA, "known")
    assert not lists.show("known").off
    with pytest.raises(Conflict):
        lists.switch_on(ANNA, "known")
    with pytest.raises(NotFound):
        lists.switch_off(ANNA, "none", "why")


def test_trust_in_a_list_changes_by_two_people(
    database: Database, audit: AuditLog, clock: FixedClock
) -> None:
    approvals = Approvals(audit)
    lists = HashLists(database, audit, approvals=approvals)
    anna, boris = (Principal(one, frozenset({Permission.LIST_MANAGE})) for one in (ANNA, BORIS))
    wanted = Pinned("known", key=Signer().public)
    lists.pin(ANNA, Pinned("known", source="a hotline"))
    assert "approval.waived" in {one.action for one in audit.entries()}
    with database.bookkeeping() as connection:
        connection.execute(set_up.set_up.insert().values(id=1, closed_at=clock.now))
    with pytest.raises(SecondPersonNeeded) as refused:
        lists.pin(ANNA, wanted)
    assert lists.pinned("known").key is None
    assert source.terms(wanted) in refused.value.remedy
    asked = approvals.ask(anna, Verb.LIST_TRUST, "known", "they sign now", source.terms(wanted))
    with pytest.raises(SecondPersonNeeded):
        lists.pin(ANNA, wanted)
    approvals.confirm(boris, asked.id)
    # What was confirmed is this change and no other.
    with pytest.raises(SecondPersonNeeded):
        lists.pin(ANNA, replace(wanted, most_entries=7))
    lists.pin(ANNA, wanted)
    assert lists.pinned("known").key == wanted.key
    data = _csv("a")
    lists.import_file(ANNA, "known", data, signature=Signer().numbered(data, 1))
    # One person alone switches off; on again takes two.
    lists.switch_off(ANNA, "known", "doubted")
    with pytest.raises(SecondPersonNeeded):
        lists.switch_on(ANNA, "known")
