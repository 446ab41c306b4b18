"""Bringing files into lists: proven, tried, and in force at once or when a person has accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.errors import Conflict, InvalidInput, Tampered, TutelaError
from tutela.hashlists import deliveries, source, tables
from tutela.hashlists.deliveries import Delivery, Order, State
from tutela.hashlists.flags import Gate
from tutela.hashlists.importing import Counts, Merge
from tutela.hashlists.list_bytes import ListBytes
from tutela.hashlists.report import ImportReport, Tally
from tutela.hashlists.sudden import Doubt, Steadiness, doubts
from tutela.hashlists.tables import hash_lists, recount
from tutela.storage.database import serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.hashlists.formats import Known
    from tutela.hashlists.references import Ordinary
    from tutela.hashlists.source import Pinned

    Reads = Callable[[Iterable[bytes], str | None], Known]
    """How the bytes of a file are read; algorithm: of bare hashes."""

_NOTHING = Counts(0, 0, 0, 0, 0)


class _NotStored(Exception):
    """Rolls a strict import back."""


@dataclass
class _Waits(Exception):
    """Rolls back an import that a person must accept, or accept as it is by now."""

    before: int
    counts: Counts
    doubts: tuple[Doubt, ...]
    founding: bool


class Imports:
    """Files coming into the lists of one instance."""

    def __init__(
        self, audit: AuditLog, steadiness: Steadiness, ordinary: Ordinary, reads: Reads
    ) -> None:
        self._audit = audit
        self._steadiness = steadiness
        self._ordinary = ordinary
        self._reads = reads

    def prove(self, actor: Actor, order: Order, file: ListBytes, signature: bytes | None) -> Order:
        """Return the order with its source, key and serial. Raises as `source` does; audited."""
        with self._audit.database.reading() as connection:
            pinned = source.load(connection, order.name)
        try:
            stated = source.prove_source(pinned, order.source)
            serial = source.prove_signature(pinned, file, signature)
        except TutelaError as problem:
            self._audit.note(
                actor, Action.LIST_REFUSED, order.name, name=order.name, code=problem.code
            )
            raise
        return Order(
            order.name,
            stated,
            order.version,
            order.algorithm,
            order.whole,
            pinned.key,
            serial,
        )

    def take(self, actor: Actor, order: Order, file: ListBytes, *, strict: bool) -> ImportReport:
        """Put a file in force, or keep it for a person where it changes too much."""
        tally, lines = Tally(), self._reads(file.chunks(), order.algorithm)
        try:
            with self._audit.change(actor) as change:
                list_id, counts = self._brought(change, order, file, tally, lines, strict=strict)
                report = tally.report(list_id, order.name, lines, counts, stored=True)
                _record(change, report, order.version)
            return report
        except _NotStored:
            report = tally.report("", order.name, lines, _NOTHING, stored=False)
            with self._audit.change(actor) as change:
                _record(change, report, order.version)
            return report
        except _Waits as waits:
            return self._kept(actor, order, file, tally, lines, waits)

    def accept(self, actor: Actor, delivery_id: str, reason: str) -> ImportReport:
        """Put in force what waits, if it still does what it was said to do.

        Raises `Conflict` when the list has changed since: the delivery then says what it does now.
        """
        with self._audit.database.reading() as connection:
            waiting = deliveries.load_waiting(connection, delivery_id)
            tally, order = Tally(), waiting.order
            with ListBytes(deliveries.file_of(connection, delivery_id)) as file:
                lines = self._reads(file.chunks(), order.algorithm)
                try:
                    with self._audit.change(actor) as change:
                        serialise(change.connection, "hash_lists")
                        # Two people may accept at once: the second finds it decided.
                        deliveries.load_waiting(change.connection, delivery_id)
                        list_id, counts = self._brought(
                            change, order, file, tally, lines, accepted=waiting
                        )
                        report = tally.report(list_id, order.name, lines, counts, stored=True)
                        deliveries.decide(
                            change.connection,
                            waiting,
                            State.ACCEPTED,
                            str(change.actor),
                            change.now,
                            reason,
                        )
                        change.record(
                            Action.LIST_ACCEPTED, delivery_id, name=order.name, list=list_id
                        )
                        _record(change, report, order.version)
                    return report
                except _Waits as waits:
                    problem = waits
        raise self._changed_meanwhile(actor, waiting, problem)

    def refuse(self, actor: Actor, delivery_id: str, reason: str) -> None:
        """Throw away what waits. The list stays as it is."""
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            waiting = deliveries.load_waiting(change.connection, delivery_id)
            deliveries.decide(
                change.connection, waiting, State.REFUSED, str(change.actor), change.now, reason
            )
            change.record(Action.LIST_DECLINED, delivery_id, name=waiting.order.name)

    def _brought(
        self,
        change: Change,
        order: Order,
        file: ListBytes,
        tally: Tally,
        lines: Known,
        *,
        strict: bool = False,
        accepted: Delivery | None = None,
    ) -> tuple[str, Counts]:
        """Merge the file in the caller's change. Raises to roll it back where it must not be."""
        connection = change.connection
        serialise(connection, "hash_lists")
        pinned = source.load(connection, order.name)
        _prove_unmoved(pinned, order)
        list_id, founding = _made(change, order.name)
        before = _entries(connection, list_id)
        merge = Merge(connection, list_id, Gate(connection, list_id, self._ordinary, change.now))
        for line in lines:
            tally.count(line)
            if line.entry is not None and not (strict and tally.problem_count):
                merge.take(line.entry)
        file.prove_same(lines.sha256)
        if accepted is not None and lines.sha256 != accepted.file_sha256:
            raise Tampered(
                "The file of the delivery is not the one that came.",
                "Refuse it, find out who changed the database, and get the file again.",
            )
        if strict and tally.problem_count:
            raise _NotStored
        if order.whole and not tally.entries:
            raise InvalidInput(
                "The file names no entry, so it would empty the list.",
                "Check the file; to take the whole list away, remove it.",
            )
        counts = merge.finish(replace=order.whole)
        lately = deliveries.lately(connection, order.name, change.now)
        found = doubts(before, counts, lately, self._steadiness, pinned.caps, founding=founding)
        if counts.any_change and _is_older(connection, list_id, pinned, order, lines.sha256):
            found = (*found, Doubt.OLDER)
        waits = _Waits(before, counts, found, founding)
        if accepted is None and found:
            raise waits
        if accepted is not None and (before, counts) != (accepted.before, accepted.counts):
            raise waits
        if counts.any_change:
            tables.changed(connection)
        if accepted is None and counts.any_change:
            deliveries.write(
                connection,
                Delivery(
                    new_id("dlv", change.now),
                    State.TAKEN,
                    (),
                    founding,
                    order,
                    lines.sha256,
                    before,
                    counts,
                    str(change.actor),
                    change.now,
                    str(change.actor),
                    change.now,
                ),
            )
        if order.serial is not None:
            source.took(connection, order.name, order.serial)
        _write(change, list_id, order, lines.sha256)
        return list_id, counts

    def _kept(
        self,
        actor: Actor,
        order: Order,
        file: ListBytes,
        tally: Tally,
        lines: Known,
        waits: _Waits,
    ) -> ImportReport:
        """Keep a file for a person; the same file is kept once."""
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            before = deliveries.waiting(change.connection, order.name)
            same = [one for one in before if (one.order, one.file_sha256) == (order, lines.sha256)]
            if len(before) >= deliveries.MOST_WAITING and not same:
                raise Conflict(
                    f"{len(before)} deliveries of this list wait already.",
                    "Accept or refuse them first: `tutela lists pending`.",
                )
            delivery = (
                same[0]
                if same
                else Delivery(
                    new_id("dlv", change.now),
                    State.WAITING,
                    waits.doubts,
                    waits.founding,
                    order,
                    lines.sha256,
                    waits.before,
                    waits.counts,
                    str(change.actor),
                    change.now,
                )
            )
            if not same:
                deliveries.write(change.connection, delivery)
                deliveries.keep_file(change.connection, delivery.id, file.chunks())
            _staged(change, delivery, waits)
        return tally.report(
            "",
            order.name,
            lines,
            waits.counts,
            stored=False,
            waits_as=delivery.id,
            doubts=tuple(one.value for one in waits.doubts),
        )

    def _changed_meanwhile(self, actor: Actor, waiting: Delivery, waits: _Waits) -> Conflict:
        with self._audit.change(actor) as change:
            deliveries.recount(change.connection, waiting, waits.before, waits.counts, waits.doubts)
            _staged(change, waiting, waits)
        return Conflict(
            "The list has changed since the delivery was looked at, so it would do something else.",
            "Look at it again with `tutela lists pending`, then accept or refuse it.",
        )


def _prove_unmoved(pinned: Pinned, order: Order) -> None:
    if pinned.key != order.key:
        raise Conflict(
            "Another key is pinned for this list than when the file was proven.",
            "Import the file again with a signature by the key that is pinned now.",
        )


def _is_older(
    connection: sa.Connection, list_id: str, pinned: Pinned, order: Order, sha256: str
) -> bool:
    """Say whether a signed file is older than the newest one taken, or another of its number."""
    if order.serial is None or pinned.serial is None or order.serial > pinned.serial:
        return False
    newest = connection.execute(
        sa.select(hash_lists.c.file_sha256).where(hash_lists.c.id == list_id)
    ).scalar()
    return order.serial < pinned.serial or newest != sha256


def _made(change: Change, name: str) -> tuple[str, bool]:
    """Return the id of the list of this name, and whether it was made now for want of one."""
    known = change.connection.execute(
        sa.select(hash_lists.c.id).where(hash_lists.c.name == name)
    ).scalar()
    if known is not None:
        return str(known), False
    list_id = new_id("lst", change.now)
    change.connection.execute(
        hash_lists.insert().values(
            id=list_id,
            name=name,
            file_sha256="",
            imported_by=str(change.actor),
            imported_at=change.now,
            entries=0,
            hashes=0,
        )
    )
    return list_id, True


def _entries(connection: sa.Connection, list_id: str) -> int:
    return int(
        connection.execute(
            sa.select(hash_lists.c.entries).where(hash_lists.c.id == list_id)
        ).scalar_one()
    )


def _write(change: Change, list_id: str, order: Order, sha256: str) -> None:
    values = {
        "file_sha256": sha256,
        "imported_by": str(change.actor),
        "imported_at": change.now,
        "version": order.version,
    }
    if order.source is not None:
        values["source"] = order.source
    change.connection.execute(
        hash_lists.update().where(hash_lists.c.id == list_id).values(**values)
    )
    recount(change.connection, list_id)


def _record(change: Change, report: ImportReport, version: str | None) -> None:
    change.record(
        Action.LIST_IMPORTED,
        report.list_id or report.name,
        name=report.name,
        version=version,
        file_sha256=report.file_sha256,
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        withdrawn=report.withdrawn,
        removed=report.removed,
        flagged=report.flagged,
        problems=report.problem_count,
        stored=report.stored,
    )


def _staged(change: Change, delivery: Delivery, waits: _Waits) -> None:
    change.record(
        Action.LIST_STAGED,
        delivery.id,
        name=delivery.order.name,
        file_sha256=delivery.file_sha256,
        doubts=[one.value for one in waits.doubts],
        before=waits.before,
        added=waits.counts.added,
        changed=waits.counts.changed,
        withdrawn=waits.counts.withdrawn,
        removed=waits.counts.removed,
    )
