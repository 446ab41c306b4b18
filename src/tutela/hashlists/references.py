"""The reference set: hashes of ordinary pictures and files, which no list should match unasked."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.errors import InvalidInput, NotFound
from tutela.hashlists.hashlist import EntryHash
from tutela.storage.database import metadata, serialise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.hashlists.hashlist import Entry

SHIPPED = "shipped"
_LONGEST_NAME, _LONGEST_LABEL = 80, 255
_BATCH = 1000

reference_hashes = sa.Table(
    "reference_hashes",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("set_name", sa.String(80), nullable=False),
    sa.Column("label", sa.String(255), nullable=False),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("value", sa.LargeBinary(32), nullable=False),
    sa.UniqueConstraint("set_name", "algorithm", "value"),
    # A number must never come back: whoever has read the set knows by the highest that it changed.
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One hash of something ordinary: in which set, and what it is of."""

    set_name: str
    label: str
    hash: EntryHash


@dataclass(frozen=True, slots=True)
class Resemblance:
    """What an entry would match: the reference, and how far away. Distance in bits."""

    set_name: str
    label: str
    algorithm: str
    distance: int


class Ordinary(Protocol):
    """Finds which entries would match ordinary pictures."""

    def like(self, connection: sa.Connection, entries: Sequence[Entry]) -> dict[str, Resemblance]:
        """Return, by id, the nearest reference that each entry would match, of those that would."""
        ...


class NoReferences:
    """Stands where nothing is compared."""

    def like(
        self,
        connection: sa.Connection,  # noqa: ARG002
        entries: Sequence[Entry],  # noqa: ARG002
    ) -> dict[str, Resemblance]:
        """Return nothing."""
        return {}


NO_REFERENCES = NoReferences()


@cache
def shipped() -> tuple[Reference, ...]:
    """Return the set that comes with Tutela, made by scripts/draw_references.py."""
    text = files("tutela.hashlists").joinpath("references.csv").read_text()
    return tuple(
        Reference(SHIPPED, row["label"], EntryHash(row["algorithm"], bytes.fromhex(row["value"])))
        for row in csv.DictReader(text.splitlines())
    )


def state(connection: sa.Connection) -> tuple[int, int]:
    """Return two numbers that no two states of the operators' own sets share."""
    query = sa.select(sa.func.count(), sa.func.max(reference_hashes.c.id))
    number, highest = connection.execute(query).one()
    return number, highest or 0


def stored(connection: sa.Connection) -> list[Reference]:
    """Return the operators' own references."""
    return [
        Reference(row.set_name, row.label, EntryHash(row.algorithm, bytes(row.value)))
        for row in connection.execute(sa.select(reference_hashes).order_by(reference_hashes.c.id))
    ]


class References:
    """The operator's own sets."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def add(
        self, actor: Actor, set_name: str, found: Iterable[tuple[str, Sequence[EntryHash]]]
    ) -> int:
        """Put the hashes of ordinary files into a set, by what each is of; return how many are new.

        Raises `InvalidInput`.
        """
        if not 0 < len(set_name) <= _LONGEST_NAME or set_name == SHIPPED:
            raise InvalidInput(
                "The set's name cannot be used.",
                f"Use 1 to {_LONGEST_NAME} characters, and not {SHIPPED!r}.",
            )
        with self._audit.change(actor) as change:
            serialise(change.connection, "hash_lists")
            columns = reference_hashes.c
            known = {
                (row.algorithm, bytes(row.value))
                for row in change.connection.execute(
                    sa.select(columns.algorithm, columns.value).where(columns.set_name == set_name)
                )
            }
            fresh: dict[tuple[str, bytes], dict[str, object]] = {}
            for label, hashes in found:
                for one in hashes:
                    key = one.algorithm, one.value
                    if key not in known:
                        fresh[key] = {
                            "set_name": set_name,
                            "label": label[:_LONGEST_LABEL],
                            "algorithm": one.algorithm,
                            "value": one.value,
                        }
            rows = list(fresh.values())
            for start in range(0, len(rows), _BATCH):
                change.connection.execute(reference_hashes.insert(), rows[start : start + _BATCH])
            change.record(Action.LIST_REFERENCE_ADDED, set_name, hashes=len(rows))
        return len(rows)

    def remove(self, actor: Actor, set_name: str) -> None:
        """Take a set away. Raises `NotFound`."""
        with self._audit.change(actor) as change:
            gone = change.connection.execute(
                reference_hashes.delete().where(reference_hashes.c.set_name == set_name)
            ).rowcount
            if not gone:
                raise NotFound(
                    "There is no such set of your own.",
                    "See the sets with `tutela lists reference show`.",
                )
            change.record(Action.LIST_REFERENCE_REMOVED, set_name, hashes=gone)

    def sets(self) -> dict[str, int]:
        """Return how many hashes each set has, the shipped one first."""
        columns = reference_hashes.c
        query = sa.select(columns.set_name, sa.func.count().label("hashes")).group_by(
            columns.set_name
        )
        with self._audit.database.reading() as connection:
            rows = connection.execute(query.order_by(columns.set_name)).all()
        return {SHIPPED: len(shipped())} | {row.set_name: row.hashes for row in rows}
