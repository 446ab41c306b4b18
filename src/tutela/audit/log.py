"""The audit log: entries appended in the transaction of the change they record."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from tutela.audit.entry import Action, Actor, Detail, Entry
from tutela.audit.merkle import Frontier, leaf_hash
from tutela.audit.proof import Proof, may_follow, signed_frontier, verify
from tutela.audit.rows import HEAD, REMEDY, audit_entries, audit_head, entry_of, head_row, row_of
from tutela.audit.tree import audit_tiles, tiles_of
from tutela.errors import Tampered, UnauditedChange
from tutela.storage.database import Database, serialise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
    from tutela.storage.clock import Clock

_SET_BACK_REMEDY = (
    "Nothing was changed. If a backup was restored on purpose, keep a copy of the witness file, "
    "then move it away; otherwise find out who replaced the database."
)

_log = structlog.get_logger()


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
        self._witnessed(note, size)

    def _witnessed(self, note: str, size: int) -> None:
        """Keep the checkpoint outside. The change is committed: failing here must not deny it."""
        if self._witness is None:
            return
        try:
            self._witness.keep(note, size)
        except OSError as problem:
            _log.error("audit.witness_not_kept", problem=type(problem).__name__, size=size)

    def note(self, actor: Actor, action: Action, subject: str, **details: Detail) -> None:
        """Record something that changed nothing else: a refusal, an opening."""
        with self.change(actor) as change:
            change.record(action, subject, by=None, **details)

    def _append(self, change: Change) -> tuple[str, int]:
        frontier = self._proven_frontier(change.connection)
        rows, tiles = [], []
        for actor, action, subject, details in change.recorded:
            entry = Entry(frontier.size, change.now, str(actor), action.value, subject, details)
            leaf = leaf_hash(entry.canonical())
            completed = frontier.completed(leaf)
            rows.append(row_of(entry, leaf))
            tiles += tiles_of(entry.seq, completed)
            frontier = frontier.grown(completed)
        try:
            change.connection.execute(audit_entries.insert(), rows)
            if tiles:
                change.connection.execute(audit_tiles.insert(), tiles)
        except sa.exc.IntegrityError as problem:
            raise Tampered("The log holds entries after its signed head.", REMEDY) from problem
        note = self._signer.sign(frontier.size, frontier.root())
        values = {"size": frontier.size, "peaks": frontier.packed(), "checkpoint": note}
        changed = change.connection.execute(
            audit_head.update().where(audit_head.c.id == HEAD).values(**values)
        )
        if changed.rowcount == 0:
            change.connection.execute(audit_head.insert().values(id=HEAD, **values))
        return note, frontier.size

    def _proven_frontier(self, connection: sa.Connection) -> Frontier:
        """Lock the head and prove it before building on it.

        Signing over an unproven head would launder what somebody else wrote there, and would
        let a database that was set back outgrow the witness that knows better.
        """
        # A row cannot be locked before there is one, so the first appends need this lock too.
        serialise(connection, "audit_head")
        head = head_row(connection, lock=True)
        frontier = signed_frontier(head, self._signer) if head else Frontier()
        seen = self._witness.read() if self._witness else None
        if seen and not may_follow(frontier, seen):
            raise Tampered(
                f"The log's head, at {frontier.size} entries, is behind or beside the checkpoint "
                f"of {seen.size} entries that this machine has seen: the database was set back.",
                _SET_BACK_REMEDY,
            )
        return frontier

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint, for an outside witness to keep."""
        with self.database.reading() as connection:
            head = head_row(connection)
        return head.checkpoint if head else self._signer.sign(0, Frontier().root())

    def entries(self, subject: str | None = None, limit: int = 1000) -> list[Entry]:
        """Return the newest entries, of one subject where given, oldest first."""
        query = sa.select(audit_entries).order_by(audit_entries.c.seq.desc()).limit(limit)
        if subject is not None:
            query = query.where(audit_entries.c.subject == subject)
        with self.database.reading() as connection:
            return [entry_of(row) for row in connection.execute(query)][::-1]

    def verify(self) -> Proof:
        """Prove the whole log or raise `Tampered` naming the first bad entry."""
        witnessed = self._witness.read() if self._witness else None
        return verify(self.database, self._signer, witnessed)
