"""Sealed bytes that no record names: what a crash left between sealing and the record.

Nobody can open them, because their key lies in the record that was never written. They are
removed when they are far older than any upload takes, each with an entry before it goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from tutela.audit.entry import Action, Actor
from tutela.evidence import record
from tutela.evidence.record import evidence
from tutela.storage.identity import made_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.audit.log import AuditLog
    from tutela.evidence.ownership import Ownership
    from tutela.storage.objects import Objects

_log = structlog.get_logger()
SWEEPER = Actor("system", "evidence-sweeper")
FIRST, EVERY = timedelta(hours=1), timedelta(days=1)
_BATCH = 500


class Orphans:
    """Finds and removes them. `age`: how old they must be; none: none is removed.

    `owner` knows whether another instance uses the store, too: then none is removed.
    """

    def __init__(
        self,
        audit: AuditLog,
        objects: Objects,
        age: timedelta | None,
        owner: Ownership | None = None,
    ) -> None:
        self._owner = owner
        self._audit = audit
        self._objects = objects
        self._age = age
        self._next: datetime | None = None

    def now_and_then(self) -> None:
        """Sweep once a day, the first time an hour after the start: a store can be large."""
        now = self._audit.clock()
        if self._next is None:
            self._next = now + FIRST
        if self._age is not None and now >= self._next:
            self._next = now + EVERY
            self.sweep()

    def sweep(self) -> int:
        """Remove what no record names and is old enough; return how many that was."""
        if self._owner is not None and (others := self._owner.others()):
            # What no record of ours names may be another's evidence.
            _log.warning("evidence.not_swept", why="the store is shared", others=others)
            return 0
        removed, found = 0, self._old()
        while some := list(islice(found, _BATCH)):
            named = sa.select(evidence.c.id).where(evidence.c.id.in_(some))
            with self._audit.database.reading() as connection:
                known = set(connection.execute(named).scalars())
            for identity in some:
                if identity not in known:
                    removed += self._removed(identity)
        return removed

    def _old(self) -> Iterator[str]:
        """Yield the evidence of the store that is old enough. What is none of ours is let be."""
        if self._age is None:
            return
        before = self._audit.clock() - self._age
        for place in self._objects.names("evidence"):
            identity = place.rpartition("/")[2]
            made = made_at("evd", identity)
            if made is not None and made < before and record.place(identity) == place:
                yield identity

    def _removed(self, identity: str) -> bool:
        try:
            with self._audit.change(SWEEPER) as change:
                named = sa.select(evidence.c.id).where(evidence.c.id == identity)
                if change.connection.execute(named).first() is not None:
                    raise _Named
                change.record(Action.EVIDENCE_SWEPT, identity)
        except _Named:
            return False
        # After the entry: a crash between leaves bytes that the next sweep finds.
        self._objects.delete(record.place(identity))
        return True


class _Named(Exception):
    """There is a record of it after all."""
