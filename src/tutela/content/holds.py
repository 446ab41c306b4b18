"""Orders to the host platform: hold, remove, restore, tell. A row before it is a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.content.item import HoldState, Item, set_hold
from tutela.errors import Conflict, NotFound
from tutela.storage import duties
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.audit.log import Change

HOST_ORDER = "host_order"


class Verb(StrEnum):
    """What the host platform is told to do."""

    HOLD = "hold"
    REMOVE = "remove"
    RESTORE = "restore"
    TELL = "tell"
    ANSWER = "answer"


_OF_PUBLICATION = frozenset({Verb.HOLD, Verb.REMOVE, Verb.RESTORE})
"""What keeps an item back or lets it out; the others only speak of it."""


host_orders = sa.Table(
    "host_orders",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("item_id", Id, sa.ForeignKey("items.id"), nullable=False, index=True),
    sa.Column("external_id", sa.String(255), nullable=False),
    sa.Column("verb", sa.String(16), nullable=False),
    sa.Column("ordered_at", Instant, nullable=False),
    sa.Column("confirmed_at", Instant),
    sa.Column("refused", sa.String(200)),
    sa.Column("wanted", sa.JSON, nullable=False),
    # Of `answer`: what the host platform calls the appeal, and what became of it.
    sa.Column("appeal", sa.String(255)),
    sa.Column("answer", sa.String(16)),
    # Taken back with the decision that gave it, before it left.
    sa.Column("undone_at", Instant),
)

_STANDING = {
    Verb.HOLD: HoldState.HELD,
    Verb.REMOVE: HoldState.REMOVED,
    Verb.RESTORE: HoldState.RELEASED,
}


@dataclass(frozen=True, slots=True)
class HostOrder:
    """One order. Its id is the webhook's id, so that obeying twice is obeying once.

    `wanted`: of `tell`, the members of the context that are asked for. `appeal` and `answer`: of
    `answer`, which appeal and what became of it.
    """

    id: str
    item_id: str
    external_id: str
    verb: Verb
    ordered_at: datetime
    confirmed_at: datetime | None
    refused: str | None
    wanted: tuple[str, ...] = ()
    appeal: str | None = None
    answer: str | None = None


def order(
    change: Change,
    item: Item,
    verb: Verb,
    wanted: Sequence[str] = (),
    not_before: datetime | None = None,
) -> str:
    """Write an order and the duty to send it, in the caller's change; return its id.

    `not_before`: it waits until then, and can be undone meanwhile.
    """
    identity = new_id("ord", change.now)
    change.connection.execute(
        host_orders.insert().values(
            id=identity,
            item_id=item.id,
            external_id=item.external_id,
            verb=verb.value,
            ordered_at=change.now,
            wanted=list(wanted),
        )
    )
    duties.enqueue(change.connection, HOST_ORDER, identity, not_before or change.now)
    change.record(Action.HOST_ORDERED, item.id, order=identity, verb=verb.value)
    return identity


def answer(change: Change, item: Item, appeal: str, said: str) -> str:
    """Write the duty to tell what became of an appeal, behind the item's earlier orders."""
    identity = order(change, item, Verb.ANSWER)
    # Orders of one instant have no order among themselves: this one is behind the others.
    behind = change.now + timedelta(microseconds=1)
    change.connection.execute(
        host_orders.update()
        .where(host_orders.c.id == identity)
        .values(appeal=appeal, answer=said, ordered_at=behind)
    )
    return identity


def undo(change: Change, item: Item, since: datetime) -> None:
    """Take back the orders about an item given since an instant, none of which has left.

    Raises `Conflict` where one is on its way.
    """
    for one in of_item(change.connection, item.id):
        if one.ordered_at < since or one.verb not in _OF_PUBLICATION:
            continue
        if not duties.drop(change.connection, HOST_ORDER, one.id):
            raise Conflict(
                "An order of this decision is with the host platform already.",
                "Reverse the decision instead.",
            )
        change.connection.execute(
            host_orders.update().where(host_orders.c.id == one.id).values(undone_at=change.now)
        )
        change.record(Action.HOST_ORDER_UNDONE, item.id, order=one.id, verb=one.verb.value)


def load(connection: sa.Connection, order_id: str) -> HostOrder:
    """Return one order. Raises `NotFound`."""
    row = connection.execute(sa.select(host_orders).where(host_orders.c.id == order_id)).first()
    if row is None:
        raise NotFound("There is no such order.", "Check the identifier.")
    return _order(row)


def of_item(connection: sa.Connection, item_id: str) -> list[HostOrder]:
    """Return an item's orders, oldest first, without those that were taken back."""
    query = (
        sa.select(host_orders)
        .where(host_orders.c.item_id == item_id, host_orders.c.undone_at.is_(None))
        .order_by(host_orders.c.ordered_at, host_orders.c.id)
    )
    return [_order(row) for row in connection.execute(query)]


def withheld(connection: sa.Connection, item: Item) -> bool:
    """Say whether the host platform keeps an item back, or was ever told to."""
    told = any(one.verb in _OF_PUBLICATION for one in of_item(connection, item.id))
    return told or item.hold is not HoldState.NONE


def waits_for_earlier(connection: sa.Connection, wanted: HostOrder) -> bool:
    """Say whether an earlier order about the same item is still on its way.

    Orders about one item must arrive in the order they were given.
    """
    for one in of_item(connection, wanted.item_id):
        if one.id == wanted.id:
            return False
        if one.confirmed_at is None and one.refused is None:
            return True
    return False


def confirm(change: Change, confirmed: HostOrder) -> None:
    """Record that the host platform has obeyed."""
    change.connection.execute(
        host_orders.update().where(host_orders.c.id == confirmed.id).values(confirmed_at=change.now)
    )
    if confirmed.verb in _STANDING:
        set_hold(change.connection, confirmed.item_id, _STANDING[confirmed.verb])
    change.record(
        Action.HOST_CONFIRMED, confirmed.item_id, order=confirmed.id, verb=confirmed.verb.value
    )


def refuse(change: Change, refused: HostOrder, reason: str) -> None:
    """Record that the host platform will not obey; a person must look."""
    change.connection.execute(
        host_orders.update().where(host_orders.c.id == refused.id).values(refused=reason[:200])
    )
    change.record(Action.HOST_REFUSED, refused.item_id, order=refused.id, verb=refused.verb.value)


def _order(row: sa.Row[tuple[object, ...]]) -> HostOrder:
    return HostOrder(
        row.id,
        row.item_id,
        row.external_id,
        Verb(row.verb),
        row.ordered_at,
        row.confirmed_at,
        row.refused,
        tuple(row.wanted),
        row.appeal,
        row.answer,
    )
