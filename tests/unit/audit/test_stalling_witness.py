"""A witness that says nothing, comes late or says rubbish holds up neither log nor witnesses."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from nacl.signing import SigningKey
from tests.simulators.process import SimulatedWitness
from tests.unit.audit.test_witnessing import _key

from tutela.audit import cosigned
from tutela.audit.cosignature import CosignatureVerifier
from tutela.audit.cosigned import audit_disputes
from tutela.audit.entry import Action, Actor
from tutela.audit.prover import Prover
from tutela.audit.witnessing import CHECKPOINT, Witnessing
from tutela.exchange.tlog_witness import TlogWitness
from tutela.platform.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.checkpoint import CheckpointSigner
    from tutela.audit.log import AuditLog

_MACHINE = Actor("machine", "acc_uploads")
_HOUR = timedelta(hours=1)
_ENTRIES, _LATE = 100, 2.0
_STALLS = 60.0
_PATIENCE = 30.0


class Outside:
    """Two witnesses, of which `bad` can misbehave, and two workers as a server has them."""

    def __init__(
        self, audit: AuditLog, signer: CheckpointSigner, folder: Path, bad_key: str | None = None
    ) -> None:
        for name in ("bad", "good"):
            (folder / name).mkdir()
        self.audit = audit
        self.bad = SimulatedWitness(folder / "bad", signer.text)
        self.good = SimulatedWitness(folder / "good", signer.text)
        self._signer, self._bad_key = signer, bad_key
        self._stop = threading.Event()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Owe both witnesses a checkpoint, and work until the block ends."""
        known = {
            "bad": (
                TlogWitness(self.bad.url, timeout=5.0),
                CosignatureVerifier(self._bad_key or self.bad.key),
            ),
            "good": (TlogWitness(self.good.url), CosignatureVerifier(self.good.key)),
        }
        prover = Prover(self.audit.database, self._signer)
        witnessing = Witnessing(self.audit, prover, known, _HOUR)
        witnessing.owe()
        worker = Worker(self.audit.database, self.audit.clock, {CHECKPOINT: witnessing.carry_out})
        lanes = [threading.Thread(target=worker.run, args=(self._stop,)) for _ in range(2)]
        for lane in lanes:
            lane.start()
        try:
            yield
        finally:
            self._stop.set()
            for lane in lanes:
                lane.join()

    def asked(self) -> bool:
        """Say whether the bad one was asked and has begun to misbehave."""
        waiting = self.bad.pending()
        return not waiting or waiting[0]["seen"] > 0

    def signed(self, name: str) -> bool:
        with self.audit.database.reading() as connection:
            return cosigned.newest(connection, name) is not None

    def disputed(self) -> bool:
        with self.audit.database.reading() as connection:
            return connection.execute(sa.select(audit_disputes.c.witness)).scalar() == "bad"


@pytest.fixture
def outside(audit: AuditLog, signer: CheckpointSigner, tmp_path: Path) -> Iterator[Outside]:
    made = Outside(audit, signer, tmp_path)
    with made.bad, made.good:
        yield made


def _until(what: object, seconds: float = _PATIENCE) -> None:
    assert callable(what)
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


def _append(audit: AuditLog, number: int) -> float:
    """Write entries; return how long the slowest took."""
    slowest = 0.0
    for place in range(number):
        begun = time.monotonic()
        audit.note(_MACHINE, Action.ITEM_SCREENED, f"itm_{place}", place=place)
        slowest = max(slowest, time.monotonic() - begun)
    return slowest


def test_one_that_never_answers_stops_nothing(outside: Outside, audit: AuditLog) -> None:
    _append(audit, 3)
    outside.bad.fault("stall", times=1000, seconds=_STALLS)
    with outside.working():
        _until(outside.asked)
        slowest = _append(audit, _ENTRIES)
        assert not outside.signed("bad")
        _until(lambda: outside.signed("good"))
        assert audit.checkpoint().splitlines()[1] == str(audit.verify().size)
        print(f"slowest of {_ENTRIES} entries beside a stalled witness: {slowest:.3f} s")
        assert slowest < _LATE
    assert not outside.signed("bad")
    assert not outside.disputed(), "silence is no dispute: it is asked again"


def test_one_that_answers_late_is_waited_for_and_nobody_else_waits(
    outside: Outside, audit: AuditLog
) -> None:
    _append(audit, 3)
    outside.bad.fault("stall", seconds=_LATE)
    with outside.working():
        _until(outside.asked)
        slowest = _append(audit, 20)
        assert slowest < _LATE
        _until(lambda: outside.signed("bad") and outside.signed("good"))
    # What it signed late is the checkpoint it was shown, and still a part of the log.
    assert audit.verify().size >= 23


@pytest.mark.parametrize("kind", ["garbage", "lie"])
def test_rubbish_is_not_kept_and_the_other_signs(
    outside: Outside, audit: AuditLog, kind: str
) -> None:
    _append(audit, 3)
    outside.bad.fault(kind, times=1000)
    with outside.working():
        _until(lambda: outside.signed("good") and outside.disputed())
        assert _append(audit, 20) < _LATE
    assert not outside.signed("bad")
    audit.verify()


def test_a_forged_signature_is_not_kept(
    audit: AuditLog, signer: CheckpointSigner, tmp_path: Path
) -> None:
    """What answers has another key than the witness of the settings."""
    stranger = _key("witness.example", SigningKey.generate().verify_key.encode())
    made = Outside(audit, signer, tmp_path, bad_key=stranger)
    with made.bad, made.good:
        _append(audit, 3)
        with made.working():
            _until(lambda: made.signed("good") and made.disputed())
        assert not made.signed("bad")
        assert made.bad.books()["signed"], "it did sign, and we did not believe it"
        assert Action.CHECKPOINT_DISPUTED.value in [one.action for one in audit.entries()]
    audit.verify()


def test_checkpoints_go_on_after_the_clock_has_moved(
    outside: Outside, audit: AuditLog, clock: FixedClock
) -> None:
    _append(audit, 3)
    outside.bad.fault("stall", times=1, seconds=_STALLS)
    with outside.working():
        _until(outside.asked)
        _until(lambda: outside.signed("good"))
        # Its patience is over after seconds, and it is asked again a minute later.
        time.sleep(6)
        clock.advance(61)
        _until(lambda: outside.signed("bad"))
