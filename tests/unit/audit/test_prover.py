"""Proofs out of the stored tree: every one holds, on both databases, and none over a forgery."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command

from tutela.audit.checkpoint import CheckpointSigner
from tutela.audit.cosigned import Cosigned, keep
from tutela.audit.entry import Action, Actor, Entry
from tutela.audit.log import AuditLog
from tutela.audit.merkle import Frontier, leaf_hash, root_of, verify_consistency, verify_inclusion
from tutela.audit.prover import Prover
from tutela.audit.rows import audit_entries, audit_head, row_of
from tutela.audit.tree import audit_tiles, tiles_of
from tutela.errors import InvalidInput, NotFound, Tampered
from tutela.storage.database import Database
from tutela.storage.upgrading import migrations, upgrade

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

_MACHINE = Actor("machine", "acc_uploads")
_SIZES = (1, 2, 255, 256, 257, 511, 512, 600)


def fill(audit: AuditLog, number: int) -> None:
    with audit.change(_MACHINE) as change:
        for place in range(number):
            change.record(Action.ITEM_SCREENED, f"itm_{place}", place=place)


def _leaves(audit: AuditLog) -> list[bytes]:
    return [leaf_hash(entry.canonical()) for entry in audit.entries(limit=100_000)]


def test_every_proof_holds_across_tiles(audit: AuditLog, signer: CheckpointSigner) -> None:
    fill(audit, 600)
    leaves, prover = _leaves(audit), Prover(audit.database, signer)
    for size in _SIZES:
        root = root_of(leaves[:size])
        for index in {0, size // 2, size - 1, max(0, size - 256)}:
            shown = prover.inclusion(index, size)
            assert (shown.root, shown.leaf) == (root, leaves[index])
            assert verify_inclusion(leaves[index], index, size, shown.path, root)
        for first in (one for one in _SIZES if one <= size):
            both = prover.consistency(first, size)
            assert (both.first_root, both.second_root) == (root_of(leaves[:first]), root)
            assert verify_consistency(first, size, both.first_root, root, both.path)


def test_tiles_are_those_of_the_tree_at_three_levels(audit: AuditLog) -> None:
    """Two levels need 65536 leaves: many in one change, so that it is quick."""
    for _ in range(4):
        fill(audit, 16_400)
    with audit.database.reading() as connection:
        stored = {
            (row.level, row.place): row.root for row in connection.execute(sa.select(audit_tiles))
        }
    leaves = _leaves(audit)
    assert stored[1, 3] == root_of(leaves[768:1024])
    assert stored[2, 0] == root_of(leaves[:65_536])
    assert len(stored) == 65_600 // 256 + 1
    assert audit.verify().size == 65_600


def test_what_is_not_there_is_not_proven(audit: AuditLog, signer: CheckpointSigner) -> None:
    prover = Prover(audit.database, signer)
    with pytest.raises(NotFound):
        prover.document(0)
    fill(audit, 3)
    with pytest.raises(NotFound):
        prover.inclusion(3)
    with pytest.raises(NotFound):
        prover.inclusion(2, 2)
    with pytest.raises(NotFound):
        prover.document(3)
    for first, second in ((0, 2), (3, 2), (1, 4)):
        with pytest.raises(InvalidInput):
            prover.consistency(first, second)


def _overwrite(
    audit: AuditLog, table: sa.Table, where: sa.ColumnElement[bool], **to: object
) -> None:
    with audit.database.bookkeeping() as connection:
        assert connection.execute(table.update().where(where).values(**to)).rowcount == 1


@pytest.mark.parametrize(
    "forged",
    [
        {"table": audit_entries, "where": audit_entries.c.seq == 300, "subject": "itm_other"},
        {"table": audit_entries, "where": audit_entries.c.seq == 300, "leaf": b"\1" * 32},
        {"table": audit_entries, "where": audit_entries.c.seq == 300, "leaf": b"\1" * 31},
        {"table": audit_tiles, "where": audit_tiles.c.place == 0, "root": b"\1" * 32},
        {"table": audit_tiles, "where": audit_tiles.c.place == 0, "place": 9},
    ],
    ids=["entry", "leaf", "short leaf", "tile", "moved tile"],
)
def test_nothing_is_proven_over_a_forgery(
    audit: AuditLog, signer: CheckpointSigner, forged: dict[str, object]
) -> None:
    fill(audit, 600)
    _overwrite(audit, **forged)  # type: ignore[arg-type]
    prover = Prover(audit.database, signer)
    with pytest.raises(Tampered):
        prover.document(300)
    with pytest.raises(Tampered):
        audit.verify()


def test_a_tile_that_no_entry_gives_is_found(audit: AuditLog) -> None:
    fill(audit, 300)
    with audit.database.bookkeeping() as connection:
        connection.execute(audit_tiles.insert().values(level=1, place=7, root=b"\1" * 32))
    with pytest.raises(Tampered, match="no entry gives"):
        audit.verify()


def test_an_altered_tile_is_named(audit: AuditLog) -> None:
    fill(audit, 600)
    _overwrite(audit, audit_tiles, audit_tiles.c.place == 1, root=b"\1" * 32)
    with pytest.raises(Tampered, match="from 256 on"):
        audit.verify()


def test_a_proof_uses_the_earliest_witnessed_checkpoint(
    audit: AuditLog, signer: CheckpointSigner, clock: FixedClock
) -> None:
    """One that the witness truly signed: tests/unit/audit/test_witnessing.py."""
    fill(audit, 10)
    with audit.database.bookkeeping() as connection:
        keep(connection, Cosigned("far", 10, "far+00000000+AA==", audit.checkpoint(), clock.now))
    fill(audit, 5)
    prover = Prover(audit.database, signer)
    with pytest.raises(Tampered, match="would not hold"):
        prover.document(9)
    assert "later" not in prover.document(10)


def test_a_log_of_the_earlier_version_gets_its_tiles(database_url: str, clock: FixedClock) -> None:
    database = Database(database_url)
    config = migrations()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    signer = CheckpointSigner("tutela.test", secrets.token_bytes(32))
    rows, tiles, frontier = [], [], Frontier()
    for place in range(66_000):
        entry = Entry(place, clock(), str(_MACHINE), "item.screened", f"itm_{place}", {})
        leaf = leaf_hash(entry.canonical())
        completed = frontier.completed(leaf)
        rows.append(row_of(entry, leaf))
        tiles += [tuple(one.values()) for one in tiles_of(place, completed)]
        frontier = frontier.grown(completed)
    head = {
        "id": 1,
        "size": frontier.size,
        "peaks": frontier.packed(),
        "checkpoint": signer.sign(frontier.size, frontier.root()),
    }
    with database.bookkeeping() as connection:
        connection.execute(audit_entries.insert(), rows)
        connection.execute(audit_head.insert().values(**head))
    upgrade(database)
    with database.reading() as connection:
        made = [tuple(row) for row in connection.execute(sa.select(audit_tiles))]
    assert sorted(made) == sorted(tiles)
    assert AuditLog(database, signer, clock).verify().size == 66_000
    database.close()
