"""A case: the items of one account that look alike, decided together by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.grouping import like
from tutela.cases.priority import Reason, ranked, told_by
from tutela.content import item as items_on_record
from tutela.content.item import Item, items
from tutela.errors import NotFound
from tutela.storage.database import Id, Instant, metadata, serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    # How the decision that stands ended it: what makes its account's next case a repeat.
    sa.Column("abusive", sa.Boolean),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("ranked_at", Instant, nullable=False),
    sa.Column("kept_for", sa.String(80)),
    sa.Index("ix_cases_state_ranked_at", "state", "ranked_at", "id"),
    sa.Index("ix_cases_leased_by_leased_until", "leased_by", "leased_until"),
)

_BY_KIND = {
    CaseKind.NOTICED: Reason.NEW,
    CaseKind.NEAR: Reason.NEAR,
    CaseKind.UNSCREENED: Reason.UNREADABLE,
    CaseKind.POSSIBLE: Reason.POSSIBLE,
}
_OF_NO_FILE = {Reason.DANGER, Reason.REPEAT}
"""What is known of a case or its account rather than of a file in it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it stands. `size` is the number of items: it grows, or is split (`splitting`).

    `reasons`: why it comes sooner than its age. `kept_for`: the one person who is to take it.
    """

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
    reasons: tuple[Reason, ...] = ()
    ranked_at: datetime | None = None
    kept_for: str | None = None


def load(connection: sa.Connection, case_id: str, *, locked: bool = False) -> Case:
    """Return one case, its row locked against other writers if asked. Raises `NotFound`."""
    query = sa.select(cases).where(cases.c.id == case_id)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise NotFound("There is no such case.", "Check the identifier.")
    return case_from(row)


def take(connection: sa.Connection, case_id: str) -> Case:
    """Lock a case and its account, in the order in which intake does. Raises `NotFound`."""
    serialise(connection, "account", load(connection, case_id).account_id)
    return load(connection, case_id, locked=True)


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
            came = {Reason(one) for one in row.reasons} | told_by(item.surroundings.notice)
            change.connection.execute(
                cases.update()
                .where(cases.c.id == row.id)
                .values(size=cases.c.size + 1, kind=kind.value, **_rank(kind, came, row.opened_at))
            )
            change.record(Action.CASE_GREW, row.id, item=item.id)
            return str(row.id)
    return _open(change, item)


def _open(change: Change, item: Item) -> str:
    case_id = new_id("cas", change.now)
    kind, came = kind_of(item), set(told_by(item.surroundings.notice))
    if _found_abusive(change.connection, item.account.id):
        came.add(Reason.REPEAT)
    change.connection.execute(
        cases.insert().values(
            id=case_id,
            state=CaseState.OPEN.value,
            kind=kind.value,
            account_id=item.account.id,
            opened_at=change.now,
            size=1,
            **_rank(kind, came, change.now),
        )
    )
    change.record(Action.CASE_OPENED, case_id, item=item.id, kind=kind.value)
    return case_id


def open_beside(change: Change, old: Case, moved: Sequence[Item]) -> str:
    """Open a case for files of another one, and return its id. They are moved by the caller.

    It is as old as its oldest file: what is split off does not begin to wait anew. Danger that
    somebody saw may be in either.
    """
    case_id = new_id("cas", change.now)
    kind, told = _told_of(moved)
    opened_at = min(one.received_at for one in moved)
    change.connection.execute(
        cases.insert().values(
            id=case_id,
            state=CaseState.OPEN.value,
            kind=kind.value,
            account_id=old.account_id,
            opened_at=opened_at,
            size=len(moved),
            **_rank(kind, told | (set(old.reasons) & _OF_NO_FILE), opened_at),
        )
    )
    change.record(Action.CASE_OPENED, case_id, item=moved[0].id, kind=kind.value, split_from=old.id)
    return case_id


def keep_only(change: Change, case: Case, stay: Sequence[Item]) -> None:
    """Let a case be what its remaining files make it."""
    kind, told = _told_of(stay)
    change.connection.execute(
        cases.update()
        .where(cases.c.id == case.id)
        .values(
            size=len(stay),
            kind=kind.value,
            **_rank(kind, told | (set(case.reasons) & _OF_NO_FILE), case.opened_at),
        )
    )


def _told_of(members: Sequence[Item]) -> tuple[CaseKind, set[Reason]]:
    kind = min((kind_of(one) for one in members), key=list(CaseKind).index)
    return kind, {one for item in members for one in told_by(item.surroundings.notice)}


def _rank(kind: CaseKind, came: set[Reason], opened_at: datetime) -> dict[str, object]:
    return {
        "reasons": sorted(came),
        "ranked_at": ranked(opened_at, came | _of_kind(kind)),
    }


def _found_abusive(connection: sa.Connection, account_id: str) -> bool:
    query = sa.select(cases.c.id).where(cases.c.account_id == account_id, cases.c.abusive.is_(True))
    return connection.execute(query.limit(1)).first() is not None


def add_reason(connection: sa.Connection, case_id: str, reason: Reason) -> None:
    """Give a case one more reason to come sooner."""
    _put_reasons(connection, load(connection, case_id, locked=True), {reason}, set())


def end(change: Change, case_id: str, *, abusive: bool) -> None:
    """Mark a case that was taken decided, and rank its account's open ones by it."""
    case = load(change.connection, case_id)
    change.connection.execute(
        cases.update()
        .where(cases.c.id == case_id)
        .values(
            state=CaseState.DECIDED.value,
            decided_at=case.decided_at or change.now,
            abusive=abusive,
            leased_by=None,
            lease=None,
            leased_until=None,
            kept_for=None,
        )
    )
    _rank_account(change.connection, case.account_id)


def reopen(change: Change, case_id: str) -> None:
    """Let a case that was taken wait for a person again: its decision was undone."""
    case = load(change.connection, case_id)
    change.connection.execute(
        cases.update()
        .where(cases.c.id == case_id)
        .values(state=CaseState.OPEN.value, decided_at=None, abusive=None)
    )
    _rank_account(change.connection, case.account_id)


def _rank_account(connection: sa.Connection, account_id: str) -> None:
    repeat = {Reason.REPEAT}
    more, less = (repeat, set()) if _found_abusive(connection, account_id) else (set(), repeat)
    for one in of_account(connection, account_id):
        if one.state is CaseState.OPEN:
            _put_reasons(connection, one, more, less)


def _put_reasons(
    connection: sa.Connection, case: Case, more: set[Reason], less: set[Reason]
) -> None:
    came = ((set(case.reasons) - _of_kind(case.kind)) | more) - less
    connection.execute(
        cases.update().where(cases.c.id == case.id).values(**_rank(case.kind, came, case.opened_at))
    )


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
        _in_order(row.kind, row.reasons),
        row.ranked_at,
        row.kept_for,
    )


def _in_order(kind: str, reasons: Iterable[str]) -> tuple[Reason, ...]:
    """Return every reason, the weightiest first: those that came, and that of its kind."""
    found = {Reason(one) for one in reasons} | _of_kind(CaseKind(kind))
    return tuple(one for one in Reason if one in found)


def _of_kind(kind: CaseKind) -> set[Reason]:
    return {_BY_KIND[kind]} if kind in _BY_KIND else set()
