"""Entries that would match something ordinary: kept from acting until a person has looked why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.errors import InvalidInput, NotFound
from tutela.hashlists.hashlist import Entry, EntryHash, derived_id
from tutela.hashlists.references import Ordinary, Resemblance
from tutela.storage.database import Id, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

list_flags = sa.Table(
    "list_flags",
    metadata,
    sa.Column("list_id", Id, sa.ForeignKey("hash_lists.id"), primary_key=True),
    sa.Column("entry_id", sa.String(255), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("hashes", sa.String(40), nullable=False),
    sa.Column("entry", sa.Text, nullable=False),
    sa.Column("set_name", sa.String(80), nullable=False),
    sa.Column("label", sa.String(255), nullable=False),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("distance", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("decided_by", sa.String(80)),
    sa.Column("decided_at", Instant),
    sa.Column("reason", sa.String(1000)),
)

MOST_FLAGGED = 10_000
"""Entries of one file that may match something ordinary: with more, the file is no hash list."""


class FlagState(StrEnum):
    """Whether a person has looked at a flagged entry, and what they said."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Flag:
    """One entry that does not act, and which reference it would match. Distance in bits."""

    list_id: str
    entry_id: str
    state: FlagState
    entry: Entry
    like: Resemblance
    at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class Gate:
    """What keeps the entries of one file back while they are merged into one list."""

    def __init__(
        self, connection: sa.Connection, list_id: str, ordinary: Ordinary, now: datetime
    ) -> None:
        self._connection = connection
        self._list = list_id
        self._ordinary = ordinary
        self._now = now
        columns = list_flags.c
        query = sa.select(columns.entry_id, columns.state, columns.hashes).where(
            columns.list_id == list_id
        )
        self._before = {
            row.entry_id: (FlagState(row.state), row.hashes) for row in connection.execute(query)
        }
        self._like: dict[str, Resemblance] = {}

    def held_back(self, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of the entries that must not act yet, and keep those for a person.

        An entry that a person has accepted with these hashes is not held back again.
        Raises `InvalidInput` when there are too many.
        """
        found = self._ordinary.like(self._connection, entries)
        held = set()
        for entry in entries:
            if entry.entry_id not in found:
                continue
            hashes = derived_id(entry.hashes)
            if self._before.get(entry.entry_id) == (FlagState.ACCEPTED, hashes):
                continue
            held.add(entry.entry_id)
            self._like[entry.entry_id] = found[entry.entry_id]
            self._keep(entry, found[entry.entry_id], hashes)
        if len(self._like) > MOST_FLAGGED:
            raise InvalidInput(
                f"More than {MOST_FLAGGED} entries of the file would match ordinary pictures.",
                "Nothing was imported. Ask the source what became of their list.",
            )
        return held

    def finish(self, seen: Collection[str], held: Collection[str], *, whole: bool) -> None:
        """Let go of entries that wait, but that the file lists otherwise now, or not at all."""
        gone = [
            name
            for name, (state, _) in self._before.items()
            if state is FlagState.WAITING and name not in held and (whole or name in seen)
        ]
        _delete(self._connection, self._list, gone)

    def _keep(self, entry: Entry, like: Resemblance, hashes: str) -> None:
        before = self._before.get(entry.entry_id)
        if before is not None and before[1] == hashes:
            return
        if before is not None:
            _delete(self._connection, self._list, [entry.entry_id])
        self._connection.execute(
            list_flags.insert().values(
                list_id=self._list,
                entry_id=entry.entry_id,
                state=FlagState.WAITING.value,
                hashes=hashes,
                entry=_written(entry),
                set_name=like.set_name,
                label=like.label,
                algorithm=like.algorithm,
                distance=like.distance,
                at=self._now,
            )
        )
        self._before[entry.entry_id] = (FlagState.WAITING, hashes)


def waiting(connection: sa.Connection, list_id: str | None = None) -> list[Flag]:
    """Return the entries that wait for a person, oldest first."""
    columns = list_flags.c
    query = sa.select(list_flags).where(columns.state == FlagState.WAITING.value)
    if list_id is not None:
        query = query.where(columns.list_id == list_id)
    rows = connection.execute(query.order_by(columns.at, columns.list_id, columns.entry_id))
    return [_flag(row) for row in rows]


def load(connection: sa.Connection, list_id: str, entry_id: str) -> Flag:
    """Return one flagged entry. Raises `NotFound`."""
    columns = list_flags.c
    row = connection.execute(
        sa.select(list_flags).where(columns.list_id == list_id, columns.entry_id == entry_id)
    ).first()
    if row is None:
        raise NotFound(
            "The list has no such flagged entry.", "See them with `tutela lists pending`."
        )
    return _flag(row)


def decide(
    connection: sa.Connection, flag: Flag, state: FlagState, by: str, at: datetime, reason: str
) -> None:
    """Write what a person said of a flagged entry."""
    columns = list_flags.c
    connection.execute(
        list_flags.update()
        .where(columns.list_id == flag.list_id, columns.entry_id == flag.entry_id)
        .values(state=state.value, decided_by=by, decided_at=at, reason=reason)
    )


def forget(connection: sa.Connection, list_id: str) -> None:
    """Forget the flagged entries of a list that goes."""
    connection.execute(list_flags.delete().where(list_flags.c.list_id == list_id))


def _delete(connection: sa.Connection, list_id: str, names: Sequence[str]) -> None:
    for start in range(0, len(names), 500):
        connection.execute(
            list_flags.delete().where(
                list_flags.c.list_id == list_id,
                list_flags.c.entry_id.in_(names[start : start + 500]),
            )
        )


def _written(entry: Entry) -> str:
    """Return an entry as JSON. Sketches are kept by hash alone, and are asked of the file again."""
    return json.dumps(
        {
            "hashes": [[one.algorithm, one.value.hex(), one.quality] for one in entry.hashes],
            "labels": entry.labels,
            "classification": entry.classification,
            "source": entry.source,
            "added": entry.added,
        }
    )


def _flag(row: sa.Row[Any]) -> Flag:
    said = json.loads(row.entry)
    entry = Entry(
        row.entry_id,
        tuple(EntryHash(name, bytes.fromhex(value), q) for name, value, q in said["hashes"]),
        tuple(said["labels"]),
        said["classification"],
        said["source"],
        said["added"],
    )
    like = Resemblance(row.set_name, row.label, row.algorithm, row.distance)
    return Flag(
        row.list_id,
        row.entry_id,
        FlagState(row.state),
        entry,
        like,
        row.at,
        row.decided_by,
        row.decided_at,
        row.reason,
    )
