"""Preservation: what the law says to keep is held from the draft on, and let go only by its rule.

Nothing that a hold covers may be destroyed. Nobody lifts one by hand: it ends when its time after
the filing is over, when the referral is withdrawn before it was filed, or at the day an authority's
request named.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.cases import case as cases_on_record
from tutela.errors import InvalidInput
from tutela.referrals.referral import State
from tutela.referrals.register import referrals
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.audit.log import AuditLog, Change
    from tutela.referrals.obligations.obligation import Obligation

CLOCKS = Actor("system", "clocks")
_MOST_DAYS = 36_525
_LONGEST_REASON = 1000

preservations = sa.Table(
    "preservations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("referral_id", Id, sa.ForeignKey("referrals.id"), index=True),
    sa.Column("basis", sa.String(200), nullable=False),
    sa.Column("what", sa.String(1000), nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ends_at", Instant),
    sa.Column("lifted_at", Instant),
)


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold on a case. `ends_at` is known once the referral is filed; `days` count from then."""

    id: str
    case_id: str
    referral_id: str | None
    basis: str
    what: str
    days: int
    started_at: datetime
    ends_at: datetime | None
    lifted_at: datetime | None


def ended(hold: Hold, state: State | None, now: datetime) -> bool:
    """Say whether a hold's rule lets go. `state`: its referral's; none for an outside request."""
    if hold.ends_at is not None:
        return now >= hold.ends_at
    return state is State.WITHDRAWN


class Preservation:
    """Starts holds with drafts, ends them by their rule, and says what is held."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def start(
        self, change: Change, case_id: str, referral_id: str, obligations: Iterable[Obligation]
    ) -> None:
        """Hold what the obligations name, in the change that drafts the referral."""
        for obligation in obligations:
            for kept in obligation.preserve:
                basis = f"{obligation.id}: {kept.section}"
                self._put(change, case_id, referral_id, basis, kept.what, kept.days, None)

    def filed(self, change: Change, referral_id: str) -> None:
        """Set the ends of a referral's holds, in the change that records its filing."""
        mine = preservations.c.referral_id == referral_id
        open_ended = sa.select(preservations.c.id, preservations.c.days).where(
            mine, preservations.c.ends_at.is_(None), preservations.c.lifted_at.is_(None)
        )
        for row in change.connection.execute(open_ended).all():
            change.connection.execute(
                preservations.update()
                .where(preservations.c.id == row.id)
                .values(ends_at=change.now + timedelta(days=row.days))
            )

    def request(self, actor: Actor, case_id: str, days: int, reason: str) -> Hold:
        """Hold a case for longer because an authority asked. Raises `NotFound`, `InvalidInput`."""
        if not 0 < days <= _MOST_DAYS or not 0 < len(reason.strip()) <= _LONGEST_REASON:
            raise InvalidInput(
                "The days or the reason cannot be taken.",
                f"Give 1 to {_MOST_DAYS} days, and who asked for it by which process.",
            )
        with self._audit.change(actor) as change:
            # Locked, so that nothing of the case is being destroyed meanwhile.
            cases_on_record.load(change.connection, case_id, locked=True)
            until = change.now + timedelta(days=days)
            return self._put(change, case_id, None, "request", reason.strip(), days, until)

    def sweep(self) -> None:
        """Let go of every hold whose rule says so."""
        now = self._audit.clock()
        state = sa.select(preservations, referrals.c.state).outerjoin(
            referrals, referrals.c.id == preservations.c.referral_id
        )
        query = state.where(
            preservations.c.lifted_at.is_(None),
            sa.or_(
                preservations.c.ends_at <= now,
                referrals.c.state == State.WITHDRAWN.value,
            ),
        )
        with self._audit.database.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            hold = Hold(*row[:-1])
            if ended(hold, State(row.state) if row.state else None, now):
                self._lift(hold)

    def holding(self, connection: sa.Connection, case_id: str) -> tuple[Hold, ...]:
        """Return what holds a case now: while there is any, nothing of it may be destroyed."""
        query = (
            sa.select(preservations)
            .where(preservations.c.case_id == case_id, preservations.c.lifted_at.is_(None))
            .order_by(preservations.c.started_at, preservations.c.id)
        )
        return tuple(Hold(*row) for row in connection.execute(query))

    def all(self) -> tuple[Hold, ...]:
        """Return every hold in force, the first to end first, those without an end last."""
        query = sa.select(preservations).where(preservations.c.lifted_at.is_(None))
        with self._audit.database.reading() as connection:
            found = [Hold(*row) for row in connection.execute(query)]
        return tuple(
            sorted(found, key=lambda one: (one.ends_at is None, one.ends_at or one.started_at))
        )

    def _put(
        self,
        change: Change,
        case_id: str,
        referral_id: str | None,
        basis: str,
        what: str,
        days: int,
        until: datetime | None,
    ) -> Hold:
        hold = Hold(
            new_id("hld", change.now),
            case_id,
            referral_id,
            basis[:200],
            what[:1000],
            days,
            change.now,
            until,
            None,
        )
        change.connection.execute(preservations.insert().values(**asdict(hold)))
        change.record(
            Action.PRESERVATION_STARTED, case_id, hold=hold.id, days=days, referral=referral_id
        )
        return hold

    def _lift(self, hold: Hold) -> None:
        with self._audit.change(CLOCKS) as change:
            lifted = change.connection.execute(
                preservations.update()
                .where(preservations.c.id == hold.id, preservations.c.lifted_at.is_(None))
                .values(lifted_at=change.now)
            )
            if lifted.rowcount == 1:
                change.record(Action.PRESERVATION_LIFTED, hold.case_id, hold=hold.id)
