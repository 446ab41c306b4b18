"""Who is at a case now: who holds it, and who has leave to look at one of its files."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases.viewing import views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tutela.cases.case import Case


@dataclass(frozen=True, slots=True)
class Presence:
    """Who holds a case, until the lease is over, and who else looks."""

    holder: str | None = None
    lookers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.holder or self.lookers)


def present(
    connection: sa.Connection, waiting: Sequence[Case], now: datetime
) -> dict[str, Presence]:
    """Return who is at each of these cases now."""
    query = (
        sa.select(views.c.case_id, views.c.person)
        .where(
            views.c.case_id.in_([one.id for one in waiting]),
            views.c.until > now,
            views.c.ended_at.is_(None),
        )
        .distinct()
        .order_by(views.c.person)
    )
    lookers: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        lookers[row.case_id].append(row.person)
    return {
        one.id: Presence(
            one.leased_by if one.leased_until is not None and one.leased_until > now else None,
            tuple(lookers[one.id]),
        )
        for one in waiting
    }
