"""Looking: what the checks need to know, read from the database and the disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.alarms import heartbeats
from tutela.alarms.checks import Aged, Clock, Facts
from tutela.audit.cosigned import audit_cosigned, audit_disputes
from tutela.audit.rows import audit_entries
from tutela.cases.availability import Trouble, unavailable_evidence
from tutela.cases.case import CaseState, cases
from tutela.content.holds import host_orders
from tutela.content.item import items
from tutela.hashlists.tables import hash_lists
from tutela.matching.screening import Verdict
from tutela.referrals.referral import State
from tutela.referrals.register import referrals
from tutela.storage.duties import duties

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

    from tutela.storage.database import Database

_NEWEST = 200
_ENOUGH = 10
_DONE = (State.FILED.value, State.ACKNOWLEDGED.value, State.WITHDRAWN.value)


class Looking:
    """Gathers the facts. `places`: folders whose disk is watched, by what they are called."""

    def __init__(
        self,
        database: Database,
        witnesses: Collection[str],
        places: Mapping[str, Path],
        *,
        confined: bool = True,
    ) -> None:
        self._database = database
        self._witnesses = tuple(witnesses)
        self._places = places
        self._confined = confined

    def facts(self, now: datetime) -> Facts:
        """Return what stands now, from one state of the database."""
        with self._database.reading() as connection:
            newest, unscreened, last, gap = _uploads(connection)
            late, oldest = _late_duties(connection, now)
            return Facts(
                lists=tuple(
                    Aged(row.id, row.imported_at, row.name)
                    for row in connection.execute(sa.select(hash_lists).order_by(hash_lists.c.name))
                ),
                last_upload=last,
                usual_gap=gap,
                newest=newest,
                undecodable=unscreened,
                oldest_case=_oldest_case(connection),
                unavailable=_unavailable(connection),
                clocks=_clocks(connection, now),
                stuck_referrals=tuple(
                    connection.scalars(
                        sa.select(referrals.c.id).where(referrals.c.state == State.ALARMED.value)
                    )
                ),
                refused_orders=_refused_orders(connection),
                late_duties=late,
                oldest_duty=oldest,
                workers=tuple(
                    Aged(part, at, part)
                    for part, at in sorted(heartbeats.last(connection).items())
                    if part != heartbeats.WATCH
                ),
                witnesses=self._last_signed(connection),
                disputes=tuple(
                    Aged(row.witness, row.since, row.reason)
                    for row in connection.execute(sa.select(audit_disputes))
                    if row.witness in self._witnesses
                ),
                disk_free={name: _free(path) for name, path in self._places.items()},
                confined=self._confined,
            )

    def _last_signed(self, connection: sa.Connection) -> tuple[Aged, ...]:
        """Return when each witness last signed; one that never did, since the log began."""
        began = connection.execute(
            sa.select(audit_entries.c.at).where(audit_entries.c.seq == 0)
        ).scalar()
        found = []
        for name in self._witnesses:
            at = connection.execute(
                sa.select(audit_cosigned.c.at)
                .where(audit_cosigned.c.witness == name)
                .order_by(audit_cosigned.c.size.desc())
                .limit(1)
            ).scalar()
            since = at or began
            if since is not None:
                found.append(Aged(name, since, name))
        return tuple(found)


def _uploads(
    connection: sa.Connection,
) -> tuple[int, int, datetime | None, timedelta | None]:
    """Return of the newest uploads: how many, how many unscreened, the last, the usual gap.

    Identifiers are ordered by time, so no other index is needed.
    """
    rows = connection.execute(
        sa.select(items.c.received_at, items.c.verdict).order_by(items.c.id.desc()).limit(_NEWEST)
    ).all()
    if not rows:
        return 0, 0, None, None
    unscreened = sum(row.verdict == Verdict.UNSCREENED.value for row in rows)
    last: datetime = rows[0].received_at
    gap = (last - rows[-1].received_at) / (len(rows) - 1) if len(rows) >= _ENOUGH else None
    return len(rows), unscreened, last, gap


def _oldest_case(connection: sa.Connection) -> Aged | None:
    row = connection.execute(
        sa.select(cases.c.id, cases.c.opened_at)
        .where(cases.c.state == CaseState.OPEN.value)
        .order_by(cases.c.opened_at)
        .limit(1)
    ).first()
    return Aged(row.id, row.opened_at) if row else None


def _unavailable(connection: sa.Connection) -> dict[Trouble, int]:
    """Return how many files of open cases cannot be shown, by trouble."""
    query = (
        sa.select(unavailable_evidence.c.trouble, sa.func.count())
        .join(items, items.c.id == unavailable_evidence.c.item_id)
        .join(cases, cases.c.id == items.c.case_id)
        .where(cases.c.state == CaseState.OPEN.value)
        .group_by(unavailable_evidence.c.trouble)
    )
    return {Trouble(trouble): number for trouble, number in connection.execute(query)}


def _clocks(connection: sa.Connection, now: datetime) -> tuple[Clock, ...]:
    query = sa.select(referrals.c.id, referrals.c.warn_at, referrals.c.due_at).where(
        referrals.c.state.not_in(_DONE),
        sa.or_(referrals.c.warn_at <= now, referrals.c.due_at <= now),
    )
    return tuple(Clock(row.id, row.warn_at, row.due_at) for row in connection.execute(query))


def _refused_orders(connection: sa.Connection) -> tuple[str, ...]:
    """Return orders that the host refused and no later order about the item was obeyed."""
    later = host_orders.alias()
    mended = sa.exists().where(
        later.c.item_id == host_orders.c.item_id,
        later.c.id > host_orders.c.id,
        later.c.confirmed_at.is_not(None),
    )
    query = sa.select(host_orders.c.id).where(host_orders.c.refused.is_not(None), ~mended)
    return tuple(connection.scalars(query))


def _late_duties(connection: sa.Connection, now: datetime) -> tuple[int, datetime | None]:
    """Return how many duties have failed or waited, and since when the oldest was owed."""
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.min(duties.c.since)).where(
            duties.c.done_at.is_(None), duties.c.since <= now
        )
    ).one()
    return row[0], row[1]


def _free(path: Path) -> float:
    """Return the free share of a place's disk; one that is not there counts as full."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return 0.0
    return usage.free / usage.total if usage.total else 0.0
