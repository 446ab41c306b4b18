"""Two instances in one object store: the sweep of one never takes the evidence of the other."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.fixed_clock import FixedClock

from tutela.access.gate import SHELL
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.log import AuditLog
from tutela.errors import Unavailable
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.keys import OpeningKey, SealingKeyFile
from tutela.evidence.orphans import Orphans
from tutela.evidence.ownership import MARKS, Ownership
from tutela.evidence.vault import Purpose, Vault
from tutela.storage.database import Database, metadata
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MONTH = 30 * 86_400


class Instance:
    """A database and keys of its own, in a store that may be another's, too."""

    def __init__(self, folder: Path, store: Path) -> None:
        folder.mkdir()
        self.clock = FixedClock()
        database = Database(f"sqlite:///{folder / 't.db'}")
        with database.bookkeeping() as connection:
            metadata.create_all(connection)
        signer = CheckpointSigner("tutela.test", secrets.token_bytes(32))
        self.audit = AuditLog(database, signer, self.clock, WitnessFile(folder / "w", signer))
        self.objects = Objects(store)
        self.owner = Ownership(self.objects, signer.text)
        key = OpeningKey.generate()
        key.sealing.save(folder / "evidence.pub")
        sealing = SealingKeyFile(folder / "evidence.pub")
        self.vault = Vault(self.audit, self.objects, sealing, HeldKeys(key), self.owner)
        self.orphans = Orphans(self.audit, self.objects, timedelta(days=7), self.owner)

    def kept(self) -> str:
        sealed = self.vault.seal(b"some bytes")
        with self.audit.change(SHELL) as change:
            self.vault.keep(change, sealed, "itm_1")
        return sealed.id

    def there(self) -> set[str]:
        return {one.rpartition("/")[2] for one in self.objects.names("evidence")}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Instance, Instance]]:
    yield Instance(tmp_path / "a", tmp_path / "store"), Instance(tmp_path / "b", tmp_path / "store")


def test_the_evidence_of_another_instance_is_not_swept(two: tuple[Instance, Instance]) -> None:
    first, second = two
    first.kept()
    theirs, lost = second.kept(), first.vault.seal(b"nobody recorded this").id
    first.clock.advance(_MONTH)
    assert first.orphans.sweep() == 0
    assert {theirs, lost} <= first.there()
    assert second.vault.open(SHELL, theirs, Purpose.REFERRAL) == b"some bytes"
    # Once the other has gone elsewhere and its mark was removed, the own orphan goes.
    (mark,) = [one for one in first.objects.names(MARKS) if not first.owner.is_ours(one)]
    first.objects.delete(mark)
    first.objects.delete(f"evidence/{theirs[-2:]}/{theirs}")
    assert first.orphans.sweep() >= 1
    assert lost not in first.there()


def test_an_instance_alone_sweeps_as_ever_and_marks_before_its_first_bytes(
    tmp_path: Path,
) -> None:
    only = Instance(tmp_path / "a", tmp_path / "store")
    assert list(only.objects.names(MARKS)) == []
    lost = only.vault.seal(b"nobody recorded this").id
    assert len(list(only.objects.names(MARKS))) == 1
    only.clock.advance(_MONTH)
    assert only.orphans.sweep() == 1
    assert lost not in only.there()


def test_where_no_mark_can_be_left_nothing_is_stored(tmp_path: Path) -> None:
    only = Instance(tmp_path / "a", tmp_path / "store")
    # A file stands where the folder of marks would be.
    (tmp_path / "store" / MARKS).write_text("in the way")
    with pytest.raises(Unavailable):
        only.vault.seal(b"some bytes")
    assert only.there() == set()
