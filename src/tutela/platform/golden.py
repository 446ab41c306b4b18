"""Golden checks at work: dealt among a person's cases, never before what cannot wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import SystemRandom
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases import queue, viewing
from tutela.cases.case import CaseKind, CaseState, case_from, cases
from tutela.cases.categories import of_any, opted_out
from tutela.cases.guard import nobody_stops
from tutela.cases.priority import Reason
from tutela.cases.viewing import Fidelity
from tutela.content import item as items_on_record
from tutela.content.item import items
from tutela.decisions.decision import Bearing, checked, decisions
from tutela.decisions.golden import check as checks
from tutela.decisions.golden import material, posing
from tutela.decisions.golden.check import Check, CheckState
from tutela.decisions.golden.score import due, score, window
from tutela.errors import Conflict, LeaseLost
from tutela.referrals.deadlines import pressing
from tutela.storage.database import serialise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from random import Random

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.cases.guard import Guard
    from tutela.cases.passing import Way
    from tutela.content.item import Item
    from tutela.decisions.decision import Finding
    from tutela.decisions.golden.score import Score

_NEWEST = 300
_TRIES = 10
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Mix:
    """How often a person's next case is a check, drawn by a seed, and how old a case may wait."""

    share: float = 0.0
    seed: str = ""
    queue_age: timedelta = timedelta(hours=24)
    smallest_group: int = 5


NO_CHECKS = Mix()


class Golden:
    """Deals checks, takes the answers, and counts them."""

    def __init__(
        self,
        audit: AuditLog,
        mix: Mix = NO_CHECKS,
        guard: Guard = nobody_stops,
        random: Random | None = None,
    ) -> None:
        self._audit = audit
        self._guard = guard
        self._random = random or SystemRandom()
        self.mix = mix

    def next(self, actor: Actor) -> str | None:
        """Return the check that a person works on next; None: their next case is a real one.

        What waits in danger or against the clock comes first: then none is dealt, and one that
        the person holds is withdrawn. Raises what the guard does.
        """
        with self._audit.database.reading() as connection:
            now = self._audit.clock()
            self._guard(connection, actor, now)
            mine = checks.open_of(connection, actor)
            # Nobody leaves a case they hold for a check.
            if queue.held_by(connection, actor, now) is not None:
                return None
            if mine is None and not self._due(connection, actor):
                return None
            urgent = cannot_wait(connection, now, self.mix.queue_age)
        if urgent:
            self._withdraw(actor, mine)
            return None
        return self._dealt(actor)

    def open_of(self, actor: Actor) -> Check | None:
        """Return the check that a person holds, if any."""
        now = self._audit.clock()
        with self._audit.database.reading() as connection:
            check = checks.open_of(connection, actor)
        held = check is not None and check.leased_until is not None and check.leased_until > now
        return check if held else None

    def is_check(self, case_id: str) -> bool:
        """Say whether an id is a check's and no case's."""
        with self._audit.database.reading() as connection:
            return checks.exists(connection, case_id)

    def of(self, actor: Actor, check_id: str) -> Check:
        """Return a person's own check. Raises `NotFound`."""
        with self._audit.database.reading() as connection:
            return checks.load(connection, check_id, actor)

    def item(self, check: Check) -> Item:
        """Return what an open check shows. Raises `NotFound` where its set was taken out."""
        with self._audit.database.reading() as connection:
            picture = material.load(connection, check.picture_id)
        return posing.item_of(check.pose, picture, check.item_id, check.id)

    def hold(self, actor: Actor, check_id: str, token: str | None = None) -> Check:
        """Take the check again, or lengthen the hold with its token. Raises `LeaseLost`."""
        with self._audit.database.bookkeeping() as connection:
            check = checks.load(connection, check_id, actor, locked=True)
            if check.state is not CheckState.OPEN:
                raise LeaseLost("This was a check, and it is over.", "Take the next case.")
            now = self._audit.clock()
            if token is not None:
                queue.check(check.case, actor, token, now)
            checks.hold(connection, check, now)
            return checks.load(connection, check_id, actor)

    def give_back(self, actor: Actor, check_id: str, token: str) -> None:
        """End one's hold. Raises `LeaseLost`."""
        with self._audit.database.bookkeeping() as connection:
            check = checks.load(connection, check_id, actor, locked=True)
            queue.check(check.case, actor, token, self._audit.clock())
            checks.give_back(connection, check)

    def keep(self, actor: Actor, check_id: str, fields: Mapping[str, str]) -> None:
        """Keep what was typed; of a check that is over, nothing."""
        with self._audit.database.bookkeeping() as connection:
            check = checks.load(connection, check_id, actor, locked=True)
            if check.state is CheckState.OPEN:
                checks.keep(connection, check, fields)

    def decide(self, actor: Actor, check_id: str, token: str, finding: Finding) -> None:
        """Take the answer, under the rules of a real decision. Raises `LeaseLost`, `InvalidInput`.

        Nothing follows from it, also where it says that a child is in danger now.
        """
        with self._audit.change(actor) as change:
            check = checks.load(change.connection, check_id, actor, locked=True)
            queue.check(check.case, actor, token, change.now)
            record = viewing.of_case(change.connection, check_id)
            highest = max(
                (view.fidelity for view in record), key=lambda one: one.rank, default=Fidelity.FACTS
            )
            looked = highest.rank >= Fidelity.TINY.rank
            seen = any(view.fidelity.counts_as_viewed for view in record)
            checked(finding, Bearing(matched=True, copies=looked, trusted=True, viewed=seen))
            checks.answer(change, check, finding.outcome, finding.grounds, highest.value)

    def pass_on(self, actor: Actor, check_id: str, way: Way) -> None:
        """End a check that was skipped, handed over or escalated. Nobody is told of it."""
        with self._audit.change(actor) as change:
            check = checks.load(change.connection, check_id, actor, locked=True)
            checks.pass_on(change, check, way.value)

    def own(self, actor: Actor) -> tuple[Check, ...]:
        """Return a person's own answered checks, newest first."""
        with self._audit.database.reading() as connection:
            return checks.ended_of(connection, actor, _SHOWN)

    def score(self) -> Score | None:
        """Return what the answers of whole weeks come to; None for too small a group."""
        since, until = window(self._audit.clock())
        with self._audit.database.reading() as connection:
            found = checks.answers(connection, since, until)
        return score(found, self.mix.smallest_group)

    # What `Viewing` asks, so that a check's picture is looked at as any other is.

    def shows(self, connection: sa.Connection, actor: Actor, case_id: str, item_id: str) -> bool:
        """Say whether this is a check that the person holds, with its picture."""
        check = checks.of_item(connection, item_id)
        return (
            check is not None
            and check.id == case_id
            and check.person == str(actor)
            and check.state is CheckState.OPEN
            and check.leased_until is not None
            and check.leased_until > self._audit.clock()
        )

    def data(self, connection: sa.Connection, item_id: str) -> bytes | None:
        """Return the bytes of a check's picture; None: the item is no check's."""
        check = checks.of_item(connection, item_id)
        return None if check is None else material.data(connection, check.picture_id)

    def _due(self, connection: sa.Connection, actor: Actor) -> bool:
        if not self.mix.share:
            return False
        mine = sa.select(sa.func.count()).where(decisions.c.decided_by == str(actor))
        number = connection.execute(mine).scalar_one() + checks.count_of(connection, actor)
        return due(self.mix.share, self.mix.seed, str(actor), number)

    def _withdraw(self, actor: Actor, mine: Check | None) -> None:
        if mine is None:
            return
        with self._audit.change(actor) as change:
            locked = checks.load(change.connection, mine.id, actor, locked=True)
            checks.withdraw(change, locked, "urgent")

    def _dealt(self, actor: Actor) -> str | None:
        """Return the person's open check, or a new one; None where there is none to deal."""
        with self._audit.database.bookkeeping() as connection:
            mine = checks.open_of(connection, actor)
            if mine is not None:
                checks.hold(connection, mine, self._audit.clock())
                return mine.id
        with self._audit.database.reading() as connection:
            posed = self._posed(connection, actor)
            free = material.unseen(connection, checks.digests_of(actor))
        if posed is None or not free:
            return None
        with self._audit.change(actor) as change:
            # One person asks twice at once: the second waits, and finds a check there.
            serialise(change.connection, "golden", str(actor))
            if checks.open_of(change.connection, actor) is not None:
                raise Conflict("You were just given a case.", "Go back to the queue.")
            picture = material.load(change.connection, self._random.choice(free))
            return checks.deal(change, picture, posed).id

    def _posed(self, connection: sa.Connection, actor: Actor) -> posing.Pose | None:
        """Return a pose after the newest near match whose category the person takes."""
        newest = (
            sa.select(items.c.id, items.c.case_id)
            .where(items.c.case_id.is_not(None))
            .order_by(items.c.id.desc())
            .limit(_NEWEST)
            .subquery()
        )
        query = (
            sa.select(newest.c.id)
            .join(cases, cases.c.id == newest.c.case_id)
            .where(cases.c.kind == CaseKind.NEAR.value)
            .order_by(newest.c.id.desc())
            .limit(1)
        )
        if without := opted_out(connection, str(actor)):
            query = query.where(~of_any(cases, without))
        found = connection.execute(query).scalar()
        # Where nothing else waits a check would be known for one.
        if found is None or not _anything_waits(connection):
            return None
        model = items_on_record.load(connection, found)
        for _ in range(_TRIES):
            posed = posing.pose(model, self._random)
            same = sa.select(items.c.id).where(items.c.account_id == posed.account).limit(1)
            if connection.execute(same).first() is None:
                return posed
        return None


def cannot_wait(connection: sa.Connection, now: datetime, queue_age: timedelta) -> bool:
    """Say whether something waits that a check must not delay.

    A case of imminent danger, one that waits for too long, or a referral near its deadline.
    """
    waiting = sa.select(cases).where(cases.c.state == CaseState.OPEN.value)
    # Danger outranks everything, so the first of the queue is enough.
    first = connection.execute(waiting.order_by(cases.c.ranked_at, cases.c.id).limit(1)).first()
    if first is None:
        return pressing(connection, now)
    oldest = connection.execute(waiting.order_by(cases.c.opened_at).limit(1)).first()
    aged = oldest is not None and now - case_from(oldest).opened_at >= queue_age
    danger = Reason.DANGER in case_from(first).reasons
    return danger or aged or pressing(connection, now)


def _anything_waits(connection: sa.Connection) -> bool:
    waiting = sa.select(cases.c.id).where(cases.c.state == CaseState.OPEN.value).limit(1)
    return connection.execute(waiting).first() is not None
