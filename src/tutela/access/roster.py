"""The accounts as who manages them sees them: by name, with neither id nor pseudonym."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.access.sessions import ABSOLUTE, IDLE, sessions
from tutela.audit.entry import Action
from tutela.audit.rows import audit_entries

if TYPE_CHECKING:
    from tutela.access.accounts import Account, Accounts
    from tutela.storage.database import Database


class Ago(StrEnum):
    """How long ago, said coarsely: an exact time would tell which entry of the log is whose."""

    NEVER = "never"
    WEEK = "within a week"
    MONTH = "within a month"
    QUARTER = "within three months"
    LONGER = "longer ago"


_SPANS = ((Ago.WEEK, 7), (Ago.MONTH, 31), (Ago.QUARTER, 92))


@dataclass(frozen=True, slots=True)
class Member:
    """One account in the list: when it last signed in, roughly, and whether it is in now."""

    account: Account
    signed_in: Ago
    inside: bool


def ago(at: datetime | None, now: datetime) -> Ago:
    """Return how long ago something was."""
    if at is None:
        return Ago.NEVER
    return next((one for one, days in _SPANS if now - at < timedelta(days=days)), Ago.LONGER)


def members(database: Database, accounts: Accounts, now: datetime) -> tuple[Member, ...]:
    """Return every account, by name."""
    found = accounts.all()
    ids = [one.id for one in found]
    newest = (
        sa.select(audit_entries.c.subject, sa.func.max(audit_entries.c.at).label("at"))
        .where(audit_entries.c.subject.in_(ids), audit_entries.c.action == Action.SIGNED_IN.value)
        .group_by(audit_entries.c.subject)
    )
    alive = sa.select(sessions.c.account_id).where(
        sessions.c.seen_at > now - IDLE, sessions.c.started_at > now - ABSOLUTE
    )
    with database.reading() as connection:
        last = {row.subject: row.at for row in connection.execute(newest)}
        inside = set(connection.execute(alive).scalars())
    return tuple(Member(one, ago(last.get(one.id), now), one.id in inside) for one in found)
