"""Set-up: the time before there were two people who manage accounts. It closes once, for good.

Somebody must be first, so one person alone can grant roles until a second one who manages
accounts has enrolled. Nothing opens it again, also not that one of the two leaves
(docs/decisions/0017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.storage.database import Instant, metadata, serialise

if TYPE_CHECKING:
    from tutela.audit.log import Change

set_up = sa.Table(
    "set_up",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("closed_at", Instant, nullable=False),
)

_ONLY = 1
ENOUGH = 2
"""People who manage accounts and have enrolled, with whom set-up is over."""
WAIVED = "set_up"


def is_closed(connection: sa.Connection) -> bool:
    """Say whether set-up is over."""
    return connection.execute(sa.select(set_up.c.id)).first() is not None


def close_if_due(change: Change, managers: int) -> None:
    """Close set-up when so many enrolled people manage accounts."""
    if managers < ENOUGH:
        return
    serialise(change.connection, "set_up")
    if not is_closed(change.connection):
        change.connection.execute(set_up.insert().values(id=_ONLY, closed_at=change.now))
        change.record(Action.SET_UP_CLOSED, "set_up")
