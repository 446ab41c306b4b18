"""The vault seals with the public key alone, and every opening is on record."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.audit.log import AuditLog
from tutela.errors import NotFound, Refused, SettingsInvalid, Tampered, Unavailable
from tutela.evidence import keys
from tutela.evidence.key_service import HeldKeys
from tutela.evidence.keys import OpeningKey, SealingKey
from tutela.evidence.vault import Purpose, Vault, evidence
from tutela.storage.objects import Objects

REVIEWER = Actor("person", "acc_1")
PLAIN = b"benign bytes of a drawn picture" * 1000


@pytest.fixture
def key(tmp_path: Path) -> OpeningKey:
    return keys.create(tmp_path / "evidence.pub", tmp_path / "evidence.key")


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def kept(audit: AuditLog, vault: Vault, data: bytes = PLAIN) -> str:
    sealed = vault.seal(data)
    with audit.change(REVIEWER) as change:
        vault.keep(change, sealed, "itm_1")
    return sealed.id


def actions(audit: AuditLog, subject: str) -> list[str]:
    return [entry.action for entry in audit.entries(subject)]


def test_sealed_evidence_opens_and_is_recorded(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    identity = kept(audit, vault)
    assert vault.open(REVIEWER, identity, Purpose.REVIEW) == PLAIN
    assert actions(audit, identity) == [Action.EVIDENCE_SEALED, Action.EVIDENCE_OPENED]
    assert audit.entries(identity)[-1].details["purpose"] == "review"


def test_the_scanner_cannot_open_and_its_attempt_is_recorded(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    scanner = Vault(audit, objects, key.sealing)
    identity = kept(audit, scanner)
    with pytest.raises(Refused):
        scanner.open(REVIEWER, identity, Purpose.REVIEW)
    assert actions(audit, identity)[-1] == Action.EVIDENCE_REFUSED


def test_nothing_plain_rests(
    audit: AuditLog, objects: Objects, key: OpeningKey, tmp_path: Path
) -> None:
    kept(audit, Vault(audit, objects, key.sealing))
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert files
    assert not any(PLAIN[:31] in one.read_bytes() for one in files)


def test_altered_objects_and_exchanged_records_do_not_open(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    first, second = kept(audit, vault), kept(audit, vault, b"other")
    with audit.database.bookkeeping() as connection:
        row = connection.execute(sa.select(evidence).where(evidence.c.id == second)).one()
        connection.execute(
            evidence.update().where(evidence.c.id == first).values(wrapped_key=row.wrapped_key)
        )
    with pytest.raises(Tampered):
        vault.open(REVIEWER, first, Purpose.REVIEW)


def test_missing_objects_and_records_are_named(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    with pytest.raises(NotFound):
        vault.open(REVIEWER, "evd_none", Purpose.REVIEW)
    identity = kept(audit, vault)
    objects.delete(f"evidence/{identity[-2:]}/{identity}")
    with pytest.raises(NotFound):
        vault.open(REVIEWER, identity, Purpose.REVIEW)


def test_a_private_key_others_can_read_is_refused(key: OpeningKey, tmp_path: Path) -> None:
    path = tmp_path / "evidence.key"
    assert OpeningKey.load(path).sealing.id == key.sealing.id
    path.chmod(0o644)
    with pytest.raises(SettingsInvalid):
        OpeningKey.load(path)
    with pytest.raises(SettingsInvalid):
        SealingKey.load(path)


def test_a_large_file_passes_in_little_memory(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    block = bytes(range(256)) * 4096
    tracemalloc.start()
    try:
        sealed = vault.seal_parts(block for _ in range(96))
        with audit.change(REVIEWER) as change:
            vault.keep(change, sealed, "itm_1")
        opened = vault.open_parts(REVIEWER, sealed.id, Purpose.REFERRAL)
        passed = sum(len(part) for part in opened.parts)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert passed == opened.size == 96 * len(block)
    assert most < 24 * len(block)


def test_parts_and_whole_are_the_same_evidence(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    sealed = vault.seal_parts([PLAIN[:7], b"", PLAIN[7:]])
    with audit.change(REVIEWER) as change:
        vault.keep(change, sealed, "itm_1")
    assert sealed.sha256 == sha256(PLAIN).hexdigest()
    assert vault.open(REVIEWER, sealed.id, Purpose.REVIEW) == PLAIN


def test_the_last_part_is_withheld_when_the_whole_is_not_what_was_sealed(
    audit: AuditLog, objects: Objects, key: OpeningKey
) -> None:
    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    sealed = vault.seal_parts([bytes(1 << 20)] * 3)
    with audit.change(REVIEWER) as change:
        vault.keep(change, replace(sealed, sha256="0" * 64), "itm_1")
    passed = 0
    with pytest.raises(Tampered):
        for part in vault.open_parts(REVIEWER, sealed.id, Purpose.REFERRAL).parts:
            passed += len(part)
    assert passed < sealed.size


def test_what_ends_early_is_not_stored(objects: Objects, audit: AuditLog, key: OpeningKey) -> None:
    def breaking_off() -> Iterator[bytes]:
        yield bytes(1 << 20)
        raise ConnectionResetError

    vault = Vault(audit, objects, key.sealing, HeldKeys(key))
    with pytest.raises(Unavailable):
        vault.seal_parts(breaking_off())
