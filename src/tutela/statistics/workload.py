"""The work as leads see it: what waits and how long, what is due, what was decided and undone.

No figure here is of one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases.case import CaseState, cases
from tutela.cases.passing import Way, passings
from tutela.cases.priority import Reason
from tutela.decisions.decision import Outcome, decisions
from tutela.hashlists import judgement
from tutela.hashlists.judgement import Standing
from tutela.hashlists.tables import hash_lists
from tutela.referrals.referral import State
from tutela.referrals.register import referrals

if TYPE_CHECKING:
    from collections.abc import Iterable

AGES = (
    ("under 4 h", timedelta(hours=4)),
    ("4 to 24 h", timedelta(hours=24)),
    ("1 to 3 days", timedelta(days=3)),
    ("longer", None),
)
"""The ages that waiting cases are counted by."""
_DONE = (State.FILED.value, State.ACKNOWLEDGED.value, State.WITHDRAWN.value)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open cases of one severity: how many of each age, and since when the oldest waits."""

    severity: str
    counts: tuple[int, ...]
    oldest: datetime

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Clock:
    """A referral that is not filed, and when it must be."""

    referral: str
    case_id: str
    authority: str
    state: State
    warn_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Clocks:
    """How many clocks run, how many of them warn, how many are past; and those due first."""

    running: int
    warned: int
    past: int
    first: tuple[Clock, ...]


@dataclass(frozen=True, slots=True)
class DecidedDay:
    """What was decided on one day: decisions of each outcome, reversals apart, and files."""

    begins: datetime
    abusive: int = 0
    not_abusive: int = 0
    reversals: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the cases first decided in a time: how many decisions stand, and what was asked again."""

    decided: int
    standing: int
    second_opinions: int
    on_earlier: int

    @property
    def share(self) -> Standing:
        """Return the share that stands, with its interval."""
        return Standing(self.decided, self.standing)


def waiting(connection: sa.Connection, now: datetime) -> tuple[Waiting, ...]:
    """Return what waits, the gravest first: danger and contact by their reason, others by kind."""
    reasons = sa.cast(cases.c.reasons, sa.Text)
    severity = sa.case(
        *(
            (reasons.contains(f'"{one.value}"'), one.value)
            for one in (Reason.DANGER, Reason.CONTACT)
        ),
        else_=cases.c.kind,
    ).label("severity")
    younger = [now - age for _, age in AGES if age is not None]
    age = sa.case(
        *((cases.c.opened_at > since, place) for place, since in enumerate(younger)),
        else_=len(younger),
    ).label("age")
    query = (
        sa.select(severity, age, sa.func.count(), sa.func.min(cases.c.opened_at))
        .where(cases.c.state == CaseState.OPEN.value)
        .group_by(severity, age)
    )
    return _waiting_of([tuple(row) for row in connection.execute(query)])


def _waiting_of(rows: Iterable[tuple[str, int, int, datetime]]) -> tuple[Waiting, ...]:
    counts: dict[str, list[int]] = {}
    oldest: dict[str, datetime] = {}
    for severity, age, number, since in rows:
        counts.setdefault(severity, [0] * len(AGES))[age] += number
        oldest[severity] = min(since, oldest.get(severity, since))
    order = (Reason.DANGER, Reason.CONTACT, "noticed", "near", "known", "unscreened", "possible")
    return tuple(
        Waiting(one, tuple(counts[one]), oldest[one])
        for one in sorted(counts, key=[str(word) for word in order].index)
    )


def clocks(connection: sa.Connection, now: datetime, shown: int = 20) -> Clocks:
    """Return the clocks of referrals that are not filed."""
    running = referrals.c.state.not_in(_DONE)
    number = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((referrals.c.warn_at <= now, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((referrals.c.due_at <= now, 1), else_=0)), 0),
    ).where(running)
    every, warned, past = connection.execute(number).one()
    columns = referrals.c
    first = (
        sa.select(
            columns.id,
            columns.case_id,
            columns.authority,
            columns.state,
            columns.warn_at,
            columns.due_at,
        )
        .where(running)
        .order_by(columns.due_at, columns.id)
        .limit(shown)
    )
    return Clocks(
        every,
        warned - past,
        past,
        tuple(
            Clock(row.id, row.case_id, row.authority, State(row.state), row.warn_at, row.due_at)
            for row in connection.execute(first)
        ),
    )


def decided(connection: sa.Connection, today: datetime, days: int = 14) -> tuple[DecidedDay, ...]:
    """Return what was decided on each of the last days, the last of which begins at `today`."""
    since = today - timedelta(days=days - 1)
    query = sa.select(
        decisions.c.decided_at, decisions.c.outcome, decisions.c.reverses, decisions.c.covers
    ).where(decisions.c.decided_at >= since, decisions.c.undone_at.is_(None))
    counts = [[0, 0, 0, 0] for _ in range(days)]
    for row in connection.execute(query):
        of_day = counts[min(days - 1, (row.decided_at - since) // timedelta(days=1))]
        if row.reverses is not None:
            of_day[2] += 1
            continue
        of_day[0 if row.outcome == Outcome.ABUSIVE.value else 1] += 1
        of_day[3] += row.covers
    return tuple(
        DecidedDay(since + timedelta(days=place), *numbers) for place, numbers in enumerate(counts)
    )


def agreement(connection: sa.Connection, since: datetime) -> Agreement:
    """Return how many of the decisions since then stand, and how many rest on earlier ones."""
    later = decisions.alias("later")
    reversed_since = sa.exists().where(later.c.reverses == decisions.c.id)
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((reversed_since, 1), else_=0)), 0),
        sa.func.coalesce(
            sa.func.sum(sa.case((decisions.c.grounds == "decided_before", 1), else_=0)), 0
        ),
    ).where(
        decisions.c.decided_at >= since,
        decisions.c.reverses.is_(None),
        decisions.c.undone_at.is_(None),
    )
    made, undone, borrowed = connection.execute(query).one()
    asked = sa.select(sa.func.count()).where(
        passings.c.way == Way.SECOND_OPINION.value, passings.c.at >= since
    )
    return Agreement(made, made - undone, connection.execute(asked).scalar_one(), borrowed)


def precision(connection: sa.Connection, newest: int) -> tuple[tuple[str, Standing], ...]:
    """Return what reviewers found of each list, by name."""
    names = connection.execute(sa.select(hash_lists.c.name).order_by(hash_lists.c.name)).scalars()
    return tuple((name, judgement.standing(connection, name, newest)) for name in names.all())
