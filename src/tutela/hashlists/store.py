"""The lists in force: importing, removing and looking at them. Every change is audited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.errors import InvalidInput, NotFound
from tutela.hashlists import tables
from tutela.hashlists.formats import ListFile
from tutela.hashlists.hashlist import Entry, HashList
from tutela.hashlists.importing import (
    Counts,
    Merge,
    entries_of,
    stored_entries,
    stored_rows,
)
from tutela.hashlists.report import ImportReport, Tally
from tutela.hashlists.tables import hash_entries, hash_lists
from tutela.storage.database import serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.storage.database import Database

_CHUNK = 1 << 20
_PAGE = 4000
_LONGEST_NAME = 80
_LONGEST = {"source": 255, "version": 80}
_NOTHING = Counts(0, 0, 0, 0, 0)


class _NotStored(Exception):
    """Rolls a strict import back."""


class HashLists:
    """The lists of one instance."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

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
    ) -> ImportReport:
        """Merge a file into the list of this name, making it if there is none. One transaction.

        Good lines are kept and bad ones reported; with `strict` any problem stores nothing. With
        `replace` the file is the whole truth: entries that it does not name are removed.
        Raises `InvalidInput` for a file of no known format, and then stores nothing.
        """
        name = _name(name)
        _check("source", source)
        _check("version", version)
        lines = ListFile(_chunks(file), algorithm)
        tally = Tally()
        list_id = ""
        try:
            with self._audit.change(actor) as change:
                serialise(change.connection, "hash_lists")
                list_id = _made(change, name)
                merge = Merge(change.connection, list_id)
                for line in lines:
                    tally.count(line)
                    if line.entry is not None and not (strict and tally.problem_count):
                        merge.take(line.entry)
                if strict and tally.problem_count:
                    raise _NotStored
                if replace and not tally.entries:
                    raise InvalidInput(
                        "The file names no entry, so it would empty the list.",
                        "Check the file; to take the whole list away, remove it.",
                    )
                counts = merge.finish(replace=replace)
                if counts.any_change:
                    tables.changed(change.connection)
                report = tally.report(list_id, name, lines, counts, stored=True)
                _write(change, report, source, version)
                _record(change, report, version)
        except _NotStored:
            report = tally.report(list_id, name, lines, _NOTHING, stored=False)
            with self._audit.change(actor) as change:
                _record(change, report, version)
        return report

    def remove_list(self, actor: Actor, name: str) -> None:
        """Take a list and all its entries out of force. Raises `NotFound`."""
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            gone = _load(change.connection, name)
            tables.delete(change.connection, hash_entries.c.list_id == gone.id)
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
            _recount(change.connection, kept.id)
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


def _chunks(file: Path | bytes | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(file, bytes):
        yield file
    elif isinstance(file, Path):
        try:
            with file.open("rb") as opened:
                while chunk := opened.read(_CHUNK):
                    yield chunk
        except OSError as problem:
            raise InvalidInput(
                f"The file cannot be read: {problem.strerror}.", "Check its path and your rights."
            ) from problem
    else:
        yield from file


def _made(change: Change, name: str) -> str:
    """Return the id of the list of this name, made now if there is none."""
    known = change.connection.execute(
        sa.select(hash_lists.c.id).where(hash_lists.c.name == name)
    ).scalar()
    if known is not None:
        return str(known)
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
    return list_id


def _write(change: Change, report: ImportReport, source: str | None, version: str | None) -> None:
    values = {
        "file_sha256": report.file_sha256,
        "imported_by": str(change.actor),
        "imported_at": change.now,
        "version": version,
    }
    if source is not None:
        values["source"] = source
    change.connection.execute(
        hash_lists.update().where(hash_lists.c.id == report.list_id).values(**values)
    )
    _recount(change.connection, report.list_id)


def _recount(connection: sa.Connection, list_id: str) -> None:
    of_list = sa.select(
        sa.func.count(sa.distinct(hash_entries.c.entry_id)).label("entries"),
        sa.func.count().label("hashes"),
    ).where(hash_entries.c.list_id == list_id)
    counted = connection.execute(of_list).one()
    connection.execute(
        hash_lists.update()
        .where(hash_lists.c.id == list_id)
        .values(entries=counted.entries, hashes=counted.hashes)
    )


def _record(change: Change, report: ImportReport, version: str | None) -> None:
    change.record(
        Action.LIST_IMPORTED,
        report.list_id,
        name=report.name,
        version=version,
        file_sha256=report.file_sha256,
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        withdrawn=report.withdrawn,
        removed=report.removed,
        problems=report.problem_count,
        stored=report.stored,
    )


def _load(connection: sa.Connection, name: str) -> HashList:
    row = connection.execute(sa.select(hash_lists).where(hash_lists.c.name == name)).first()
    if row is None:
        raise NotFound("There is no list of this name.", "See the lists with `tutela lists show`.")
    return HashList(**row._mapping)
