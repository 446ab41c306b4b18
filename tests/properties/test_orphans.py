"""Sealed bytes without a record are swept in time, whatever crashes; what has one never is."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixed_clock import FixedClock

from tutela.access.gate import SHELL
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action
from tutela.audit.log import AuditLog
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.keys import OpeningKey, SealingKeyFile
from tutela.evidence.orphans import EVERY, FIRST, Orphans
from tutela.evidence.vault import Purpose, Vault
from tutela.storage.database import Database, metadata
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator

AGE = timedelta(days=7)
STEPS = st.lists(
    st.sampled_from(["kept", "lost", "an hour", "three days", "sweep", "sweep and crash"]),
    min_size=1,
    max_size=14,
)


class Crash(Exception):
    """The process ends here."""


class Crashing(Objects):
    """A store before which the process can end."""

    crashes = False

    def delete(self, key: str) -> None:
        """Delete, unless the process ends before."""
        if self.crashes:
            raise Crash
        super().delete(key)


class Place:
    """A vault with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        database = Database(f"sqlite:///{folder / 't.db'}")
        with database.bookkeeping() as connection:
            metadata.create_all(connection)
        signer = CheckpointSigner("tutela.test", secrets.token_bytes(32))
        self.audit = AuditLog(database, signer, self.clock, WitnessFile(folder / "w", signer))
        self.objects = Crashing(folder / "objects")
        key = OpeningKey.generate()
        key.sealing.save(folder / "evidence.pub")
        keys = SealingKeyFile(folder / "evidence.pub")
        self.vault = Vault(self.audit, self.objects, keys, HeldKeys(key))
        self.orphans = Orphans(self.audit, self.objects, AGE)

    def kept(self) -> str:
        """Seal something and put it on record."""
        sealed = self.vault.seal(b"some bytes")
        with self.audit.change(SHELL) as change:
            self.vault.keep(change, sealed, "itm_1")
        return sealed.id

    def there(self) -> set[str]:
        """Return what lies in the store."""
        return {one.rpartition("/")[2] for one in self.objects.names("evidence")}


def _walked(place: Place, steps: list[str]) -> Iterator[tuple[set[str], set[str]]]:
    """Take each step; yield what is on record and what was lost, since when, after each."""
    kept: set[str] = set()
    lost: dict[str, object] = {}
    waits = {"an hour": 3600, "three days": 3 * 86_400}
    for step in steps:
        if step == "kept":
            kept.add(place.kept())
        elif step == "lost":
            lost[place.vault.seal(b"nobody recorded this").id] = place.clock()
        elif step in waits:
            place.clock.advance(waits[step])
        else:
            place.objects.crashes = step.endswith("crash")
            try:
                place.orphans.sweep()
            except Crash:
                continue
            finally:
                place.objects.crashes = False
            due = {one for one, at in lost.items() if place.clock() - AGE > at}  # type: ignore[operator]
            assert not due & place.there(), "an old orphan was left"
            for one in due:
                del lost[one]
        yield kept, set(lost)


@settings(max_examples=25)
@given(steps=STEPS)
def test_what_is_on_record_stays_and_what_is_not_goes_in_time(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        for kept, young in _walked(place, steps):
            assert kept | young <= place.there()
        swept = [
            one.subject for one in place.audit.entries() if one.action == Action.EVIDENCE_SWEPT
        ]
        assert not kept & set(swept)
        for one in kept:
            assert place.vault.open(SHELL, one, Purpose.REFERRAL) == b"some bytes"


def test_each_that_goes_has_its_entry_before(tmp_path: Path) -> None:
    place = Place(tmp_path)
    lost = place.vault.seal(b"nobody recorded this").id
    place.clock.advance(8 * 86_400)
    place.objects.crashes = True
    with suppress(Crash):
        place.orphans.sweep()
    assert [one.action for one in place.audit.entries(lost)] == [Action.EVIDENCE_SWEPT]
    assert lost in place.there()
    place.objects.crashes = False
    assert place.orphans.sweep() == 1
    assert place.there() == set()
    assert place.orphans.sweep() == 0


def test_what_is_no_evidence_of_ours_is_let_be(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for name in ("evidence/aa/notes.txt", "evidence/aa/evd_short", "other/evd_0", "evidence/x"):
        place.objects.put(name, b"somebody's")
    place.clock.advance(9 * 86_400)
    assert place.orphans.sweep() == 0
    assert "notes.txt" in place.there()


def test_it_is_done_once_a_day_and_not_at_the_start(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.vault.seal(b"nobody recorded this")
    place.clock.advance(8 * 86_400)
    place.orphans.now_and_then()
    assert place.there()
    place.clock.advance(FIRST.total_seconds())
    place.orphans.now_and_then()
    assert not place.there()
    place.vault.seal(b"nor this")
    place.clock.advance(EVERY.total_seconds() - 1)
    place.orphans.now_and_then()
    Orphans(place.audit, place.objects, None).sweep()
    assert place.there()
