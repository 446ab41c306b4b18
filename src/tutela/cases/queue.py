"""The queue: what waits for a person, who has taken it, and to whom it is passed on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor
from tutela.cases import passing
from tutela.cases.case import (
    Case,
    CaseKind,
    CaseState,
    add_reason,
    case_from,
    cases,
    load,
)
from tutela.cases.categories import of_any, opted_out
from tutela.cases.filtering import EVERYTHING, Filter
from tutela.cases.guard import nobody_stops
from tutela.cases.passing import Way
from tutela.cases.presence import Presence, present
from tutela.cases.priority import Reason
from tutela.cases.waiting import QueueRow, counts, waiting
from tutela.errors import Conflict, InvalidInput, LeaseLost, Refused
from tutela.storage.database import Id, Instant

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tutela.audit.log import AuditLog, Change
    from tutela.cases.guard import Guard

LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to decide a case until an instant."""

    case_id: str
    token: str
    until: datetime


class _TakenMeanwhile(Exception):
    """Another person was quicker."""


class Queue:
    """Hands out cases so that no two people hold the same one."""

    def __init__(self, audit: AuditLog, guard: Guard = nobody_stops) -> None:
        self._audit = audit
        self._guard = guard

    def waiting(
        self, limit: int = 200, only: Filter = EVERYTHING, person: Actor | None = None
    ) -> tuple[QueueRow, ...]:
        """Return open cases, first things first.

        Without what `person` opted out of, where one is named.
        """
        with self._audit.database.reading() as connection:
            without = opted_out(connection, str(person)) if person else ()
            return waiting(connection, limit, only, without)

    def present(self, waiting: Sequence[Case]) -> dict[str, Presence]:
        """Return who is at each of these cases now."""
        with self._audit.database.reading() as connection:
            return present(connection, waiting, self._audit.clock())

    def counts(self) -> dict[CaseKind, int]:
        """Return how many open cases of each kind there are."""
        with self._audit.database.reading() as connection:
            return counts(connection)

    def next(self, actor: Actor) -> Lease | None:
        """Take the first case that is free for this person: one they hold already comes first.

        What they skipped or asked a second opinion of is not offered again; what is kept for
        another, or of what they opted out of, is not offered at all. None when nothing is.
        """
        while True:
            now = self._audit.clock()
            with self._audit.database.reading() as connection:
                held = held_by(connection, actor, now)
                if held is not None and held.lease and held.leased_until:
                    return Lease(held.id, held.lease, held.leased_until)
                self._guard(connection, actor, now)
                without = opted_out(connection, str(actor))
                first = connection.execute(_free_for(actor, now, without)).first()
                if first is None:
                    return None
            try:
                with self._audit.change(actor) as change:
                    # From there on: what stands before it need not be passed twice.
                    free = _free_for(actor, change.now, without).where(
                        sa.tuple_(cases.c.ranked_at, cases.c.id)
                        >= sa.tuple_(sa.literal(first.ranked_at, Instant), sa.literal(first.id, Id))
                    )
                    free = free.with_for_update(skip_locked=True)
                    row = change.connection.execute(free).first()
                    if row is None:
                        raise _TakenMeanwhile
                    return take(change, row.id)
            except _TakenMeanwhile:
                continue

    def claim(self, actor: Actor, case_id: str) -> Lease:
        """Take an open case. Raises `Conflict` when another person holds it or it is decided."""
        with self._audit.change(actor) as change:
            self._guard(change.connection, actor, change.now)
            case = load(change.connection, case_id, locked=True)
            if case.state is not CaseState.OPEN:
                raise Conflict("The case is decided already.", "Open it to see the decision.")
            held = case.leased_until is not None and case.leased_until > change.now
            if held and case.leased_by != str(actor):
                raise Conflict("Another person has this case now.", "Take another one.")
            if case.kept_for not in {None, str(actor)}:
                raise Conflict(
                    "The case was handed to another person.",
                    "Take another one, or ask them to hand it on.",
                )
            return take(change, case_id)

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

    def skip(self, actor: Actor, case_id: str, token: str) -> None:
        """Give a case back for good: it is not offered to this person again. No reason is asked.

        Raises `LeaseLost`.
        """
        with self._audit.change(actor) as change:
            self._pass_on(change, case_id, token, Way.SKIPPED, "")
            change.record(Action.CASE_SKIPPED, case_id)

    def hand_over(self, actor: Actor, case_id: str, token: str, to: Actor, said: str) -> None:
        """Keep a case for one colleague, with a word to them. Raises `LeaseLost`, `InvalidInput`.

        They decide it or hand it on; what they skip goes back to all.
        """
        if to == actor:
            raise InvalidInput("You have this case.", "Name another person.")
        with self._audit.change(actor) as change:
            if not self._takes(change, to, case_id):
                # Not which of the two it is: neither is the colleague's business.
                raise InvalidInput("They cannot take this case now.", "Choose another person.")
            self._pass_on(change, case_id, token, Way.HANDED_OVER, said, to)
            change.record(Action.CASE_HANDED_OVER, case_id, to=str(to))

    def ask_second(self, actor: Actor, case_id: str, token: str, said: str) -> None:
        """Give a case back for another person to decide, with what makes it hard.

        Raises `LeaseLost`, `InvalidInput`.
        """
        if not said.strip():
            raise InvalidInput("Nothing is said.", "Say what makes the case hard.")
        with self._audit.change(actor) as change:
            self._pass_on(change, case_id, token, Way.SECOND_OPINION, said)
            change.record(Action.CASE_SECOND_OPINION, case_id)

    def escalate(self, actor: Actor, case_id: str, reason: str) -> None:
        """Say that a child may be in danger now: the case comes before all others.

        Whoever sees it may, holding it or not. Raises `Conflict` when it is decided,
        `InvalidInput` without a reason.
        """
        if not reason.strip():
            raise InvalidInput("No reason is given.", "Say in a sentence what the danger is.")
        with self._audit.change(actor) as change:
            case = load(change.connection, case_id, locked=True)
            if case.state is not CaseState.OPEN:
                raise Conflict(
                    "The case is decided.", "Draft a supplement to its referral instead."
                )
            passing.write(change, case_id, Way.ESCALATED, reason)
            add_reason(change.connection, case_id, Reason.DANGER)
            change.record(Action.CASE_ESCALATED, case_id)

    def _takes(self, change: Change, person: Actor, case_id: str) -> bool:
        """Say whether a person works now, and on such cases."""
        try:
            self._guard(change.connection, person, change.now)
        except Refused:
            return False
        without = opted_out(change.connection, str(person))
        refused = sa.select(cases.c.id).where(cases.c.id == case_id, of_any(cases, without))
        return change.connection.execute(refused).first() is None

    def _pass_on(
        self,
        change: Change,
        case_id: str,
        token: str,
        way: Way,
        said: str,
        to: Actor | None = None,
    ) -> None:
        case = load(change.connection, case_id, locked=True)
        check(case, change.actor, token, change.now)
        passing.write(change, case_id, way, said, str(to) if to else None)
        _write(change, case_id, None, None, None)
        change.connection.execute(
            cases.update().where(cases.c.id == case_id).values(kept_for=str(to) if to else None)
        )


def held_by(connection: sa.Connection, actor: Actor, now: datetime) -> Case | None:
    """Return the first of the cases that a person holds.

    They are few and found by their holder: the order of the queue would lead past all that wait.
    """
    query = sa.select(cases).where(
        cases.c.state == CaseState.OPEN.value,
        cases.c.leased_by == str(actor),
        cases.c.leased_until > now,
    )
    held = [case_from(row) for row in connection.execute(query)]
    return min(held, key=lambda one: (one.ranked_at or one.opened_at, one.id), default=None)


def _free_for(
    actor: Actor, now: datetime, without: Collection[str]
) -> sa.Select[tuple[object, ...]]:
    query = (
        sa.select(cases)
        .where(
            cases.c.state == CaseState.OPEN.value,
            sa.or_(cases.c.leased_until.is_(None), cases.c.leased_until <= now),
            sa.or_(cases.c.kept_for.is_(None), cases.c.kept_for == str(actor)),
            ~passing.let_pass_by(str(actor), cases),
        )
        .order_by(cases.c.ranked_at, cases.c.id)
        .limit(1)
    )
    return query.where(~of_any(cases, without)) if without else query


def take(change: Change, case_id: str) -> Lease:
    """Give a case that is free to the person who acts."""
    lease = Lease(case_id, secrets.token_hex(16), change.now + LEASE)
    _write(change, case_id, str(change.actor), lease.token, lease.until)
    change.record(Action.CASE_CLAIMED, case_id)
    return lease


def check(case: Case, actor: Actor, token: str, now: datetime) -> None:
    """Raise `LeaseLost` unless the lease is this person's, with this token, and not over."""
    current = (
        case.lease is not None
        and case.leased_until is not None
        and secrets.compare_digest(case.lease.encode(), token.encode(errors="replace"))
        and case.leased_by == str(actor)
        and case.leased_until > now
    )
    if not current:
        raise LeaseLost(
            "Your hold on this case is over.", "Claim it again; nothing was recorded meanwhile."
        )


def _write(
    change: Change, case_id: str, by: str | None, token: str | None, until: datetime | None
) -> None:
    change.connection.execute(
        cases.update()
        .where(cases.c.id == case_id)
        .values(leased_by=by, lease=token, leased_until=until)
    )
