"""Deadlines of referrals on record: which are near, which are past, and an alarm for each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from tutela.audit.entry import Action, Actor
from tutela.referrals import register as register_of
from tutela.referrals.referral import State
from tutela.referrals.register import referrals

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.audit.log import AuditLog
    from tutela.referrals.referral import Referral

CLOCKS = Actor("system", "clocks")
_DONE = (State.FILED.value, State.ACKNOWLEDGED.value, State.WITHDRAWN.value)
_log = structlog.get_logger()


def pressing(connection: sa.Connection, now: datetime) -> bool:
    """Say whether a referral that is not filed is near its deadline, or past it."""
    query = sa.select(referrals.c.id).where(
        referrals.c.state.not_in(_DONE),
        sa.or_(referrals.c.warn_at <= now, referrals.c.due_at <= now),
    )
    return connection.execute(query.limit(1)).first() is not None


class Deadlines:
    """Watches the clocks of what is not filed."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def pending(self) -> tuple[Referral, ...]:
        """Return what is not filed, the nearest deadline first."""
        with self._audit.database.reading() as connection:
            found = register_of.select(connection, referrals.c.state.not_in(_DONE))
        return tuple(sorted(found, key=lambda one: one.deadline.due_at))

    def watch(self) -> None:
        """Warn of what is due soon and alarm for what is overdue, each referral once."""
        now = self._audit.clock()
        running = referrals.c.state.not_in(_DONE)
        soon = sa.select(referrals.c.id).where(
            running, referrals.c.warn_at <= now, referrals.c.warned_at.is_(None)
        )
        past = sa.select(referrals.c.id).where(
            running, referrals.c.due_at <= now, referrals.c.missed_at.is_(None)
        )
        for query, column, action in (
            (soon, "warned_at", Action.REFERRAL_DUE_SOON),
            (past, "missed_at", Action.REFERRAL_OVERDUE),
        ):
            with self._audit.database.reading() as connection:
                ids = connection.scalars(query).all()
            for identity in ids:
                self._say(identity, column, action)

    def _say(self, identity: str, column: str, action: Action) -> None:
        with self._audit.change(CLOCKS) as change:
            said = change.connection.execute(
                referrals.update()
                .where(
                    referrals.c.id == identity,
                    referrals.c[column].is_(None),
                    referrals.c.state.not_in(_DONE),
                )
                .values({column: change.now})
            )
            if said.rowcount == 1:
                change.record(action, identity)
                _log.warning(action.value, referral=identity)
