"""Files that came for a list: taken, waiting for a person, or refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.errors import Conflict, NotFound
from tutela.hashlists.importing import Counts
from tutela.hashlists.list_bytes import packed, unpacked
from tutela.hashlists.sudden import Doubt, Lately
from tutela.storage.database import Id, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

list_deliveries = sa.Table(
    "list_deliveries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("doubts", sa.JSON, nullable=False),
    sa.Column("founding", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(255)),
    sa.Column("version", sa.String(80)),
    sa.Column("algorithm", sa.String(16)),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("file_sha256", sa.String(64), nullable=False),
    sa.Column("key", sa.String(80)),
    sa.Column("serial", sa.BigInteger),
    sa.Column("before", sa.BigInteger, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("unchanged", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.BigInteger, nullable=False),
    sa.Column("removed", sa.BigInteger, nullable=False),
    sa.Column("flagged", sa.BigInteger, nullable=False),
    sa.Column("received_by", sa.String(80), nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("decided_by", sa.String(80)),
    sa.Column("decided_at", Instant),
    sa.Column("reason", sa.String(1000)),
    sa.Index("ix_list_deliveries_name_decided_at", "name", "decided_at"),
)

list_delivery_parts = sa.Table(
    "list_delivery_parts",
    metadata,
    sa.Column("delivery_id", Id, sa.ForeignKey("list_deliveries.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("packed", sa.LargeBinary, nullable=False),
)

MOST_WAITING = 20
"""Deliveries of one list that may wait: a flood of them must not fill the database."""
_DAY = timedelta(days=1)


class State(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Order:
    """How a file is to be read and what it is said to be. `whole`: it is the whole list.

    `key`, `serial`: the pinned key that signed it, and its number.
    """

    name: str
    source: str | None = None
    version: str | None = None
    algorithm: str | None = None
    whole: bool = False
    key: str | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file that came. `counts`: what it does, or would have done when it came, to the list of
    `before` entries. `founding`: it makes the list.
    """

    id: str
    state: State
    doubts: tuple[Doubt, ...]
    founding: bool
    order: Order
    file_sha256: str
    before: int
    counts: Counts
    received_by: str
    received_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


def write(connection: sa.Connection, delivery: Delivery) -> None:
    """Put a delivery on record."""
    values = asdict(delivery)
    values |= values.pop("order") | values.pop("counts")
    values["state"] = delivery.state.value
    values["doubts"] = [one.value for one in delivery.doubts]
    connection.execute(list_deliveries.insert().values(**values))


def keep_file(connection: sa.Connection, delivery_id: str, chunks: Iterable[bytes]) -> None:
    """Keep the file of a delivery that waits."""
    for place, part in enumerate(packed(chunks)):
        connection.execute(
            list_delivery_parts.insert().values(delivery_id=delivery_id, place=place, packed=part)
        )


def file_of(connection: sa.Connection, delivery_id: str) -> Iterator[bytes]:
    """Yield the file of a delivery that waits, a megabyte at a time."""
    columns = list_delivery_parts.c
    last = connection.execute(
        sa.select(sa.func.max(columns.place)).where(columns.delivery_id == delivery_id)
    ).scalar()
    for place in range(0 if last is None else last + 1):
        query = sa.select(columns.packed).where(
            columns.delivery_id == delivery_id, columns.place == place
        )
        yield from unpacked([bytes(connection.execute(query).scalar_one())])


def load(connection: sa.Connection, delivery_id: str) -> Delivery:
    """Return one delivery. Raises `NotFound`."""
    query = sa.select(list_deliveries).where(list_deliveries.c.id == delivery_id)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("There is no such delivery.", "See what waits with `tutela lists pending`.")
    return _delivery(row)


def load_waiting(connection: sa.Connection, delivery_id: str) -> Delivery:
    """Return a delivery that waits. Raises `NotFound`, `Conflict` when it is decided."""
    found = load(connection, delivery_id)
    if found.state is not State.WAITING:
        raise Conflict(
            f"The delivery is {found.state} already.", "See what waits with `tutela lists pending`."
        )
    return found


def waiting(connection: sa.Connection, name: str | None = None) -> list[Delivery]:
    """Return what waits for a person, the oldest first; of one list where named."""
    columns = list_deliveries.c
    query = sa.select(list_deliveries).where(columns.state == State.WAITING.value)
    if name is not None:
        query = query.where(columns.name == name)
    rows = connection.execute(query.order_by(columns.received_at, columns.id))
    return [_delivery(row) for row in rows]


def decide(
    connection: sa.Connection, delivery: Delivery, state: State, by: str, at: datetime, reason: str
) -> None:
    """Write what became of a delivery that waited, and let go of its file."""
    connection.execute(
        list_delivery_parts.delete().where(list_delivery_parts.c.delivery_id == delivery.id)
    )
    connection.execute(
        list_deliveries.update()
        .where(list_deliveries.c.id == delivery.id)
        .values(state=state.value, decided_by=by, decided_at=at, reason=reason)
    )


def recount(
    connection: sa.Connection, delivery: Delivery, before: int, counts: Counts, doubts: Any
) -> Delivery:
    """Write what a delivery that waits would do by now."""
    connection.execute(
        list_deliveries.update()
        .where(list_deliveries.c.id == delivery.id)
        .values(before=before, doubts=[one.value for one in doubts], **asdict(counts))
    )
    return replace(delivery, before=before, counts=counts, doubts=tuple(doubts))


def lately(connection: sa.Connection, name: str, now: datetime) -> Lately:
    """Return what the imports of the last day did to a list."""
    columns = list_deliveries.c
    rows = connection.execute(
        sa.select(
            columns.state,
            columns.founding,
            columns.added,
            columns.changed,
            (columns.withdrawn + columns.removed).label("gone"),
        ).where(columns.name == name, columns.decided_at > now - _DAY)
    ).all()
    rows = [row for row in rows if row.state in {State.TAKEN.value, State.ACCEPTED.value}]
    steps = [row for row in rows if row.state == State.TAKEN.value and not row.founding]
    return Lately(
        added=sum(row.added for row in steps),
        changed=sum(row.changed for row in steps),
        gone=sum(row.gone for row in steps),
        put_in=sum(row.added + row.changed for row in rows),
    )


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        row.id,
        State(row.state),
        tuple(Doubt(one) for one in row.doubts),
        row.founding,
        Order(row.name, row.source, row.version, row.algorithm, row.whole, row.key, row.serial),
        row.file_sha256,
        row.before,
        Counts(row.added, row.changed, row.unchanged, row.withdrawn, row.removed, row.flagged),
        row.received_by,
        row.received_at,
        row.decided_by,
        row.decided_at,
        row.reason,
    )
