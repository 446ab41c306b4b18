"""A new key takes over while everything stays open; the old one ends when nothing needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, NotFound, Refused, Tampered, Unavailable
from tutela.evidence import enclosing
from tutela.evidence import rotation as rotations
from tutela.evidence.key_service import KeyFolder
from tutela.evidence.keys import OpeningKey, SealingKeyFile
from tutela.evidence.record import evidence
from tutela.evidence.rotation import EvidenceRows, Rotation
from tutela.evidence.vault import Purpose, Vault
from tutela.referrals.letters import LetterRows, letters
from tutela.storage.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.evidence.keys import SealingKey

SHELL = Actor("system", "shell")
PLAIN = b"benign bytes of a drawn picture" * 1000


class Home:
    """Keys, vault and rotation as a process opens them."""

    def __init__(self, audit: AuditLog, folder: Path) -> None:
        self.public = folder / "evidence.pub"
        self.keys = KeyFolder(folder / "evidence")
        if not self.public.exists():
            first = OpeningKey.generate()
            self.keys.add(first)
            first.sealing.save(self.public)
        self.sealing = SealingKeyFile(self.public)
        self.audit = audit
        self.vault = Vault(audit, Objects(folder / "objects"), self.sealing, self.keys)
        rows = (EvidenceRows(self.keys), LetterRows(self.keys))
        self.rotation = Rotation(audit, self.keys, self.sealing, rows)

    def kept(self, data: bytes = PLAIN) -> str:
        sealed = self.vault.seal(data)
        with self.audit.change(SHELL) as change:
            self.vault.keep(change, sealed, "itm_1")
        return sealed.id

    def rotated(self) -> SealingKey:
        return self.rotation.rotate(SHELL, lambda key: key.save(self.public))

    def opens(self, identity: str) -> bool:
        return self.vault.open(SHELL, identity, Purpose.REVIEW) == PLAIN


@pytest.fixture
def home(audit: AuditLog, tmp_path: Path) -> Home:
    return Home(audit, tmp_path)


def actions(audit: AuditLog) -> list[str]:
    return [entry.action for entry in audit.entries() if entry.action.startswith("key.")]


def test_nothing_stops_while_keys_change(
    home: Home, audit: AuditLog, tmp_path: Path, clock: FixedClock
) -> None:
    running = Home(audit, tmp_path)
    old_key = home.sealing.current().id
    before = home.kept()
    new_key = home.rotated().id
    after = running.kept()
    assert running.vault.record(after).key_id == new_key != old_key
    assert running.opens(before) and running.opens(after)
    with pytest.raises(Conflict, match="1 rows are wrapped"):
        home.rotation.retire(SHELL, old_key)
    assert sum(home.rotation.rewrap(SHELL)) == 1
    assert running.vault.record(before).key_id == new_key
    assert running.opens(before)
    with pytest.raises(Conflict, match="less than an hour"):
        home.rotation.retire(SHELL, old_key)
    clock.advance(7200)
    home.rotation.retire(SHELL, old_key)
    assert home.keys.ids() == {new_key}
    assert Home(audit, tmp_path).opens(before)
    assert actions(audit) == [Action.KEY_ROTATED, Action.KEY_REWRAPPED, Action.KEY_RETIRED]
    with pytest.raises(NotFound):
        home.rotation.retire(SHELL, old_key)
    with pytest.raises(Conflict):
        home.rotation.retire(SHELL, new_key)


def test_sealed_bytes_are_not_touched_by_rewrapping(home: Home, tmp_path: Path) -> None:
    home.kept()
    (path,) = (one for one in (tmp_path / "objects").rglob("evd_*") if one.is_file())
    before = path.read_bytes()
    home.rotated()
    list(home.rotation.rewrap(SHELL))
    assert path.read_bytes() == before


def test_rewrapping_goes_on_where_it_was_stopped(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotations, "BATCH", 2)
    kept = [home.kept() for _ in range(5)]
    key = home.rotated().id
    assert next(home.rotation.rewrap(SHELL)) == 2
    assert {home.vault.record(one).key_id == key for one in kept} == {True, False}
    assert all(home.opens(one) for one in kept)
    assert sum(home.rotation.rewrap(SHELL)) == 3
    assert sum(home.rotation.rewrap(SHELL)) == 0
    assert all(home.opens(one) for one in kept)


def test_a_rotation_cut_off_before_the_sealing_side_knew_is_finished(home: Home) -> None:
    def cut_off(_key: SealingKey) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        home.rotation.rotate(SHELL, cut_off)
    assert len(home.keys.ids()) == 2
    assert home.opens(home.kept())
    newest = home.rotation.newest().id
    assert home.rotated().id == newest == home.sealing.current().id
    assert len(home.keys.ids()) == 2


def test_what_was_destroyed_meanwhile_gets_no_key_again(home: Home) -> None:
    identity = home.kept()
    home.rotated()
    key = home.rotation.newest()
    rows = EvidenceRows(home.keys)
    with home.audit.database.reading() as connection:
        (step,) = rows.steps(connection, key, 10)
    with home.audit.database.bookkeeping() as connection:
        connection.execute(evidence.update().values(wrapped_key=b""))
    with home.audit.change(SHELL) as change:
        assert rows.take(change, key, step) is False
        change.record(Action.KEY_REWRAPPED, key.id)
    assert home.vault.record(identity).wrapped_key == b""


def test_bytes_sealed_to_a_key_that_was_retired_meanwhile_are_not_kept(
    home: Home, clock: FixedClock
) -> None:
    old = home.sealing.current().id
    late = home.vault.seal(PLAIN)
    home.rotated()
    clock.advance(7200)
    home.rotation.retire(SHELL, old)
    with pytest.raises(Unavailable), home.audit.change(SHELL) as change:
        home.vault.keep(change, late, "itm_1")


def test_short_texts_name_their_key_and_are_wrapped_anew(home: Home) -> None:
    enclosed = home.vault.enclose(b"a letter", "ltr_1")
    assert home.vault.disclose(enclosed, "ltr_1") == b"a letter"
    for spoilt, bound in ((enclosed, "ltr_2"), (enclosed[:-1], "ltr_1"), (b"", "ltr_1")):
        with pytest.raises((Tampered, Refused)):
            home.vault.disclose(spoilt, bound)
    # As the first versions wrote it: without the mark and the key's id.
    old = enclosed[10:]
    assert home.vault.disclose(old, "ltr_1") == b"a letter"
    key = home.rotated()
    for one in (old, enclosed):
        anew = wrapped_anew(one, home, key)
        home.keys.private(key.id)
        assert home.vault.disclose(anew, "ltr_1") == b"a letter"


def wrapped_anew(enclosed: bytes, home: Home, key: SealingKey) -> bytes:
    anew = enclosing.rewrapped(enclosed, home.keys, key)
    assert enclosing.sealed_to(anew) == key.id
    return anew


def test_letters_count_and_are_wrapped_anew(home: Home, clock: FixedClock) -> None:
    old = home.sealing.current().id
    insert_letters(home, clock)
    rows = LetterRows(home.keys)
    key = home.rotated()
    with home.audit.database.reading() as connection:
        assert rows.counts(connection) == {None: 1, old: 2}
    assert home.rotation.unnamed() == 1
    assert sum(home.rotation.rewrap(SHELL)) == 3
    with home.audit.database.reading() as connection:
        assert rows.counts(connection) == {key.id: 3}
    assert {one.id: one.wrapped for one in home.rotation.all()} == {old: 0, key.id: 3}


def insert_letters(home: Home, clock: FixedClock) -> None:
    # The same table without its referrals, which these letters do not need.
    columns = [sa.Column(one.name, one.type, primary_key=one.primary_key) for one in letters.c]
    bare = sa.Table(letters.name, sa.MetaData(), *columns)
    with home.audit.database.bookkeeping() as connection:
        letters.drop(connection)
        bare.create(connection)
        for place in range(3):
            sealed = home.vault.enclose(b"text", f"ltr_{place}")
            connection.execute(
                letters.insert().values(
                    id=f"ltr_{place}",
                    referral_id="ref_1",
                    ordinal=place,
                    report=1,
                    about="opening",
                    direction="sent",
                    sha256="0" * 64,
                    size=4,
                    sealed=sealed[10:] if place == 0 else sealed,
                    at=clock(),
                )
            )
