"""A case: the items of one account that look alike, decided together by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.grouping import like
from tutela.content import item as items_on_record
from tutela.content.item import Item, items
from tutela.errors import NotFound
from tutela.storage.database import Id, Instant, metadata, serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.log import Change


class CaseState(StrEnum):
    """Whether a case waits for a person."""

    OPEN = "open"
    DECIDED = "decided"


class CaseKind(StrEnum):
    """Why it is here: a listed copy, something near one, a notice, unreadable, or only possible."""

    KNOWN = "known"
    NEAR = "near"
    NOTICED = "noticed"
    UNSCREENED = "unscreened"
    POSSIBLE = "possible"


cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("account_id", sa.String(255), nullable=False, index=True),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("leased_by", sa.String(80)),
    sa.Column("lease", sa.String(40)),
    sa.Column("leased_until", Instant),
    sa.Column("decided_at", Instant),
    sa.Index("ix_cases_state_opened_at", "state", "opened_at"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it stands. `size` is the number of items, which only ever grows."""

    id: str
    state: CaseState
    kind: CaseKind
    account_id: str
    opened_at: datetime
    size: int
    leased_by: str | None
    lease: str | None
    leased_until: datetime | None
    decided_at: datetime | None


def load(connection: sa.Connection, case_id: str, *, locked: bool = False) -> Case:
    """Return one case, its row locked against other writers if asked. Raises `NotFound`."""
    query = sa.select(cases).where(cases.c.id == case_id)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise NotFound("There is no such case.", "Check the identifier.")
    return case_from(row)


def items_of(connection: sa.Connection, case_id: str) -> list[Item]:
    """Return the items of a case, oldest first."""
    return items_on_record.select(connection, items.c.case_id == case_id)


def of_account(connection: sa.Connection, account_id: str) -> list[Case]:
    """Return every case of an account, oldest first."""
    query = (
        sa.select(cases)
        .where(cases.c.account_id == account_id)
        .order_by(cases.c.opened_at, cases.c.id)
    )
    return [case_from(row) for row in connection.execute(query)]


def file_item(change: Change, item: Item) -> str:
    """Find the open case that the new item belongs to, or open one; return its id.

    Call before the item is put on record, and store the id with it.
    """
    serialise(change.connection, "account", item.account.id)
    query = (
        sa.select(cases)
        .where(cases.c.account_id == item.account.id, cases.c.state == CaseState.OPEN.value)
        .order_by(cases.c.opened_at, cases.c.id)
        .with_for_update()
    )
    for row in change.connection.execute(query).all():
        if like(item, items_of(change.connection, row.id)):
            kind = min(CaseKind(row.kind), kind_of(item), key=list(CaseKind).index)
            change.connection.execute(
                cases.update()
                .where(cases.c.id == row.id)
                .values(size=cases.c.size + 1, kind=kind.value)
            )
            change.record(Action.CASE_GREW, row.id, item=item.id)
            return str(row.id)
    return _open(change, item)


def _open(change: Change, item: Item) -> str:
    case_id = new_id("cas", change.now)
    change.connection.execute(
        cases.insert().values(
            id=case_id,
            state=CaseState.OPEN.value,
            kind=kind_of(item).value,
            account_id=item.account.id,
            opened_at=change.now,
            size=1,
        )
    )
    change.record(Action.CASE_OPENED, case_id, item=item.id, kind=kind_of(item).value)
    return case_id


def kind_of(item: Item) -> CaseKind:
    """Say what kind of case an item makes."""
    noticed = item.surroundings.notice is not None
    if noticed and (not item.matches or item.only_possible):
        return CaseKind.NOTICED
    if not item.matches:
        return CaseKind.UNSCREENED
    if item.only_possible:
        return CaseKind.POSSIBLE
    exact = any(match.exact for match in item.matches)
    return CaseKind.KNOWN if exact else CaseKind.NEAR


def case_from(row: sa.Row[tuple[object, ...]]) -> Case:
    """Read a row of the table `cases`."""
    return Case(
        row.id,
        CaseState(row.state),
        CaseKind(row.kind),
        row.account_id,
        row.opened_at,
        row.size,
        row.leased_by,
        row.lease,
        row.leased_until,
        row.decided_at,
    )
