"""What waits: open cases in their order, with the facts that help to choose one."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases.case import Case, CaseKind, CaseState, case_from, cases
from tutela.cases.categories import of_any
from tutela.cases.filtering import EVERYTHING, Filter
from tutela.content.item import item_matches, items

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting case and the facts that help to choose it."""

    case: Case
    lists: tuple[str, ...]
    labels: tuple[str, ...]
    nearest: int | None
    prior_cases: int


def waiting(
    connection: sa.Connection,
    limit: int = 200,
    only: Filter = EVERYTHING,
    without: Collection[str] = (),
) -> tuple[QueueRow, ...]:
    """Return open cases, first things first. `without`: none of these categories."""
    query = (
        sa.select(cases)
        .where(cases.c.state == CaseState.OPEN.value, *only.conditions())
        .order_by(cases.c.ranked_at, cases.c.id)
        .limit(limit)
    )
    if without:
        query = query.where(~of_any(cases, without))
    found = [case_from(row) for row in connection.execute(query)]
    identities = [one.id for one in found]
    lists, labels, nearest = _matches(connection, identities)
    prior = _prior(connection, identities)
    return tuple(
        QueueRow(
            one,
            tuple(sorted(lists[one.id])),
            tuple(sorted(labels[one.id])),
            nearest.get(one.id),
            prior.get(one.id, 0),
        )
        for one in found
    )


def counts(connection: sa.Connection) -> dict[CaseKind, int]:
    """Return how many open cases of each kind there are."""
    query = (
        sa.select(cases.c.kind, sa.func.count())
        .where(cases.c.state == CaseState.OPEN.value)
        .group_by(cases.c.kind)
    )
    found = {CaseKind(kind): number for kind, number in connection.execute(query)}
    return {kind: found.get(kind, 0) for kind in CaseKind}


def _matches(
    connection: sa.Connection, case_ids: list[str]
) -> tuple[dict[str, set[str]], dict[str, set[str]], dict[str, int]]:
    # Labels are JSON, which not every database can group by; their text can be.
    text = sa.cast(item_matches.c.labels, sa.Text)
    query = (
        sa.select(
            items.c.case_id,
            item_matches.c.list_name,
            text.label("labels"),
            sa.func.min(item_matches.c.distance).label("nearest"),
        )
        .join(items, items.c.id == item_matches.c.item_id)
        .where(items.c.case_id.in_(case_ids))
        .group_by(items.c.case_id, item_matches.c.list_name, text)
    )
    lists: dict[str, set[str]] = defaultdict(set)
    labels: dict[str, set[str]] = defaultdict(set)
    nearest: dict[str, int] = {}
    for row in connection.execute(query):
        lists[row.case_id].add(row.list_name)
        labels[row.case_id].update(json.loads(row.labels))
        nearest[row.case_id] = min(row.nearest, nearest.get(row.case_id, row.nearest))
    return lists, labels, nearest


def _prior(connection: sa.Connection, case_ids: list[str]) -> dict[str, int]:
    earlier = cases.alias("earlier")
    query = (
        sa.select(cases.c.id, sa.func.count())
        .join(
            earlier,
            (earlier.c.account_id == cases.c.account_id)
            & (earlier.c.opened_at < cases.c.opened_at),
        )
        .where(cases.c.id.in_(case_ids))
        .group_by(cases.c.id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
