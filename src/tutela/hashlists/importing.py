"""Merging the entries of a file into a stored list, batch by batch, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.hashlists import tables
from tutela.hashlists.hashlist import Entry, EntryHash
from tutela.hashlists.tables import hash_entries, join_labels, split_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tutela.hashlists.flags import Gate

_BATCH = 500
_MOST_OPEN = 50_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the entries of one file; `removed` were stored and not in the file.

    `flagged` ones would match something ordinary: they are as they were before, and wait.
    """

    added: int
    changed: int
    unchanged: int
    withdrawn: int
    removed: int
    flagged: int = 0

    @property
    def any_change(self) -> bool:
        """Say whether the list is another one now."""
        return bool(self.added or self.changed or self.withdrawn or self.removed)


class _OpenGate:
    """Holds nothing back."""

    def held_back(self, entries: Sequence[Entry]) -> set[str]:  # noqa: ARG002
        return set()

    def finish(self, seen: Collection[str], held: Collection[str], *, whole: bool) -> None:
        pass


class Merge:
    """One file's entries going into one list.

    Lines of one file with the same id are one entry: their hashes and labels add up, and one that
    withdraws it wins. An entry that differs from the stored one is therefore settled only at the
    end, when all its lines are known. The ids of one file are held in memory, its entries are not.
    What the gate holds back does not come in; what was stored in its place stays.
    """

    def __init__(
        self, connection: sa.Connection, list_id: str, gate: Gate | _OpenGate | None = None
    ) -> None:
        self._connection = connection
        self._list = list_id
        self._gate = gate or _OpenGate()
        self._held: dict[str, Entry] = {}
        self._batch: list[Entry] = []
        self._open: dict[str, Entry] = {}
        self._seen: set[str] = set()
        self._taken_back: set[str] = set()
        self._added: set[str] = set()
        self._changed: set[str] = set()
        self._withdrawn: set[str] = set()

    def take(self, entry: Entry) -> None:
        """Take one line's entry."""
        self._batch.append(entry)
        if len(self._batch) >= _BATCH:
            self._place()

    def finish(self, *, replace: bool) -> Counts:
        """Settle what is open; with `replace`, remove every entry that the file did not name."""
        self._place()
        self._settle()
        gone: list[str] = []
        if replace:
            gone = [
                one for one in stored_ids(self._connection, self._list) if one not in self._seen
            ]
            self._delete(gone)
        self._gate.finish(self._seen, self._held.keys(), whole=replace)
        added, changed, withdrawn = map(len, (self._added, self._changed, self._withdrawn))
        unchanged = len(self._seen) - added - changed - withdrawn - len(self._held)
        return Counts(added, changed, unchanged, withdrawn, len(gone), len(self._held))

    def _place(self) -> None:
        """Put new entries in at once; set those aside that are there and differ."""
        stored = stored_entries(self._connection, self._list, {one.entry_id for one in self._batch})
        fresh: dict[str, Entry] = {}
        for entry in self._batch:
            name = entry.entry_id
            again = name in self._seen
            self._seen.add(name)
            if entry.withdrawn:
                self._taken_back.add(name)
            elif name in self._taken_back:
                continue
            before = (
                self._open.get(name) or fresh.get(name) or self._held.get(name) or stored.get(name)
            )
            if before is None and not again and not entry.withdrawn:
                fresh[name] = entry
                continue
            after = before.joined(entry) if again and before else entry
            if _content(after) != _content(before):
                self._open[name] = after
        for name in self._gate.held_back(list(fresh.values())):
            self._held[name] = fresh.pop(name)
        self._insert(fresh.values())
        self._added.update(fresh)
        self._batch = []
        if len(self._open) >= _MOST_OPEN:
            self._settle()

    def _settle(self) -> None:
        names = list(self._open)
        for start in range(0, len(names), _BATCH):
            some = names[start : start + _BATCH]
            stored = stored_entries(self._connection, self._list, set(some))
            differing = [
                one for one in some if _content(stored.get(one)) != _content(self._open[one])
            ]
            coming = [self._open[one] for one in differing if not self._open[one].withdrawn]
            held = self._gate.held_back(coming)
            # An entry of which some lines came in before it was held back goes out again.
            self._delete([one for one in held if one in self._added])
            self._added -= held
            for name in some:
                self._held.pop(name, None)
            self._held |= {name: self._open[name] for name in held}
            differing = [one for one in differing if one not in held]
            for name in differing:
                self._note(name, stored=name in stored)
            self._delete(differing)
            self._insert(one for one in coming if one.entry_id not in held)
        self._open = {}

    def _note(self, name: str, *, stored: bool) -> None:
        new = name in self._added
        if self._open[name].withdrawn:
            self._added.discard(name)
            self._changed.discard(name)
            if not new:
                self._withdrawn.add(name)
        elif not stored:
            self._added.add(name)
        elif not new:
            self._changed.add(name)

    def _insert(self, entries: Iterable[Entry]) -> None:
        put_in(self._connection, self._list, entries)

    def _delete(self, names: list[str]) -> None:
        for start in range(0, len(names), _BATCH):
            tables.delete(
                self._connection,
                hash_entries.c.list_id == self._list,
                hash_entries.c.entry_id.in_(names[start : start + _BATCH]),
            )


def put_in(connection: sa.Connection, list_id: str, entries: Iterable[Entry]) -> None:
    """Put entries into a list that has none of their ids."""
    placed = list(entries)
    rows = [row for one in placed for row in _rows(list_id, one)]
    sketches = {sha256(one).digest(): one for entry in placed for one in entry.sketches}
    if rows:
        connection.execute(hash_entries.insert(), rows)
    if sketches:
        tables.keep_sketches(connection, sketches)


def stored_ids(connection: sa.Connection, list_id: str) -> Iterator[str]:
    """Yield the id of every entry of a list."""
    query = sa.select(hash_entries.c.entry_id).where(hash_entries.c.list_id == list_id).distinct()
    yield from connection.execute(query).scalars()


def stored_entries(
    connection: sa.Connection, list_id: str, names: Collection[str]
) -> dict[str, Entry]:
    """Return the stored entries with these ids."""
    named = hash_entries.c.entry_id.in_(list(names))
    return entries_of(connection.execute(stored_rows(list_id).where(named)))


def stored_rows(list_id: str) -> sa.Select[Any]:
    """Return the query for a list's hashes, those of one entry together, in the index's order."""
    columns = hash_entries.c
    return (
        sa.select(
            columns.entry_id,
            columns.algorithm,
            columns.value,
            columns.quality,
            columns.labels,
            columns.classification,
            columns.source,
            columns.added,
        )
        .where(columns.list_id == list_id)
        .order_by(columns.entry_id, columns.algorithm, columns.value)
    )


def entries_of(rows: Iterable[Any]) -> dict[str, Entry]:
    """Put entries together from the rows of `stored_rows`, each being one hash."""
    found: dict[str, Entry] = {}
    for name, group in groupby(rows, itemgetter(0)):
        together = list(group)
        _, _, _, _, labels, classification, source, added = together[0]
        hashes = tuple(EntryHash(one[1], bytes(one[2]), one[3]) for one in together)
        found[name] = Entry(name, hashes, split_labels(labels), classification, source, added)
    return found


def _rows(list_id: str, entry: Entry) -> Iterator[dict[str, object]]:
    # One hash may come with two qualities from two lines; a list holds it once.
    for one in {(one.algorithm, one.value): one for one in entry.hashes}.values():
        yield {
            "list_id": list_id,
            "entry_id": entry.entry_id,
            "algorithm": one.algorithm,
            "value": one.value,
            "quality": one.quality,
            "labels": join_labels(entry.labels),
            "classification": entry.classification,
            "source": entry.source,
            "added": entry.added,
        }


def _content(entry: Entry | None) -> object:
    """Return what makes two entries say the same; a withdrawn one says the same as none."""
    if entry is None or entry.withdrawn:
        return None
    hashes = {(one.algorithm, one.value): one.quality for one in entry.hashes}
    return hashes, entry.labels, entry.classification, entry.source, entry.added
