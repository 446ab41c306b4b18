"""The audit log: entries live and die with their change, in one gapless, provable sequence."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action, Actor
from tutela.audit.log import AuditLog
from tutela.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash, root_of
from tutela.audit.proof import verify
from tutela.audit.rows import audit_entries, audit_head
from tutela.errors import Tampered, UnauditedChange
from tutela.storage.database import Database, Id, metadata

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

_REPOSITORY = Path(__file__).parents[3]
_PERSON = Actor("person", "acc_anna")
_MACHINE = Actor("machine", "acc_uploads")

things = sa.Table("test_things", metadata, sa.Column("id", Id, primary_key=True))


def _things(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(things.c.id).order_by(things.c.id)).scalars())


def _fill(audit: AuditLog, number: int) -> None:
    for place in range(number):
        audit.note(_MACHINE, Action.ITEM_SCREENED, f"itm_{place}", verdict="clean", place=place)


def test_an_empty_log_is_proven_empty(audit: AuditLog) -> None:
    proof = audit.verify()
    assert (proof.size, proof.root, proof.witnessed) == (0, EMPTY_ROOT, 0)


def test_a_change_and_its_entry_commit_together(audit: AuditLog, clock: FixedClock) -> None:
    with audit.change(_PERSON) as change:
        change.connection.execute(things.insert().values(id="one"))
        change.record(Action.CASE_OPENED, "cas_1", kind="known", items=["itm_1", "itm_2"])
        change.record(Action.ITEM_HELD, "itm_1", by=_MACHINE, radius=31, sure=True, note=None)
    assert _things(audit.database) == ["one"]
    first, second = audit.entries()
    assert (first.seq, first.action, first.subject) == (0, "case.opened", "cas_1")
    assert first.actor == "person:acc_anna"
    assert first.details == {"kind": "known", "items": ["itm_1", "itm_2"]}
    assert (second.seq, second.actor) == (1, "machine:acc_uploads")
    assert second.details == {"radius": 31, "sure": True, "note": None}
    assert first.at == second.at == clock.now
    assert audit.verify().size == 2


def test_a_change_that_fails_leaves_neither(audit: AuditLog) -> None:
    _fill(audit, 1)
    before = audit.checkpoint()
    with pytest.raises(RuntimeError), audit.change(_PERSON) as change:
        change.connection.execute(things.insert().values(id="one"))
        change.record(Action.CASE_OPENED, "cas_1")
        raise RuntimeError
    assert _things(audit.database) == []
    assert len(audit.entries()) == 1
    assert audit.checkpoint() == before


def test_a_change_that_records_nothing_is_refused(audit: AuditLog) -> None:
    with pytest.raises(UnauditedChange), audit.change(_PERSON) as change:
        change.connection.execute(things.insert().values(id="one"))
    assert _things(audit.database) == []
    assert audit.verify().size == 0


def test_an_entry_the_database_refuses_takes_the_change_with_it(audit: AuditLog) -> None:
    """A lone surrogate has no UTF-8 form, so the entry cannot be made canonical."""
    with pytest.raises(UnicodeError), audit.change(_PERSON) as change:
        change.connection.execute(things.insert().values(id="one"))
        change.record(Action.CASE_OPENED, "cas_1", word="\ud800")
    assert _things(audit.database) == []


def test_entries_are_those_of_the_subject_newest_kept(audit: AuditLog) -> None:
    for place in range(6):
        audit.note(_MACHINE, Action.ITEM_SCREENED, f"itm_{place % 2}", place=place)
    assert [entry.details["place"] for entry in audit.entries("itm_1")] == [1, 3, 5]
    assert [entry.details["place"] for entry in audit.entries(limit=2)] == [4, 5]


def test_the_checkpoint_covers_every_leaf(audit: AuditLog, signer: CheckpointSigner) -> None:
    assert signer.open(audit.checkpoint()).size == 0
    for size in range(1, 20):
        _fill(audit, 1)
        leaves = [leaf_hash(entry.canonical()) for entry in audit.entries()]
        signed = signer.open(audit.checkpoint())
        assert (signed.size, signed.root) == (size, root_of(leaves))


def test_a_stranger_proves_the_log_with_the_public_key(
    audit: AuditLog, signer: CheckpointSigner
) -> None:
    _fill(audit, 5)
    assert verify(audit.database, signer, None).size == 5
    with pytest.raises(Tampered):
        verify(audit.database, CheckpointSigner("tutela.test", secrets.token_bytes(32)), None)


def test_threads_append_one_gapless_sequence(audit: AuditLog) -> None:
    """From the very first entry, when there is no head to lock yet."""
    ready = threading.Barrier(6)

    def append(number: int) -> None:
        ready.wait(10)
        for place in range(15):
            audit.note(Actor("machine", f"m{number}"), Action.ITEM_SCREENED, f"itm_{place}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(append, range(6)))
    entries = audit.entries()
    assert [entry.seq for entry in entries] == list(range(90))
    assert audit.verify().witnessed == 90


def test_processes_append_one_gapless_sequence(
    database: Database, database_url: str, tmp_path: Path, clock: FixedClock
) -> None:
    seed = secrets.token_bytes(32)
    witness = tmp_path / "witness"
    command = [sys.executable, "-m", "tests.unit.audit.append_many", database_url, seed.hex()]
    writers = [
        subprocess.Popen([*command, str(witness), f"writer{number}", "20"], cwd=_REPOSITORY)
        for number in range(3)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    signer = CheckpointSigner("tutela.test", seed)
    audit = AuditLog(database, signer, clock, WitnessFile(witness, signer))
    assert audit.verify().size == 60
    places: dict[str, list[int]] = {}
    for entry in audit.entries():
        places.setdefault(entry.actor, []).append(entry.details["place"])
    assert places == {f"machine:writer{number}": list(range(20)) for number in range(3)}


def test_the_log_verifies_while_others_write(audit: AuditLog) -> None:
    stop = threading.Event()

    def append() -> None:
        while not stop.is_set():
            _fill(audit, 1)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(append)
        try:
            sizes = [audit.verify().size for _ in range(30)]
        finally:
            stop.set()
        writer.result(30)
    assert sizes == sorted(sizes)


def _forge(audit: AuditLog, place: int, subject: str) -> None:
    """Rewrite one entry, every hash and the head's frontier: all but the signature."""
    with audit.database.bookkeeping() as connection:
        connection.execute(
            audit_entries.update().where(audit_entries.c.seq == place).values(subject=subject)
        )
    frontier = Frontier()
    for entry in audit.entries():
        leaf = leaf_hash(entry.canonical())
        frontier = frontier.append(leaf)
        with audit.database.bookkeeping() as connection:
            connection.execute(
                audit_entries.update().where(audit_entries.c.seq == entry.seq).values(leaf=leaf)
            )
    with audit.database.bookkeeping() as connection:
        connection.execute(audit_head.update().values(size=frontier.size, peaks=frontier.packed()))


def test_a_forged_head_is_never_signed_over(audit: AuditLog) -> None:
    """The next honest change must not launder what somebody wrote into the database."""
    _fill(audit, 7)
    _forge(audit, 3, "itm_forged")
    with pytest.raises(Tampered):
        audit.verify()
    with pytest.raises(Tampered):
        _fill(audit, 1)
    with pytest.raises(Tampered):
        audit.verify()


def _set_back(audit: AuditLog, size: int, note: str, peaks: bytes) -> None:
    with audit.database.bookkeeping() as connection:
        connection.execute(audit_entries.delete().where(audit_entries.c.seq >= size))
        connection.execute(audit_head.update().values(size=size, peaks=peaks, checkpoint=note))


def test_a_database_set_back_is_found_and_not_built_upon(audit: AuditLog) -> None:
    """All that is left is validly signed, so only the witness outside can tell."""
    _fill(audit, 5)
    with audit.database.reading() as connection:
        old = connection.execute(sa.select(audit_head)).one()
    _fill(audit, 3)
    _set_back(audit, 5, old.checkpoint, old.peaks)
    with pytest.raises(Tampered, match="from 5 on were cut off"):
        audit.verify()
    # Without the refusal, the log would outgrow the witness and the loss be forgotten.
    for _ in range(6):
        with pytest.raises(Tampered):
            _fill(audit, 1)
    with pytest.raises(Tampered, match="from 5 on were cut off"):
        audit.verify()


def test_another_history_of_the_same_length_is_found(
    audit: AuditLog, signer: CheckpointSigner, clock: FixedClock
) -> None:
    """Set back and grown again elsewhere, with the key, but not in the witness's sight."""
    _fill(audit, 5)
    with audit.database.reading() as connection:
        old = connection.execute(sa.select(audit_head)).one()
    _fill(audit, 3)
    _set_back(audit, 5, old.checkpoint, old.peaks)
    blind = AuditLog(audit.database, signer, clock)
    for size in (6, 7, 8, 9):
        blind.note(_PERSON, Action.CASE_OPENED, f"cas_{size}")
        with pytest.raises(Tampered):
            audit.verify()
    assert blind.verify().size == 9
    with pytest.raises(Tampered, match="first 8 entries"):
        audit.verify()


def test_a_witness_that_lags_after_a_crash_catches_up(
    audit: AuditLog, signer: CheckpointSigner, clock: FixedClock
) -> None:
    """A kill between commit and witness leaves the witness behind: that is no tampering."""
    _fill(audit, 2)
    AuditLog(audit.database, signer, clock).note(_PERSON, Action.CASE_OPENED, "cas_1")
    assert audit.verify().witnessed == 2
    _fill(audit, 1)
    assert audit.verify().witnessed == 4


def test_a_missing_head_is_found(audit: AuditLog) -> None:
    _fill(audit, 3)
    with audit.database.bookkeeping() as connection:
        connection.execute(audit_head.delete())
    with pytest.raises(Tampered, match="head is missing"):
        audit.verify()
    with pytest.raises(Tampered):
        _fill(audit, 1)


def test_a_log_taken_away_whole_is_found(audit: AuditLog) -> None:
    _fill(audit, 3)
    with audit.database.bookkeeping() as connection:
        connection.execute(audit_entries.delete())
        connection.execute(audit_head.delete())
    with pytest.raises(Tampered, match="from 0 on were cut off"):
        audit.verify()
    with pytest.raises(Tampered):
        _fill(audit, 1)
