"""Rotation: a new key takes over, what is wrapped to older ones is wrapped anew, and they end.

Nothing stops meanwhile: each object names its key, and every key is held until nothing needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict
from tutela.evidence.key_service import no_such_key
from tutela.evidence.keys import OpeningKey, SealingKey
from tutela.evidence.record import evidence, evidence_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tutela.audit.log import AuditLog, Change
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.keys import Sealing

BATCH = 200
REST = timedelta(hours=1)
"""How long a key is kept after its successor came: what was sealed to it may be on its way."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row that is wrapped anew: its id, what is there, and what comes in its place."""

    id: str
    before: bytes
    after: bytes


class WrappedRows(Protocol):
    """A table whose rows carry wrapped keys."""

    name: str

    def counts(self, connection: sa.Connection) -> dict[str | None, int]:
        """Return how many rows are wrapped to each key; None: to one they do not name."""
        ...

    def steps(self, connection: sa.Connection, key: SealingKey, limit: int) -> list[Step]:
        """Return what to do for some rows that are not wrapped to `key`."""
        ...

    def take(self, change: Change, key: SealingKey, step: Step) -> bool:
        """Put a step's result in place, if the row is still as it was; say whether it was."""
        ...


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """One key: since when, whether it is sealed to, held here, ended, and what needs it."""

    id: str
    made_at: datetime | None
    newest: bool
    held: bool
    retired_at: datetime | None
    wrapped: int


class EvidenceRows:
    """The table of evidence. What is destroyed has no key any more."""

    name = "evidence"

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    def counts(self, connection: sa.Connection) -> dict[str | None, int]:
        """Return how many objects are wrapped to each key."""
        query = (
            sa.select(evidence.c.key_id, sa.func.count())
            .where(evidence.c.destroyed_at.is_(None))
            .group_by(evidence.c.key_id)
        )
        return {row[0]: row[1] for row in connection.execute(query)}

    def steps(self, connection: sa.Connection, key: SealingKey, limit: int) -> list[Step]:
        """Return what to do for some objects."""
        query = (
            sa.select(evidence.c.id, evidence.c.key_id, evidence.c.wrapped_key)
            .where(evidence.c.key_id != key.id, evidence.c.destroyed_at.is_(None))
            .limit(limit)
        )
        return [
            Step(row.id, row.wrapped_key, key.wrap(self._keys.unwrap(row.key_id, row.wrapped_key)))
            for row in connection.execute(query)
        ]

    def take(self, change: Change, key: SealingKey, step: Step) -> bool:
        """Put one in place. What was destroyed meanwhile has no such key and stays so."""
        done = change.connection.execute(
            evidence.update()
            .where(evidence.c.id == step.id, evidence.c.wrapped_key == step.before)
            .values(key_id=key.id, wrapped_key=step.after)
        )
        return done.rowcount == 1


class Rotation:
    """The life of the evidence keys."""

    def __init__(
        self, audit: AuditLog, keys: KeyService, sealing: Sealing, rows: Sequence[WrappedRows]
    ) -> None:
        self._audit = audit
        self._keys = keys
        self._sealing = sealing
        self._rows = rows

    def rotate(self, actor: Actor, install: Callable[[SealingKey], None]) -> SealingKey:
        """Make a key that everything is sealed to from now on. `install` tells the sealing side.

        A run that was cut off before that is finished, not begun anew.
        """
        current = self._sealing.current()
        newest = self.newest()
        if newest.id != current.id and newest.id in self._keys.ids():
            install(newest)
            return newest
        fresh = OpeningKey.generate()
        # Held before anything can be sealed to it, and on record before anybody is told.
        self._keys.add(fresh)
        with self._audit.change(actor) as change:
            self._register(change, current.id)
            self._register(change, fresh.sealing.id)
            change.record(Action.KEY_ROTATED, fresh.sealing.id, before=current.id)
        install(fresh.sealing)
        return fresh.sealing

    def newest(self) -> SealingKey:
        """Return the key that should be sealed to."""
        query = sa.select(evidence_keys.c.id).order_by(evidence_keys.c.ordinal.desc()).limit(1)
        with self._audit.database.reading() as connection:
            found = connection.scalar(query)
        current = self._sealing.current()
        if found is None or found == current.id:
            return current
        return self._keys.private(found).sealing

    def rewrap(self, actor: Actor) -> Iterator[int]:
        """Wrap everything to the newest key, some rows at a time; give how many each time.

        Stopped anywhere, it goes on with what is left.
        """
        key = self.newest()
        for rows in self._rows:
            while True:
                with self._audit.database.reading() as connection:
                    steps = rows.steps(connection, key, BATCH)
                if not steps:
                    break
                with self._audit.change(actor) as change:
                    taken = sum(rows.take(change, key, step) for step in steps)
                    change.record(Action.KEY_REWRAPPED, key.id, what=rows.name, count=taken)
                yield taken

    def retire(
        self,
        actor: Actor,
        key_id: str,
        approve: Callable[[Change], None] = lambda _change: None,
    ) -> None:
        """Destroy an old private key. `approve` may raise in the same change.

        Raises `Conflict` while anything needs it, `NotFound`.
        """
        if key_id in {self._sealing.current().id, self.newest().id}:
            raise Conflict("Everything is sealed to this key.", "Run `tutela keys rotate` first.")
        if key_id not in self._keys.ids():
            raise no_such_key()
        with self._audit.change(actor) as change:
            row = change.connection.execute(
                sa.select(evidence_keys).where(evidence_keys.c.id == key_id).with_for_update()
            ).first()
            self._refuse_needed(change, key_id, row)
            approve(change)
            change.connection.execute(
                evidence_keys.update()
                .where(evidence_keys.c.id == key_id)
                .values(retired_at=change.now)
            )
            change.record(Action.KEY_RETIRED, key_id)
        # A crash here leaves a key that nothing is wrapped to: `retire` again removes it.
        self._keys.remove(key_id)

    def all(self) -> list[KeyStanding]:
        """Return every key that is on record, held, or needed; the newest last."""
        with self._audit.database.reading() as connection:
            known = {
                row.id: row
                for row in connection.execute(
                    sa.select(evidence_keys).order_by(evidence_keys.c.ordinal)
                )
            }
            needed = self._needed(connection)
        held, newest = self._keys.ids(), self.newest().id
        others = sorted((held | {one for one in needed if one} | {newest}) - known.keys())
        standing = [
            KeyStanding(
                one,
                known[one].made_at if one in known else None,
                one == newest,
                one in held,
                known[one].retired_at if one in known else None,
                needed.get(one, 0),
            )
            for one in (*others, *known)
        ]
        return sorted(standing, key=lambda one: one.newest)

    def unnamed(self) -> int:
        """Return how many rows do not say to which key they are wrapped."""
        with self._audit.database.reading() as connection:
            return self._needed(connection).get(None, 0)

    def _needed(self, connection: sa.Connection) -> dict[str | None, int]:
        needed: dict[str | None, int] = {}
        for rows in self._rows:
            for key_id, number in rows.counts(connection).items():
                needed[key_id] = needed.get(key_id, 0) + number
        return needed

    def _refuse_needed(
        self, change: Change, key_id: str, row: sa.Row[tuple[object, ...]] | None
    ) -> None:
        needed = self._needed(change.connection)
        if needed.get(key_id) or needed.get(None):
            raise Conflict(
                f"{needed.get(key_id, 0) + needed.get(None, 0)} rows are wrapped to this key.",
                "Run `tutela keys rewrap` first.",
            )
        if row is None:
            raise Conflict(
                "Nothing says when this key was replaced.", "Run `tutela keys rotate` once."
            )
        after = change.connection.scalar(
            sa.select(sa.func.min(evidence_keys.c.made_at)).where(
                evidence_keys.c.ordinal > row.ordinal
            )
        )
        if after is None or change.now < after + REST:
            raise Conflict(
                "The key was replaced less than an hour ago: what was sealed to it may be on "
                "its way.",
                "Try again later.",
            )

    def _register(self, change: Change, key_id: str) -> None:
        known = sa.select(evidence_keys.c.id).where(evidence_keys.c.id == key_id)
        if change.connection.execute(known).first() is None:
            highest = change.connection.scalar(sa.select(sa.func.max(evidence_keys.c.ordinal)))
            change.connection.execute(
                evidence_keys.insert().values(
                    id=key_id, ordinal=(highest or 0) + 1, made_at=change.now
                )
            )
