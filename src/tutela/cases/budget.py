"""A person's day: what they saw, what is left of their budget, and when they stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases import exposure
from tutela.cases.case import CaseState, cases
from tutela.cases.exposure import Aggregate, Look, Sum
from tutela.cases.viewing import views
from tutela.content.item import item_matches, items
from tutela.errors import ExposureSpent, InvalidInput, Refused, StoppedForToday
from tutela.storage.database import Id, Instant, metadata, serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change

exposure_stops = sa.Table(
    "exposure_stops",
    metadata,
    sa.Column("person", sa.String(80), primary_key=True),
    sa.Column("day", Instant, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
exposure_overrides = sa.Table(
    "exposure_overrides",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", sa.String(80), nullable=False),
    sa.Column("day", Instant, nullable=False),
    sa.Column("points", sa.Integer, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_exposure_overrides_person_day", "person", "day"),
)

_REASON_LENGTH = 1000
TEAM_DAYS = 7


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person may see in a day, in points, and when a break is due.

    `day_begins`: the hour, UTC. `smallest_group`: of fewer people nothing is told to others.
    """

    soft: float = 300
    hard: float = 450
    day_begins: int = 4
    stretch: timedelta = timedelta(minutes=45)
    pause: timedelta = timedelta(minutes=10)
    smallest_group: int = 5


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Override:
    """More that a supervisor allowed for one day, and why."""

    points: int
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One person's day as it stands."""

    ends: datetime
    seen: Sum
    soft: float
    hard: float
    overrides: tuple[Override, ...]
    stopped_at: datetime | None
    stretch: timedelta
    break_due: bool

    @property
    def warned(self) -> bool:
        """Say whether the soft limit is reached."""
        return self.seen.points >= self.soft

    @property
    def spent(self) -> bool:
        """Say whether nothing more is shown today."""
        return self.seen.points >= self.hard


class Budget:
    """Keeps people's days."""

    def __init__(self, audit: AuditLog, limits: Limits = LIMITS) -> None:
        self._audit = audit
        self.limits = limits

    def day(self, person: Actor) -> Day:
        """Return a person's day, for that person's own eyes."""
        with self._audit.database.reading() as connection:
            return self._day(connection, person, self._audit.clock())

    def check_looking(self, connection: sa.Connection, actor: Actor, now: datetime) -> None:
        """Raise `StoppedForToday` or `ExposureSpent` where a person sees nothing more today."""
        if actor.kind != "person":
            return
        self.check_working(connection, actor, now)
        day = self._day(connection, actor, now)
        if day.spent:
            raise ExposureSpent(
                "You have seen what one day should hold.",
                f"Nothing more is shown until {day.ends:%H:%M} UTC. Decide on facts, or rest; a "
                "supervisor can allow more.",
            )

    def check_working(self, connection: sa.Connection, actor: Actor, now: datetime) -> None:
        """Raise `StoppedForToday` where a person has."""
        if self._stopped_at(connection, str(actor), self._begun(now)) is not None:
            raise StoppedForToday(
                "You have stopped for today.",
                "Rest. If you want to go on after all, say so under My day.",
            )

    def stop(self, actor: Actor) -> None:
        """Stop for today: all held cases go back, and none is offered. Works whatever else is."""
        with self._audit.change(actor) as change:
            day = self._begun(change.now)
            serialise(change.connection, "exposure", str(actor))
            if self._stopped_at(change.connection, str(actor), day) is None:
                change.connection.execute(
                    exposure_stops.insert().values(person=str(actor), day=day, at=change.now)
                )
            change.record(Action.EXPOSURE_STOPPED, actor.id)
            _give_back(change, actor)

    def resume(self, actor: Actor) -> None:
        """Go on after all: one's own choice, as stopping was. The budget holds all the same."""
        with self._audit.change(actor) as change:
            stops = exposure_stops.c
            change.connection.execute(
                exposure_stops.delete().where(
                    stops.person == str(actor), stops.day == self._begun(change.now)
                )
            )
            change.record(Action.EXPOSURE_RESUMED, actor.id)

    def override(self, by: Actor, person: Actor, points: int, reason: str) -> None:
        """Allow a person more for today. They are told who did, how much and why.

        Raises `Refused` for oneself, `InvalidInput` without a reason or for more than one budget.
        """
        if by == person:
            raise Refused("Nobody raises their own limit.", "Ask another supervisor.")
        if not reason.strip() or len(reason) > _REASON_LENGTH:
            raise InvalidInput("A reason is needed.", "Say in a sentence why it cannot wait.")
        if not 0 < points <= self.limits.hard:
            raise InvalidInput(
                "That is no amount that can be allowed.",
                f"Use between 1 and {self.limits.hard:.0f} points.",
            )
        with self._audit.change(by) as change:
            change.connection.execute(
                exposure_overrides.insert().values(
                    id=new_id("ovr", change.now),
                    person=str(person),
                    day=self._begun(change.now),
                    points=points,
                    by=str(by),
                    reason=reason.strip(),
                    at=change.now,
                )
            )
            change.record(Action.EXPOSURE_OVERRIDDEN, person.id, points=points)

    def team(self) -> Aggregate | None:
        """Return what everybody's last seven whole days come to; None for too small a group.

        Today is left out: it is each person's own before it is anybody else's.
        """
        end = self._begun(self._audit.clock())
        with self._audit.database.reading() as connection:
            looks = _looks(
                connection,
                views.c.shown_at >= end - timedelta(days=TEAM_DAYS),
                views.c.shown_at < end,
                now=end,
            )
        limits = self.limits
        return exposure.aggregate(
            looks, limits.day_begins, limits.soft, limits.hard, limits.smallest_group
        )

    def _begun(self, now: datetime) -> datetime:
        return exposure.day_start(now, self.limits.day_begins)

    def _day(self, connection: sa.Connection, actor: Actor, now: datetime) -> Day:
        begun, person = self._begun(now), str(actor)
        looks = _looks(connection, views.c.person == person, views.c.shown_at >= begun, now=now)
        allowed = _overrides(connection, person, begun)
        more = sum(one.points for one in allowed)
        looking = exposure.stretch(looks, now, self.limits.pause)
        return Day(
            begun + timedelta(days=1),
            exposure.summed(looks),
            self.limits.soft + more,
            self.limits.hard + more,
            allowed,
            self._stopped_at(connection, person, begun),
            looking,
            looking >= self.limits.stretch,
        )

    def _stopped_at(self, connection: sa.Connection, person: str, day: datetime) -> datetime | None:
        stops = exposure_stops.c
        query = sa.select(stops.at).where(stops.person == person, stops.day == day)
        return connection.execute(query).scalar()


def _give_back(change: Change, actor: Actor) -> None:
    held = sa.select(cases.c.id).where(
        cases.c.state == CaseState.OPEN.value,
        cases.c.leased_by == str(actor),
        cases.c.leased_until > change.now,
    )
    for case_id in change.connection.execute(held.with_for_update()).scalars().all():
        change.connection.execute(
            cases.update()
            .where(cases.c.id == case_id)
            .values(leased_by=None, lease=None, leased_until=None)
        )
        change.record(Action.CASE_RELEASED, case_id)


def _looks(connection: sa.Connection, *where: sa.ColumnElement[bool], now: datetime) -> list[Look]:
    """Return what was shown, each with how grave its file is held to be."""
    classes = item_matches.c.classification
    # The letters are in the order of gravity, so the least of them is the gravest.
    gravest = (
        sa.select(sa.func.min(classes))
        .where(item_matches.c.item_id == views.c.item_id, classes.in_(exposure.CLASS_SEVERITY))
        .scalar_subquery()
    )
    query = (
        sa.select(
            views.c.person,
            views.c.item_id,
            views.c.fidelity,
            views.c.shown_at,
            views.c.ended_at,
            views.c.until,
            cases.c.abusive,
            gravest.label("gravest"),
        )
        .outerjoin(items, items.c.id == views.c.item_id)
        .outerjoin(cases, cases.c.id == items.c.case_id)
        .where(*where)
        .order_by(views.c.shown_at, views.c.id)
    )
    return [
        Look(
            row.person,
            row.item_id,
            row.fidelity,
            row.shown_at,
            max(0.0, ((row.ended_at or min(row.until, now)) - row.shown_at).total_seconds()),
            exposure.severity(row.gravest, row.abusive),
        )
        for row in connection.execute(query)
    ]


def _overrides(connection: sa.Connection, person: str, day: datetime) -> tuple[Override, ...]:
    columns = exposure_overrides.c
    query = (
        sa.select(columns.points, columns.by, columns.reason, columns.at)
        .where(columns.person == person, columns.day == day)
        .order_by(columns.at, columns.id)
    )
    return tuple(Override(*row) for row in connection.execute(query))
