"""The audit log: entries appended in the transaction of the change they record."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor, Detail, Entry
from tutela.audit.merkle import HASH_SIZE, Frontier, leaf_hash
from tutela.errors import Tampered, UnauditedChange
from tutela.storage.database import Database, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tutela.audit.checkpoint import (
        Checkpoint,
        CheckpointSigner,
        CheckpointVerifier,
        WitnessFile,
    )
    from tutela.storage.clock import Clock

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False, index=True),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("leaf", sa.LargeBinary(HASH_SIZE), nullable=False),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    sa.Column("checkpoint", sa.Text, nullable=False),
)

_HEAD = 1
_REMEDY = (
    "Stop changing this instance, keep a copy of the database, and compare it with backups "
    "and with checkpoints kept elsewhere."
)


class Change:
    """One state change under way: its connection, its instant, and what it will record."""

    def __init__(self, connection: sa.Connection, actor: Actor, now: datetime) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self._recorded: list[tuple[Actor, Action, str, dict[str, Detail]]] = []

    def record(
        self, action: Action, subject: str, *, by: Actor | None = None, **details: Detail
    ) -> None:
        """Add an entry to be appended when the change commits."""
        self._recorded.append((by or self.actor, action, subject, details))

    @property
    def recorded(self) -> list[tuple[Actor, Action, str, dict[str, Detail]]]:
        """Return what was recorded so far, oldest first."""
        return self._recorded


@dataclass(frozen=True, slots=True)
class Proof:
    """What `verify` showed: entries read, root of all, and the newest outside checkpoint."""

    size: int
    root: bytes
    witnessed: int


class AuditLog:
    """The one way to change state. Each change commits with its entries and a new signed head."""

    def __init__(
        self,
        database: Database,
        signer: CheckpointSigner,
        clock: Clock,
        witness: WitnessFile | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self._signer = signer
        self._witness = witness

    @contextmanager
    def change(self, actor: Actor) -> Iterator[Change]:
        """Yield a change; commit it with its audit entries, or roll all back on an error.

        Raises `UnauditedChange` when nothing was recorded.
        """
        with self.database.writing() as connection:
            change = Change(connection, actor, self.clock())
            yield change
            if not change.recorded:
                raise UnauditedChange(
                    "A state change recorded nothing in the audit log.",
                    "This is a defect in Tutela: nothing was changed; please report it.",
                )
            # Last, so that the head's lock is held as briefly as can be.
            note, size = self._append(change)
        if self._witness is not None:
            self._witness.keep(note, size)

    def note(self, actor: Actor, action: Action, subject: str, **details: Detail) -> None:
        """Record something that changed nothing else: a refusal, an opening."""
        with self.change(actor) as change:
            change.record(action, subject, by=None, **details)

    def _append(self, change: Change) -> tuple[str, int]:
        frontier = _locked_frontier(change.connection)
        rows = []
        for actor, action, subject, details in change.recorded:
            entry = Entry(frontier.size, change.now, str(actor), action.value, subject, details)
            leaf = leaf_hash(entry.canonical())
            rows.append(_row(entry, leaf))
            frontier = frontier.append(leaf)
        change.connection.execute(audit_entries.insert(), rows)
        note = self._signer.sign(frontier.size, frontier.root())
        values = {"size": frontier.size, "peaks": frontier.packed(), "checkpoint": note}
        changed = change.connection.execute(
            audit_head.update().where(audit_head.c.id == _HEAD).values(**values)
        )
        if changed.rowcount == 0:
            change.connection.execute(audit_head.insert().values(id=_HEAD, **values))
        return note, frontier.size

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint, for an outside witness to keep."""
        with self.database.reading() as connection:
            head = connection.execute(sa.select(audit_head)).first()
        return head.checkpoint if head else self._signer.sign(0, Frontier().root())

    def entries(self, subject: str | None = None, limit: int = 1000) -> list[Entry]:
        """Return the newest entries, of one subject where given, oldest first."""
        query = sa.select(audit_entries).order_by(audit_entries.c.seq.desc()).limit(limit)
        if subject is not None:
            query = query.where(audit_entries.c.subject == subject)
        with self.database.reading() as connection:
            return [_entry(row) for row in connection.execute(query)][::-1]

    def verify(self) -> Proof:
        """Prove the whole log or raise `Tampered` naming the first bad entry."""
        witnessed = self._witness.read() if self._witness else None
        return verify(self.database, self._signer, witnessed)


def verify(database: Database, verifier: CheckpointVerifier, witnessed: Checkpoint | None) -> Proof:
    """Read every entry in order and prove it against the signed heads.

    1. Each entry stands at its own place: nothing dropped, doubled or moved.
    2. Each entry's canonical bytes give its stored leaf hash: nothing altered.
    3. The root over all leaves is the signed head's (RFC 9162 §2.1.1): nothing recomputed.
    4. The checkpoint kept outside the database is a head of the same log at its size:
       nothing cut off, and the database not set back.
    Bounded memory: rows are streamed. Raises `Tampered`.
    """
    root_then: bytes | None = None
    frontier = Frontier()
    with database.reading() as connection:
        head = connection.execute(sa.select(audit_head)).first()
        rows = connection.execution_options(yield_per=2000).execute(
            sa.select(audit_entries).order_by(audit_entries.c.seq)
        )
        for row in rows:
            if witnessed and frontier.size == witnessed.size:
                root_then = frontier.root()
            frontier = frontier.append(_proven_leaf(row, frontier.size))
    if witnessed and frontier.size == witnessed.size:
        root_then = frontier.root()
    _prove_head(head, frontier, verifier)
    if witnessed and witnessed.size > frontier.size:
        raise Tampered(
            f"The log ends at entry {frontier.size}, but a checkpoint of {witnessed.size} entries "
            f"was signed: entries from {frontier.size} on were cut off.",
            _REMEDY,
        )
    if witnessed and root_then != witnessed.root:
        raise Tampered(
            f"The first {witnessed.size} entries are not those of the checkpoint kept outside "
            "the database.",
            _REMEDY,
        )
    return Proof(frontier.size, frontier.root(), witnessed.size if witnessed else 0)


def _proven_leaf(row: sa.Row[Any], place: int) -> bytes:
    if row.seq != place:
        raise Tampered(f"Entry {place} is missing: entry {row.seq} stands in its place.", _REMEDY)
    try:
        leaf = leaf_hash(_entry(row).canonical())
    except (TypeError, ValueError, AttributeError) as problem:
        raise Tampered(f"Entry {place} cannot be read.", _REMEDY) from problem
    if leaf != row.leaf:
        raise Tampered(f"Entry {place} was altered.", _REMEDY)
    return leaf


def _prove_head(head: sa.Row[Any] | None, frontier: Frontier, verifier: CheckpointVerifier) -> None:
    if head is None:
        if frontier.size:
            raise Tampered("The log's signed head is missing.", _REMEDY)
        return
    signed = verifier.open(head.checkpoint)
    if signed.size != frontier.size or head.size != frontier.size:
        raise Tampered(
            f"The log holds {frontier.size} entries, but its signed head says {signed.size}: "
            f"the first missing or added entry is {min(frontier.size, signed.size)}.",
            _REMEDY,
        )
    if signed.root != frontier.root() or head.peaks != frontier.packed():
        raise Tampered(
            f"The {frontier.size} entries do not have the root that was signed: "
            "entries were rewritten together with their hashes.",
            _REMEDY,
        )


def _locked_frontier(connection: sa.Connection) -> Frontier:
    head = connection.execute(sa.select(audit_head).with_for_update()).first()
    return Frontier.unpacked(head.size, head.peaks) if head else Frontier()


def _row(entry: Entry, leaf: bytes) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "leaf": leaf,
    }


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(row.seq, row.at, row.actor, row.action, row.subject, row.details)
