"""The lists in force: importing, removing and looking at them. Every change is audited."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.access import set_up
from tutela.access.second_person import Verb
from tutela.audit.entry import Action
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.hashlists import deliveries, flags, judgement, tables
from tutela.hashlists import source as source_record
from tutela.hashlists.deliveries import Order
from tutela.hashlists.flags import Flag, FlagState
from tutela.hashlists.formats import ListFile
from tutela.hashlists.hashlist import SKETCH, Entry, HashList
from tutela.hashlists.importing import entries_of, put_in, stored_entries, stored_rows
from tutela.hashlists.imports import Imports
from tutela.hashlists.list_bytes import ListBytes
from tutela.hashlists.minisign import PublicKey
from tutela.hashlists.references import NO_REFERENCES, Ordinary
from tutela.hashlists.sudden import STEADY, Steadiness
from tutela.hashlists.tables import hash_entries, hash_lists
from tutela.storage.database import serialise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tutela.access.approvals import Approvals
    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.hashlists.deliveries import Delivery
    from tutela.hashlists.imports import Reads
    from tutela.hashlists.judgement import Sampling, Standing
    from tutela.hashlists.report import ImportReport
    from tutela.hashlists.source import Pinned
    from tutela.storage.database import Database

_PAGE = 4000
_LONGEST_NAME = 80
_LONGEST = {"source": 255, "version": 80, "reason": 1000}


class HashLists:
    """The lists of one instance."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        steadiness: Steadiness = STEADY,
        ordinary: Ordinary = NO_REFERENCES,
        approvals: Approvals | None = None,
        reads: Reads = ListFile,
    ) -> None:
        """Compare entries with what is `ordinary`; ask `approvals` where trust is to change.

        `reads`: how files are read. An instance reads them in confined processes.
        """
        self._approvals = approvals
        self._database = database
        self._audit = audit
        self._imports = Imports(audit, steadiness, ordinary, reads)

    def import_file(
        self,
        actor: Actor,
        name: str,
        file: Path | bytes | Iterable[bytes],
        *,
        source: str | None = None,
        version: str | None = None,
        strict: bool = False,
        replace: bool = False,
        algorithm: str | None = None,
        signature: bytes | None = None,
    ) -> ImportReport:
        """Merge a file into the list of this name, making it if there is none. One transaction.

        Good lines are kept and bad ones reported; with `strict` any problem stores nothing. With
        `replace` the file is the whole truth: entries that it does not name are removed. What
        changes too much waits for a person (`ImportReport.waits_as`) and changes nothing yet.
        `signature`: of the file, in minisign's form.
        Raises `InvalidInput` for a file of no known format, `InvalidInput` and `Tampered` for one
        that is not what is pinned for the list; and then stores nothing.
        """
        name = _name(name)
        _check("source", source)
        _check("version", version)
        order = Order(name, source, version, algorithm, replace)
        with ListBytes(file) as opened:
            order = self._imports.prove(actor, order, opened, signature)
            return self._imports.take(actor, order, opened, strict=strict)

    def accept(self, actor: Actor, delivery_id: str, reason: str = "") -> ImportReport:
        """Put a delivery in force that waits. Raises `NotFound`, `Conflict`."""
        _check("reason", reason)
        return self._imports.accept(actor, delivery_id, reason)

    def refuse(self, actor: Actor, delivery_id: str, reason: str = "") -> None:
        """Throw a delivery away that waits. Raises `NotFound`, `Conflict`."""
        _check("reason", reason)
        self._imports.refuse(actor, delivery_id, reason)

    def waiting(self, name: str | None = None) -> list[Delivery]:
        """Return the deliveries that wait for a person, the oldest first."""
        with self._database.reading() as connection:
            return deliveries.waiting(connection, name)

    def flagged(self) -> list[tuple[str, Flag]]:
        """Return the entries that wait because they would match something ordinary, with lists."""
        with self._database.reading() as connection:
            names = {
                row.id: row.name
                for row in connection.execute(sa.select(hash_lists.c.id, hash_lists.c.name))
            }
            return [(names[one.list_id], one) for one in flags.waiting(connection)]

    def accept_flag(self, actor: Actor, name: str, entry_id: str, reason: str = "") -> None:
        """Let a flagged entry act: a person has looked why it would match something ordinary.

        Raises `NotFound`, `Conflict`.
        """
        self._decide_flag(actor, name, entry_id, reason, FlagState.ACCEPTED)

    def refuse_flag(self, actor: Actor, name: str, entry_id: str, reason: str = "") -> None:
        """Have a flagged entry never act, nor be asked about again while its hashes stay."""
        self._decide_flag(actor, name, entry_id, reason, FlagState.REFUSED)

    def _decide_flag(
        self, actor: Actor, name: str, entry_id: str, reason: str, state: FlagState
    ) -> None:
        _check("reason", reason)
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            one = _load(change.connection, name)
            flag = flags.load(change.connection, one.id, entry_id)
            if flag.state is not FlagState.WAITING:
                raise Conflict(
                    f"The entry is {flag.state} already.", "See what waits: `tutela lists pending`."
                )
            flags.decide(change.connection, flag, state, str(actor), change.now, reason)
            if state is FlagState.ACCEPTED:
                columns = hash_entries.c
                tables.delete(
                    change.connection, columns.list_id == one.id, columns.entry_id == entry_id
                )
                # Their sketches were not kept; the next import of the entry brings them.
                kept = tuple(each for each in flag.entry.hashes if each.algorithm != SKETCH)
                put_in(change.connection, one.id, [replaced(flag.entry, hashes=kept)])
                tables.recount(change.connection, one.id)
                tables.changed(change.connection)
            accepted = state is FlagState.ACCEPTED
            change.record(
                Action.LIST_FLAG_ACCEPTED if accepted else Action.LIST_FLAG_REFUSED,
                one.id,
                name=name,
                entry=entry_id,
                like=flag.like.set_name,
            )

    def pinned(self, name: str) -> Pinned:
        """Return what is laid down for the source of the list of this name."""
        with self._database.reading() as connection:
            return source_record.load(connection, name)

    def pin(self, actor: Actor, pinned: Pinned) -> Pinned:
        """Lay down who a list's source is, its key and its caps; the list need not be there yet.

        Another key begins another row of serials. Raises `InvalidInput`, `SecondPersonNeeded`.
        """
        name = _name(pinned.name)
        _check("source", pinned.source)
        key = PublicKey.parse(pinned.key).text() if pinned.key is not None else None
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            before = source_record.load(change.connection, name)
            laid_down = replaced(
                pinned,
                name=name,
                key=key,
                serial=before.serial if before.key == key else None,
                set_by=str(change.actor),
                set_at=change.now,
            )
            self._confirmed(change, name, source_record.terms(laid_down))
            source_record.write(change.connection, laid_down)
            change.record(
                Action.LIST_PINNED,
                name,
                name=name,
                source=laid_down.source,
                key=key,
                key_before=before.key,
                most_entries=laid_down.most_entries,
                most_a_day=laid_down.most_a_day,
            )
        return laid_down

    def switch_off(self, actor: Actor, name: str, reason: str) -> None:
        """Have a list match nothing, everywhere and at once. Its entries stay. Raises `NotFound`,
        `Conflict`, `InvalidInput` without a reason.
        """
        _check("reason", reason)
        if not reason.strip():
            raise InvalidInput("There is no reason given.", "Say why the list is switched off.")
        with self._audit.change(actor) as change:
            one = self._switching(change, name, off=True)
            values = {"off_at": change.now, "off_by": str(actor), "off_reason": reason}
            _switch(change, one, values)
            change.record(Action.LIST_SWITCHED_OFF, one.id, name=name, entries=one.entries)

    def switch_on(self, actor: Actor, name: str) -> None:
        """Have a list match again. Raises `NotFound`, `Conflict`, `SecondPersonNeeded`."""
        with self._audit.change(actor) as change:
            one = self._switching(change, name, off=False)
            self._confirmed(change, name, "on")
            _switch(change, one, dict.fromkeys(("off_at", "off_by", "off_reason")))
            change.record(Action.LIST_SWITCHED_ON, one.id, name=name, entries=one.entries)

    def _confirmed(self, change: Change, name: str, terms: str) -> None:
        """Use up a second person's word for a change of trust; during set-up none is needed."""
        if self._approvals is not None:
            waived = None if set_up.is_closed(change.connection) else set_up.WAIVED
            self._approvals.use(change, Verb.LIST_TRUST, name, terms, waived=waived)

    @staticmethod
    def _switching(change: Change, name: str, *, off: bool) -> HashList:
        serialise(change.connection, "hash_lists")
        one = _load(change.connection, name)
        if one.off is off:
            raise Conflict(
                f"The list is {'off' if off else 'on'} already.", "See it with `tutela lists show`."
            )
        return one

    def remove_list(self, actor: Actor, name: str) -> None:
        """Take a list and all its entries out of force. Raises `NotFound`."""
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            gone = _load(change.connection, name)
            tables.delete(change.connection, hash_entries.c.list_id == gone.id)
            flags.forget(change.connection, gone.id)
            change.connection.execute(hash_lists.delete().where(hash_lists.c.id == gone.id))
            tables.changed(change.connection)
            change.record(Action.LIST_REMOVED, gone.id, name=gone.name, entries=gone.entries)

    def remove_entry(self, actor: Actor, name: str, entry_id: str) -> None:
        """Take one entry out of force. Raises `NotFound`. A file that names it brings it back."""
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            kept = _load(change.connection, name)
            columns = hash_entries.c
            gone = tables.delete(
                change.connection, columns.list_id == kept.id, columns.entry_id == entry_id
            )
            if gone == 0:
                raise NotFound("The list has no such entry.", "Check the entry's identifier.")
            tables.recount(change.connection, kept.id)
            tables.changed(change.connection)
            change.record(Action.LIST_ENTRY_REMOVED, kept.id, name=kept.name, entry=entry_id)

    def lists(self) -> tuple[HashList, ...]:
        """Return the lists in force, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(hash_lists).order_by(hash_lists.c.name))
            return tuple(HashList(**row._mapping) for row in rows)

    def show(self, name: str) -> HashList:
        """Return one list. Raises `NotFound`."""
        with self._database.reading() as connection:
            return _load(connection, name)

    def standing(self, name: str, sampling: Sampling) -> Standing:
        """Return what people said of a list's matches."""
        with self._database.reading() as connection:
            return judgement.standing(connection, name, sampling.newest)

    def named(self, list_id: str) -> str:
        """Return the name of a list. Raises `NotFound`."""
        query = sa.select(hash_lists.c.name).where(hash_lists.c.id == list_id)
        with self._database.reading() as connection:
            name: str | None = connection.execute(query).scalar()
        if name is None:
            raise NotFound("There is no such list.", "Check the identifier.")
        return name

    def entries(self, name: str) -> Iterator[Entry]:
        """Yield a list's active entries by id, a page at a time. Raises `NotFound`."""
        list_id, after = self.show(name).id, ""
        while True:
            page = stored_rows(list_id).where(hash_entries.c.entry_id > after).limit(_PAGE)
            with self._database.reading() as connection:
                rows = connection.execute(page).all()
                found = entries_of(rows)
                if len(rows) == _PAGE:
                    # The page may end within its last entry.
                    found |= stored_entries(connection, list_id, list(found)[-1:])
            yield from found.values()
            if len(rows) < _PAGE:
                return
            after = list(found)[-1]

    def revision(self) -> int:
        """Return the number that grows with every change of what is listed."""
        with self._database.reading() as connection:
            return tables.state(connection).revision


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            "The list's name cannot be used.", f"Use 1 to {_LONGEST_NAME} printable characters."
        )
    return name


def _check(what: str, text: str | None) -> None:
    if text is not None and (len(text) > _LONGEST[what] or not text.isprintable()):
        raise InvalidInput(
            f"The {what} cannot be kept.", f"Use at most {_LONGEST[what]} printable characters."
        )


def _switch(change: Change, one: HashList, values: dict[str, Any]) -> None:
    change.connection.execute(hash_lists.update().where(hash_lists.c.id == one.id).values(**values))
    # What was screened under the other state is screened again where that is remembered.
    tables.changed(change.connection)


def _load(connection: sa.Connection, name: str) -> HashList:
    row = connection.execute(sa.select(hash_lists).where(hash_lists.c.name == name)).first()
    if row is None:
        raise NotFound("There is no list of this name.", "See the lists with `tutela lists show`.")
    return HashList(**row._mapping)
