"""Duties: what is owed to the outside, as rows that outlive the process that wrote them.

A duty is written in the transaction of the change that owes it, and claimed by workers with
a lease and a fence: a number that grows with every claim, so that a worker that slept through
its lease can be told from the one that took over (docs/decisions/0003).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.errors import LeaseLost
from tutela.storage.database import Database, Id, Instant, metadata, serialise

if TYPE_CHECKING:
    from collections.abc import Collection

duties = sa.Table(
    "duties",
    metadata,
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("subject", Id, primary_key=True),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("due", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("leased_until", Instant),
    sa.Column("done_at", Instant),
    sa.Column("last_reason", sa.String(200)),
    sa.Index("ix_duties_open", "done_at", "due"),
)

LEASE = timedelta(seconds=120)
_LONGEST_RETRY = timedelta(minutes=10)
_LONGEST_PAUSE = timedelta(hours=1)
_ASIDE = timedelta(seconds=30)
"""So far apart may the clocks of two honest machines be."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far ahead a right clock sets a time; who wrote a later one had a wrong clock.

    `paced` are the kinds that pause for longer than retries wait, up to an hour.
    """

    first: timedelta = timedelta(0)
    lease: timedelta = LEASE
    paced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Duty:
    """One claimed duty; `attempts` counts the claims, this one included."""

    kind: str
    subject: str
    attempts: int
    fence: int
    lease: timedelta = LEASE


def enqueue(
    connection: sa.Connection, kind: str, subject: str, due: datetime, *, urgent: bool = False
) -> None:
    """Write a duty. Owing the same twice is owing it once."""
    serialise(connection, "duty", kind, subject)
    known = connection.execute(
        sa.select(duties.c.done_at).where(duties.c.kind == kind, duties.c.subject == subject)
    ).first()
    if known is None:
        connection.execute(
            duties.insert().values(
                kind=kind,
                subject=subject,
                urgent=urgent,
                since=due,
                due=due,
                attempts=0,
                fence=0,
            )
        )


def claim(
    database: Database,
    kinds: Collection[str],
    now: datetime,
    lease: timedelta = LEASE,
    *,
    urgent_only: bool = False,
) -> Duty | None:
    """Take the next due duty, urgent ones first, or None when nothing is due."""
    free = sa.or_(duties.c.leased_until.is_(None), duties.c.leased_until <= now)
    query = (
        sa.select(duties)
        .where(duties.c.done_at.is_(None), duties.c.due <= now, free, duties.c.kind.in_(kinds))
        .order_by(duties.c.urgent.desc(), duties.c.due, duties.c.subject)
        .limit(1)
    )
    if urgent_only:
        query = query.where(duties.c.urgent.is_(True))
    # Look without the write lock first: an idle worker must not queue up before the writers.
    with database.reading() as connection:
        if connection.execute(query).first() is None:
            return None
    with database.bookkeeping() as connection:
        row = connection.execute(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        duty = Duty(row.kind, row.subject, row.attempts + 1, row.fence + 1, lease)
        connection.execute(
            duties.update()
            .where(duties.c.kind == duty.kind, duties.c.subject == duty.subject)
            .values(attempts=duty.attempts, fence=duty.fence, leased_until=now + lease)
        )
        return duty


def done(connection: sa.Connection, duty: Duty, now: datetime) -> None:
    """Mark a duty fulfilled. Raises `LeaseLost` when another worker has claimed it since."""
    _settle(connection, duty, {"done_at": now, "leased_until": None, "last_reason": None})


def later(connection: sa.Connection, duty: Duty, due: datetime, reason: str) -> None:
    """Put a duty off with the reason. Raises `LeaseLost` as `done` does."""
    _settle(connection, duty, {"due": due, "leased_until": None, "last_reason": reason[:200]})


def renew(connection: sa.Connection, duty: Duty, now: datetime) -> None:
    """Lengthen the lease of work that takes long. Raises `LeaseLost` as `done` does."""
    _settle(connection, duty, {"leased_until": now + duty.lease})


def reopen(connection: sa.Connection, kind: str, subject: str, due: datetime) -> None:
    """Make a settled duty due again, e.g. after a person mended what blocked it."""
    connection.execute(
        duties.update()
        .where(duties.c.kind == kind, duties.c.subject == subject)
        .values(done_at=None, leased_until=None, since=due, due=due)
    )


def pull_back(database: Database, now: datetime, right: Ahead) -> int:
    """Bring near what a wrong clock put too far ahead; return how many duties that was.

    What nobody has begun waits for `right.first` from now, what is urgent for nothing. Where
    this clock is the wrong one, a worker loses its lease, which its fence makes harmless.
    """
    new, astray = duties.c.attempts == 0, _astray(now, right)
    with database.reading() as connection:
        if connection.execute(sa.select(duties.c.kind).where(astray).limit(1)).first() is None:
            return 0
    at_once, graced = sa.literal(now, Instant), sa.literal(now + right.first, Instant)
    near = sa.case((new & ~duties.c.urgent, graced), else_=at_once)
    due = sa.case((duties.c.due > near, near), else_=duties.c.due)
    with database.bookkeeping() as connection:
        pulled = duties.update().where(astray).values(due=due, leased_until=None)
        return connection.execute(pulled).rowcount


def _astray(now: datetime, right: Ahead) -> sa.ColumnElement[bool]:
    new, paced = duties.c.attempts == 0, duties.c.kind.in_(right.paced)
    return sa.and_(
        duties.c.done_at.is_(None),
        sa.or_(
            duties.c.leased_until > now + right.lease + _ASIDE,
            duties.c.due > now + _LONGEST_PAUSE,
            ~paced & (duties.c.due > now + _LONGEST_RETRY + _ASIDE),
            ~paced & new & (duties.c.due > now + right.first + _ASIDE),
            duties.c.urgent & new & (duties.c.due > now + _ASIDE),
        ),
    )


def owe(connection: sa.Connection, kind: str, subject: str, due: datetime) -> None:
    """Write a duty that comes again: one that is fulfilled is owed anew, an open one stays."""
    enqueue(connection, kind, subject, due)
    connection.execute(
        duties.update()
        .where(duties.c.kind == kind, duties.c.subject == subject, duties.c.done_at.is_not(None))
        .values(done_at=None, leased_until=None, attempts=0, since=due, due=due)
    )


def done_at(connection: sa.Connection, kind: str, subject: str) -> datetime | None:
    """Return when a duty was last fulfilled; None where it is open or was never owed."""
    query = sa.select(duties.c.done_at).where(duties.c.kind == kind, duties.c.subject == subject)
    return connection.execute(query).scalar()


def drop(connection: sa.Connection, kind: str, subject: str) -> bool:
    """Take back a duty that nobody has begun; say whether there was one."""
    dropped = connection.execute(
        duties.delete().where(
            duties.c.kind == kind,
            duties.c.subject == subject,
            duties.c.attempts == 0,
            duties.c.done_at.is_(None),
        )
    )
    return dropped.rowcount == 1


def is_open(connection: sa.Connection, kind: str, subject: str) -> bool:
    """Say whether a duty is owed and not fulfilled."""
    query = sa.select(duties.c.kind).where(
        duties.c.kind == kind, duties.c.subject == subject, duties.c.done_at.is_(None)
    )
    return connection.execute(query).first() is not None


def open_count(connection: sa.Connection) -> int:
    """Return how many duties are not fulfilled yet."""
    counted = sa.select(sa.func.count()).select_from(duties).where(duties.c.done_at.is_(None))
    return connection.execute(counted).scalar_one()


def retry_delay(attempts: int) -> timedelta:
    """Return the wait before the next attempt: doubling from one second up to ten minutes."""
    return min(_LONGEST_RETRY, timedelta(seconds=2 ** min(attempts - 1, 10)))


def _settle(connection: sa.Connection, duty: Duty, values: dict[str, object]) -> None:
    changed = connection.execute(
        duties.update()
        .where(
            duties.c.kind == duty.kind,
            duties.c.subject == duty.subject,
            duties.c.fence == duty.fence,
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise LeaseLost(
            "Another worker has taken this duty over.", "Nothing to do: the other one finishes it."
        )
