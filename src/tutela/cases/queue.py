"""The queue: what waits for a person, and who has taken it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.cases.case import Case, CaseKind, CaseState, case_from, cases, load
from tutela.content.item import item_matches, items
from tutela.errors import Conflict, LeaseLost

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog, Change

LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting case and the facts that help to choose it."""

    case: Case
    lists: tuple[str, ...]
    labels: tuple[str, ...]
    nearest: int | None
    prior_cases: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to decide a case until an instant."""

    case_id: str
    token: str
    until: datetime


class Queue:
    """Hands out cases so that no two people hold the same one."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def waiting(self, limit: int = 200) -> tuple[QueueRow, ...]:
        """Return open cases: in the order of `CaseKind`, the oldest first."""
        places = {kind.value: place for place, kind in enumerate(CaseKind)}
        order = sa.case(places, value=cases.c.kind)
        query = (
            sa.select(cases)
            .where(cases.c.state == CaseState.OPEN.value)
            .order_by(order, cases.c.opened_at, cases.c.id)
            .limit(limit)
        )
        with self._audit.database.reading() as connection:
            return tuple(
                _with_facts(connection, case_from(row)) for row in connection.execute(query).all()
            )

    def claim(self, actor: Actor, case_id: str) -> Lease:
        """Take an open case. Raises `Conflict` when another person holds it or it is decided."""
        with self._audit.change(actor) as change:
            case = load(change.connection, case_id, locked=True)
            if case.state is not CaseState.OPEN:
                raise Conflict("The case is decided already.", "Open it to see the decision.")
            held = case.leased_until is not None and case.leased_until > change.now
            if held and case.leased_by != str(actor):
                raise Conflict("Another person has this case now.", "Take another one.")
            lease = Lease(case_id, secrets.token_hex(16), change.now + LEASE)
            _write(change, case_id, str(actor), lease.token, lease.until)
            change.record(Action.CASE_CLAIMED, case_id)
            return lease

    def renew(self, actor: Actor, case_id: str, token: str) -> Lease:
        """Lengthen a lease. Raises `LeaseLost` if it is no longer the caller's."""
        now = self._audit.clock()
        with self._audit.database.bookkeeping() as connection:
            check(load(connection, case_id, locked=True), actor, token, now)
            connection.execute(
                cases.update().where(cases.c.id == case_id).values(leased_until=now + LEASE)
            )
        return Lease(case_id, token, now + LEASE)

    def release(self, actor: Actor, case_id: str, token: str) -> None:
        """Give a case back undecided. Raises `LeaseLost` if it is no longer the caller's."""
        with self._audit.change(actor) as change:
            check(load(change.connection, case_id, locked=True), actor, token, change.now)
            _write(change, case_id, None, None, None)
            change.record(Action.CASE_RELEASED, case_id)


def check(case: Case, actor: Actor, token: str, now: datetime) -> None:
    """Raise `LeaseLost` unless the lease is this person's, with this token, and not over."""
    current = (
        case.lease is not None
        and case.leased_until is not None
        and secrets.compare_digest(case.lease, token)
        and case.leased_by == str(actor)
        and case.leased_until > now
    )
    if not current:
        raise LeaseLost(
            "Your hold on this case is over.", "Claim it again; nothing was recorded meanwhile."
        )


def close(change: Change, case_id: str) -> None:
    """Mark a case decided and end its lease; the decision records itself."""
    _write(change, case_id, None, None, None)
    change.connection.execute(
        cases.update()
        .where(cases.c.id == case_id)
        .values(state=CaseState.DECIDED.value, decided_at=change.now)
    )


def _write(
    change: Change, case_id: str, by: str | None, token: str | None, until: datetime | None
) -> None:
    change.connection.execute(
        cases.update()
        .where(cases.c.id == case_id)
        .values(leased_by=by, lease=token, leased_until=until)
    )


def _with_facts(connection: sa.Connection, case: Case) -> QueueRow:
    joined = item_matches.join(items, items.c.id == item_matches.c.item_id)
    rows = connection.execute(
        sa.select(item_matches.c.list_name, item_matches.c.labels, item_matches.c.distance)
        .select_from(joined)
        .where(items.c.case_id == case.id)
    ).all()
    prior = connection.execute(
        sa.select(sa.func.count())
        .select_from(cases)
        .where(cases.c.account_id == case.account_id, cases.c.opened_at < case.opened_at)
    ).scalar_one()
    return QueueRow(
        case,
        tuple(sorted({row.list_name for row in rows})),
        tuple(sorted({label for row in rows for label in row.labels})),
        min((row.distance for row in rows), default=None),
        prior,
    )
