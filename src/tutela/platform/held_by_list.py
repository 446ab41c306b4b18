"""What is held for one list's word alone: to be looked at when that list is doubted."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from tutela.cases.case import CaseState, cases
from tutela.content.item import HoldState, item_matches, items
from tutela.hashlists.tables import hash_lists
from tutela.matching.screening import Verdict


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One item that waits, and its case."""

    item_id: str
    case_id: str
    entry_id: str


def held_only_by(connection: sa.Connection, name: str) -> list[HeldItem]:
    """Return the undecided items that nothing but this list holds, oldest first.

    Nothing else: no list that is on matched them too, and they could be screened.
    """
    mine, other = item_matches.alias("mine"), item_matches.alias("other")
    another = (
        sa.select(other.c.item_id)
        .join(hash_lists, hash_lists.c.name == other.c.list_name)
        .where(
            other.c.item_id == items.c.id,
            other.c.list_name != name,
            hash_lists.c.off_at.is_(None),
        )
    )
    query = (
        sa.select(items.c.id, items.c.case_id, sa.func.min(mine.c.entry_id).label("entry_id"))
        .join(cases, cases.c.id == items.c.case_id)
        .join(mine, mine.c.item_id == items.c.id)
        .where(
            mine.c.list_name == name,
            items.c.hold == HoldState.HELD.value,
            items.c.verdict == Verdict.MATCH.value,
            items.c.reason.is_(None),
            cases.c.state == CaseState.OPEN.value,
            ~another.exists(),
        )
        .group_by(items.c.id, items.c.case_id, items.c.received_at)
        .order_by(items.c.received_at, items.c.id)
    )
    return [HeldItem(row.id, row.case_id, row.entry_id) for row in connection.execute(query)]
