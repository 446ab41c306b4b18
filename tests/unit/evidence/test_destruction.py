"""Destroyed evidence opens no more, leaves a proven record, and goes in an order crashes keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, Destroyed, InvalidInput, NotFound
from tutela.evidence.destruction import ERASURE, Destruction, destructions, proven
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.keys import OpeningKey
from tutela.evidence.legal_hold import LegalHold, LegalHolds, held_for
from tutela.evidence.vault import Purpose, Vault
from tutela.storage import duties
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog, Change

LEAD = Actor("person", "acc_lead")
PLAIN = b"benign bytes of a drawn picture" * 1000


class Room:
    """A vault, holds and destruction over one audit log."""

    def __init__(self, audit: AuditLog, folder: Path) -> None:
        self.audit, self.folder = audit, folder
        key = OpeningKey.generate()
        self.objects = Objects(folder / "objects")
        self.vault = Vault(audit, self.objects, key.sealing, HeldKeys(key))
        self.holds = LegalHolds(audit)
        self.destruction = Destruction(audit, self.objects, (self.holds.guard,))

    def kept(self) -> str:
        sealed = self.vault.seal(PLAIN)
        with self.audit.change(LEAD) as change:
            self.vault.keep(change, sealed, "itm_1")
        return sealed.id

    def erase(self) -> bool:
        duty = duties.claim(self.audit.database, (ERASURE,), self.audit.clock())
        if duty is not None:
            self.destruction.carry_out(duty)
        return duty is not None

    def stored(self) -> list[Path]:
        return [one for one in (self.folder / "objects").rglob("evd_*") if one.is_file()]

    def actions(self, subject: str) -> list[str]:
        return [entry.action for entry in self.audit.entries(subject)][1:]


@pytest.fixture
def room(audit: AuditLog, tmp_path: Path) -> Room:
    return Room(audit, tmp_path)


def test_destroyed_evidence_opens_no_more_and_leaves_a_proven_record(room: Room) -> None:
    identity = room.kept()
    wrapped = room.vault.record(identity).wrapped_key
    made = room.destruction.destroy(LEAD, identity, "18 USC 2258B(c)", "Asked by the police.")
    with pytest.raises(Destroyed):
        room.vault.open(LEAD, identity, Purpose.REVIEW)
    with pytest.raises(Destroyed):
        room.destruction.destroy(LEAD, identity, "again", "again")
    assert room.stored(), "the key goes first"
    assert room.erase() and not room.erase()
    assert room.stored() == []
    found = room.destruction.of(identity)
    assert replace(found, erased_at=None) == made and found.erased_at is not None
    assert (found.destroyed_by, found.rule) == (str(LEAD), "18 USC 2258B(c)")
    assert room.actions(identity) == [Action.EVIDENCE_DESTROYED, Action.EVIDENCE_ERASED]
    assert proven(found, room.audit.entries(identity))
    for spoilt in (
        replace(found, reason="Another."),
        replace(found, rule="none"),
        replace(found, sha256="0" * 64),
    ):
        assert not proven(spoilt, room.audit.entries(identity))
    files = [one for one in room.folder.rglob("*") if one.is_file()]
    assert files
    assert not any(wrapped in one.read_bytes() for one in files), "the database forgot the key"


def test_without_a_rule_or_a_reason_nothing_is_destroyed(room: Room) -> None:
    identity = room.kept()
    for rule, reason in (("", "x"), ("x", " "), ("x" * 201, "x"), ("x", "x" * 1001)):
        with pytest.raises(InvalidInput):
            room.destruction.destroy(LEAD, identity, rule, reason)
    with pytest.raises(NotFound):
        room.destruction.destroy(LEAD, "evd_none", "x", "x")
    assert room.vault.open(LEAD, identity, Purpose.REVIEW) == PLAIN


def test_a_legal_hold_keeps_evidence_until_it_is_released(room: Room) -> None:
    identity = room.kept()
    first = room.holds.place(LEAD, identity, "Court of …, 12/26")
    second = room.holds.place(LEAD, identity, "Police of …")
    for hold in (first, second):
        with pytest.raises(Conflict, match=hold.id):
            room.destruction.destroy(LEAD, identity, "a rule", "a reason")
        room.holds.release(LEAD, hold.id, "It is over.")
    with pytest.raises(Conflict):
        room.holds.release(LEAD, first.id, "again")
    assert room.holds.all() == ()
    room.destruction.destroy(LEAD, identity, "a rule", "a reason")
    with pytest.raises(Destroyed):
        room.holds.place(LEAD, identity, "too late")
    assert room.actions(identity).count(Action.DESTRUCTION_REFUSED) == 2
    assert room.actions(identity)[:2] == [Action.LEGAL_HOLD_PLACED, Action.LEGAL_HOLD_PLACED]


def test_who_does_not_get_leave_destroys_nothing(room: Room) -> None:
    identity = room.kept()

    def second_person_is_missing(_change: Change) -> None:
        raise Conflict("Another person must confirm this first.", "Ask.")

    with pytest.raises(Conflict):
        room.destruction.destroy(LEAD, identity, "x", "x", second_person_is_missing)
    assert room.vault.open(LEAD, identity, Purpose.REVIEW) == PLAIN
    assert room.destruction.all() == ()


def test_an_erasure_that_was_cut_off_is_finished(
    room: Room, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = room.kept()
    room.destruction.destroy(LEAD, identity, "x", "x")
    for step in ("delete", "forget"):
        with monkeypatch.context() as cut:
            target = room.objects if step == "delete" else room.audit.database
            cut.setattr(target, step, _killed)
            with pytest.raises(KeyboardInterrupt):
                room.erase()
        clock.advance(121)
    assert room.destruction.of(identity).erased_at is None
    assert room.erase()
    assert room.stored() == [] and room.destruction.of(identity).erased_at is not None
    assert room.actions(identity).count(Action.EVIDENCE_ERASED) == 1


def _killed(*_given: object) -> None:
    raise KeyboardInterrupt


def test_one_record_for_one_destruction(room: Room) -> None:
    identity = room.kept()
    room.destruction.destroy(LEAD, identity, "x", "x")
    with room.audit.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(destructions)) == 1


START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=100)
SPAN = st.tuples(st.integers(-50, 150), st.integers(0, 80) | st.none())


def spans(drawn: list[tuple[int, int | None]]) -> list[LegalHold]:
    made = []
    for day, length in drawn:
        placed = START + timedelta(days=day)
        ended = None if length is None else placed + timedelta(days=length)
        made.append(LegalHold("lgh", "evd", "x", "x", placed, released_at=ended))
    return [hold for hold in made if hold.placed_at <= NOW]


@given(st.lists(SPAN, max_size=6))
def test_the_time_under_hold_is_the_days_on_which_one_stood(
    drawn: list[tuple[int, int | None]],
) -> None:
    holds = spans(drawn)
    stood = sum(
        any(
            hold.placed_at <= day and (hold.released_at is None or day < hold.released_at)
            for hold in holds
        )
        for day in (START + timedelta(days=number) for number in range(100))
    )
    assert held_for(holds, START, NOW) == timedelta(days=stood)
