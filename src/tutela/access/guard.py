"""The guard against guessing: attempts are counted before they are checked, and outlive restarts.

Counting first means that a burst of guesses in parallel gains nothing. Names are counted under a
keyed hash, known or not, so the guard neither keeps what was typed nor tells who has an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.errors import TooManyAttempts
from tutela.storage.database import Id, Instant, metadata, serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.storage.database import Database

sign_in_attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subject", sa.String(40), nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)

WINDOW = timedelta(minutes=15)
EACH = 5
"""Wrong attempts in a row within the window that close the guard for one name."""
ALL = 100
"""Wrong attempts within the window, over all names, that close it for everybody."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One counted attempt; `last` says that the guard closes if it is wrong."""

    id: str
    subject: str
    last: bool


class Guard:
    """Counts attempts to sign in."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def begin(self, name: str, now: datetime) -> Attempt:
        """Count an attempt. Raises `TooManyAttempts`, saying when it can be tried again."""
        subject = self._subject(name)
        with self._database.bookkeeping() as connection:
            serialise(connection, "sign_in_attempts")
            connection.execute(
                sign_in_attempts.delete().where(sign_in_attempts.c.at <= now - WINDOW)
            )
            mine = _times(connection, sign_in_attempts.c.subject == subject)
            everybody = _times(connection, sa.true())
            _refuse_if_full(mine, EACH)
            _refuse_if_full(everybody, ALL)
            last = len(mine) + 1 == EACH or len(everybody) + 1 == ALL
            attempt = Attempt(new_id("att", now), subject, last)
            connection.execute(
                sign_in_attempts.insert().values(id=attempt.id, subject=subject, at=now)
            )
        return attempt

    def reset(self, connection: sa.Connection, name: str) -> None:
        """Forget the attempts of somebody who showed who they are."""
        connection.execute(
            sign_in_attempts.delete().where(sign_in_attempts.c.subject == self._subject(name))
        )

    def _subject(self, name: str) -> str:
        return blake2b(
            name.strip().encode(), key=self._key, digest_size=16, person=b"sign-in"
        ).hexdigest()


def _times(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[datetime]:
    query = sa.select(sign_in_attempts.c.at).where(where).order_by(sign_in_attempts.c.at)
    return [row.at for row in connection.execute(query)]


def _refuse_if_full(times: list[datetime], limit: int) -> None:
    if len(times) >= limit:
        again = times[-limit] + WINDOW
        raise TooManyAttempts(
            "There were too many wrong attempts to sign in.",
            f"Try again after {again:%H:%M:%S} UTC; people who are signed in can go on working.",
        )
