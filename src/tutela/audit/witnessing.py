"""Handing the newest checkpoint to outside witnesses, as a duty that comes back by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from tutela.audit import cosigned
from tutela.audit.cosigned import Cosigned, audit_disputes
from tutela.audit.entry import Action, Actor
from tutela.errors import CounterpartyFailed, CounterpartyRefused, Tampered, TutelaError
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tutela.audit.cosignature import CosignatureVerifier
    from tutela.audit.log import AuditLog
    from tutela.audit.prover import Prover
    from tutela.storage.duties import Duty

CHECKPOINT = "checkpoint"
WITNESSING = Actor("system", "witnessing")
_AGAIN = timedelta(minutes=1)
_DISPUTED = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Signed:
    """The witness's signature lines."""

    lines: str


@dataclass(frozen=True, slots=True)
class HasAnother:
    """The witness's newest checkpoint is of another size than the one we started from."""

    size: int


class Witness(Protocol):
    """Somebody outside who remembers checkpoints and signs those that extend the last one."""

    def cosign(self, old_size: int, path: Sequence[bytes], note: str) -> Signed | HasAnother:
        """Show a checkpoint and that it extends the one of `old_size`.

        Raises `CounterpartyFailed` when it may be tried again, `CounterpartyRefused` when not.
        """


class Witnessing:
    """Keeps each witness up to date, and keeps what each has signed."""

    def __init__(
        self,
        audit: AuditLog,
        prover: Prover,
        witnesses: Mapping[str, tuple[Witness, CosignatureVerifier]],
        every: timedelta,
    ) -> None:
        self._audit = audit
        self._prover = prover
        self._witnesses = witnesses
        self._every = every

    def owe(self) -> None:
        """Owe each witness the newest checkpoint, once in every so long."""
        now = self._audit.clock()
        due = [name for name in self._witnesses if self._is_due(name, now)]
        if not due:
            return
        with self._audit.database.bookkeeping() as connection:
            for name in due:
                duties.owe(connection, CHECKPOINT, name, now)

    def carry_out(self, duty: Duty) -> None:
        """Fulfil one duty of kind `checkpoint`: its subject is the witness's name."""
        known = self._witnesses.get(duty.subject)
        if known is None:
            with self._audit.database.bookkeeping() as connection:
                duties.done(connection, duty, self._audit.clock())
            return
        witness, verifier = known
        note = self._audit.checkpoint()
        try:
            line, at = verifier.open(note, self._ask(witness, duty.subject, note))
        except CounterpartyFailed as problem:
            with self._audit.database.bookkeeping() as connection:
                duties.later(connection, duty, self._audit.clock() + _AGAIN, problem.what)
            return
        except (CounterpartyRefused, Tampered) as problem:
            self._disputed(duty, problem)
            return
        size = self._prover.size_of(note)
        kept = Cosigned(duty.subject, size, verifier.text, note + line, at)
        with self._audit.change(WITNESSING) as change:
            cosigned.keep(change.connection, kept)
            change.connection.execute(
                audit_disputes.delete().where(audit_disputes.c.witness == duty.subject)
            )
            change.record(Action.CHECKPOINT_WITNESSED, duty.subject, size=size)
            duties.done(change.connection, duty, change.now)

    def _ask(self, witness: Witness, name: str, note: str) -> str:
        with self._audit.database.reading() as connection:
            last = cosigned.newest(connection, name)
        size = self._prover.size_of(note)
        old = last.size if last else 0
        answer = self._shown(witness, old, size, note)
        if isinstance(answer, HasAnother):
            if answer.size > size:
                raise Tampered(
                    f"The witness has signed {answer.size} entries, but the log has {size}: "
                    "entries were cut off.",
                    "Compare with backups before anything else; `tutela audit verify`.",
                )
            if answer.size == old:
                raise Tampered(
                    f"The witness has signed another log of {old} entries.",
                    "Compare the two checkpoints; one of them was forged.",
                )
            answer = self._shown(witness, answer.size, size, note)
        if isinstance(answer, HasAnother):
            raise CounterpartyFailed(
                "The witness changed its mind meanwhile.", "It is tried again."
            )
        return answer.lines

    def _shown(self, witness: Witness, old: int, size: int, note: str) -> Signed | HasAnother:
        path = self._prover.consistency(old, size).path if old else ()
        return witness.cosign(old, path, note)

    def _disputed(self, duty: Duty, problem: TutelaError) -> None:
        """Put on record, once for each reason, that a witness will not sign."""
        reason = problem.what[:200]
        same = sa.and_(audit_disputes.c.witness == duty.subject, audit_disputes.c.reason == reason)
        later = self._audit.clock() + min(self._every, _DISPUTED)
        with self._audit.database.reading() as connection:
            known = connection.execute(sa.select(audit_disputes).where(same)).first()
        if known is not None:
            with self._audit.database.bookkeeping() as connection:
                duties.later(connection, duty, later, reason)
            return
        with self._audit.change(WITNESSING) as change:
            change.connection.execute(
                audit_disputes.delete().where(audit_disputes.c.witness == duty.subject)
            )
            change.connection.execute(
                audit_disputes.insert().values(
                    witness=duty.subject, since=change.now, reason=reason
                )
            )
            change.record(Action.CHECKPOINT_DISPUTED, duty.subject, problem=problem.code)
            duties.later(change.connection, duty, later, reason)

    def _is_due(self, name: str, now: datetime) -> bool:
        with self._audit.database.reading() as connection:
            if duties.is_open(connection, CHECKPOINT, name):
                return False
            done = duties.done_at(connection, CHECKPOINT, name)
        return done is None or done <= now - self._every
