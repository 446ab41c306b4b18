"""Checkpoints handed to an outside witness that may refuse, lie, stall, or know of a longer log."""

from __future__ import annotations

import base64
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from nacl.signing import SigningKey
from tests.simulators.process import SimulatedWitness

from tutela.audit import cosigned, offline
from tutela.audit.cosignature import CosignatureVerifier
from tutela.audit.cosigned import audit_cosigned, audit_disputes
from tutela.audit.entry import Action, Actor
from tutela.audit.prover import Prover
from tutela.audit.witnessing import CHECKPOINT, Witnessing
from tutela.errors import SettingsInvalid, Tampered
from tutela.exchange.tlog_witness import TlogWitness
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.checkpoint import CheckpointSigner
    from tutela.audit.log import AuditLog

_MACHINE = Actor("machine", "acc_uploads")
_HOUR = timedelta(hours=1)


def _fill(audit: AuditLog, number: int) -> None:
    for place in range(number):
        audit.note(_MACHINE, Action.ITEM_SCREENED, f"itm_{place}", place=place)


@pytest.fixture
def witness(signer: CheckpointSigner, tmp_path: Path) -> Iterator[SimulatedWitness]:
    with SimulatedWitness(tmp_path, signer.text) as running:
        yield running


@pytest.fixture
def witnessing(audit: AuditLog, signer: CheckpointSigner, witness: SimulatedWitness) -> Witnessing:
    known = {"far": (TlogWitness(witness.url), CosignatureVerifier(witness.key))}
    return Witnessing(audit, Prover(audit.database, signer), known, _HOUR)


def _work(audit: AuditLog, witnessing: Witnessing) -> bool:
    """Owe and work as the worker does; say whether anything was due."""
    witnessing.owe()
    duty = duties.claim(audit.database, [CHECKPOINT], audit.clock())
    if duty is not None:
        witnessing.carry_out(duty)
    return duty is not None


def _newest(audit: AuditLog) -> cosigned.Cosigned | None:
    with audit.database.reading() as connection:
        return cosigned.newest(connection, "far")


def _dispute(audit: AuditLog) -> str | None:
    with audit.database.reading() as connection:
        return connection.execute(sa.select(audit_disputes.c.reason)).scalar()


def test_checkpoints_are_handed_out_again_and_again(
    audit: AuditLog, witnessing: Witnessing, witness: SimulatedWitness, clock: FixedClock
) -> None:
    sizes = []
    for number in (1, 300, 7):
        _fill(audit, number)
        assert _work(audit, witnessing)
        assert not _work(audit, witnessing), "not again before its hour"
        kept = _newest(audit)
        assert kept is not None
        sizes.append(kept.size)
        clock.advance(_HOUR.total_seconds())
    assert sizes == [1, 302, 310]
    assert [one["size"] for one in witness.books()["signed"]] == sizes
    assert audit.entries()[-1].action == "checkpoint.witnessed"
    assert _dispute(audit) is None


def test_a_witnessed_proof_says_who_saw_it_and_when(
    audit: AuditLog, witnessing: Witnessing, witness: SimulatedWitness, signer: CheckpointSigner
) -> None:
    _fill(audit, 5)
    _work(audit, witnessing)
    _fill(audit, 5)
    document = Prover(audit.database, signer).document(3)
    proven = offline.Proven(document, signer.text, [witness.key])
    assert (proven.size, proven.later_size) == (5, 11)
    [(name, _at, known)] = proven.witnesses
    assert (name, known) == ("witness.example", True)
    words = "\n".join(proven.words())
    assert "witness.example signed that it saw this record at" in words
    stranger = SigningKey(b"\1" * 32).verify_key.encode()
    other = _key("witness.example", stranger)
    with pytest.raises(offline.ProofFails, match="has not signed"):
        offline.Proven(document, signer.text, [other])
    document["later"]["consistency"] = document["later"]["consistency"][1:]
    with pytest.raises(offline.ProofFails, match="does not extend"):
        offline.Proven(document, signer.text)


def test_a_witness_that_signs_another_root_is_found_out(
    audit: AuditLog, witnessing: Witnessing, witness: SimulatedWitness, clock: FixedClock
) -> None:
    _fill(audit, 3)
    witness.fault("lie")
    _work(audit, witnessing)
    assert _newest(audit) is None
    assert _dispute(audit) is not None
    assert audit.entries()[-1].action == "checkpoint.disputed"
    clock.advance(_HOUR.total_seconds())
    _work(audit, witnessing)
    assert _newest(audit) is not None
    assert _dispute(audit) is None, "settled once it signs the truth"


def test_a_refusal_is_put_on_record_once(
    audit: AuditLog, witnessing: Witnessing, witness: SimulatedWitness, clock: FixedClock
) -> None:
    _fill(audit, 3)
    witness.fault("refuse", times=3, status=403)
    for _ in range(3):
        assert _work(audit, witnessing)
        clock.advance(_HOUR.total_seconds())
    told = [one.action for one in audit.entries() if one.action == "checkpoint.disputed"]
    assert len(told) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage"])
def test_silence_is_tried_again_and_no_entry_is_lost(
    audit: AuditLog,
    witnessing: Witnessing,
    witness: SimulatedWitness,
    clock: FixedClock,
    kind: str,
) -> None:
    """After `drop_after` the witness has signed what we never saw: it says so, and we catch up."""
    _fill(audit, 3)
    witness.fault(kind)
    _work(audit, witnessing)
    assert _newest(audit) is None
    _fill(audit, 2)
    clock.advance(_HOUR.total_seconds())
    assert _work(audit, witnessing)
    assert _newest(audit) is not None


def test_a_witness_of_a_longer_log_shows_that_ours_was_cut(
    audit: AuditLog, witnessing: Witnessing, witness: SimulatedWitness
) -> None:
    _fill(audit, 3)
    witness.remember(40)
    _work(audit, witnessing)
    reason = _dispute(audit)
    assert reason is not None
    assert "cut off" in reason


def test_a_witness_of_another_log_of_the_same_size_disputes_it(
    audit: AuditLog, witnessing: Witnessing, witness: SimulatedWitness, clock: FixedClock
) -> None:
    _fill(audit, 3)
    _work(audit, witnessing)
    witness.remember(3, base64.b64encode(b"\1" * 32).decode())
    clock.advance(_HOUR.total_seconds())
    _work(audit, witnessing)
    assert _dispute(audit) is not None, "it cannot verify that our log extends another's root"


def test_what_was_set_back_is_noticed_outside_even_without_the_witness_file(
    audit: AuditLog, witness: SimulatedWitness, signer: CheckpointSigner, witnessing: Witnessing
) -> None:
    """Database, rows of witnesses and witness file all set back; only the outsider knows."""
    _fill(audit, 9)
    _work(audit, witnessing)
    with audit.database.bookkeeping() as connection:
        connection.execute(audit_cosigned.delete())
    witness.remember(100)
    audit.clock.advance(_HOUR.total_seconds())  # type: ignore[attr-defined]
    _work(audit, witnessing)
    assert "cut off" in str(_dispute(audit))


def _key(name: str, public: bytes) -> str:
    raw = b"\x04" + public
    named = sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    return f"{name}+{named}+{base64.b64encode(raw).decode()}"


def test_the_published_example_of_a_cosignature_is_read(signer: CheckpointSigner) -> None:
    """Form only, from c2sp.org/tlog-cosignature: its key is not published, so it must not hold."""
    line = (
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZC"
        "B9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    raw = base64.b64decode(line.split(" ")[2])
    assert len(raw) == 4 + 8 + 64
    assert int.from_bytes(raw[4:12], "big") == 1679315147
    verifier = CosignatureVerifier(_key("witness.example.com/w1", signer._key.verify_key.encode()))
    with pytest.raises(Tampered):
        verifier.open(signer.sign(1, b"\0" * 32), line)


@pytest.mark.parametrize(
    "text",
    ["", "a+b", "witness+00000000+AAAA", _key("w", b"\0" * 31), _key("", b"\0" * 32)],
)
def test_what_is_no_witness_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid):
        CosignatureVerifier(text)


def test_a_log_key_is_no_witness_key(signer: CheckpointSigner) -> None:
    with pytest.raises(SettingsInvalid):
        CosignatureVerifier(signer.text)
