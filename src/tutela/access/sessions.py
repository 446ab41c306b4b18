"""Console sessions: opaque, idle for half an hour at most, over after twelve."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.access import proof
from tutela.access.refusals import Refusal, Refusals
from tutela.audit.entry import Action
from tutela.errors import NotSignedIn
from tutela.storage.database import Database, Id, Instant, metadata

if TYPE_CHECKING:
    from tutela.access.accounts import Account, Accounts
    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog
    from tutela.storage.clock import Clock

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("proof", sa.String(64), primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)

Trusts = Callable[[str, datetime], bool]
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
FRESH = timedelta(minutes=10)
"""What proves a person can be changed so long after they showed their proofs."""
_TOUCH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in person. `csrf` must come back with every form."""

    account: Account
    csrf: str
    started_at: datetime


class Sessions:
    """Starts, proves and ends sessions."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        accounts: Accounts,
        clock: Clock,
        trusts: Trusts | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """`trusts` says of an account whether its identity provider still vouches for it."""
        self._trusts = trusts
        self._refusals = refusals or Refusals(audit)
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock

    def start(self, account: Account) -> str:
        """Start a session; return the word for the cookie."""
        word, kept = proof.fresh()
        with self._audit.change(account.actor) as change:
            change.connection.execute(
                sessions.insert().values(
                    proof=kept,
                    account_id=account.id,
                    csrf=secrets.token_urlsafe(32),
                    started_at=change.now,
                    seen_at=change.now,
                )
            )
            change.record(Action.SIGNED_IN, account.id)
        return word

    def find(self, word: str | None) -> Session:
        """Return the session of a cookie. Raises `NotSignedIn` when it is over or unknown."""
        now = self._clock()
        kept = proof.stored(word or "")
        with self._database.reading() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.proof == kept)).first()
        if row is None and word:
            self._refusals.note(Refusal.SESSION_UNKNOWN)
        if row is None or row.seen_at + IDLE <= now or row.started_at + ABSOLUTE <= now:
            raise NotSignedIn("You are not signed in.", "Sign in.")
        account = self._accounts.load(row.account_id)
        if account.disabled:
            raise NotSignedIn("This account is disabled.", "Ask an administrator.")
        if account.vouched and not (self._trusts and self._trusts(account.id, now)):
            raise NotSignedIn("Your identity provider was not heard of.", "Sign in there again.")
        if row.seen_at + _TOUCH <= now:
            with self._database.bookkeeping() as connection:
                connection.execute(
                    sessions.update().where(sessions.c.proof == kept).values(seen_at=now)
                )
        return Session(account, row.csrf, row.started_at)

    def end_all(self, actor: Actor, account_id: str) -> int:
        """End all sessions of an account, and return how many there were. Raises `NotFound`."""
        self._accounts.load(account_id)
        with self._audit.change(actor) as change:
            mine = sessions.c.account_id == account_id
            ended = change.connection.execute(sessions.delete().where(mine)).rowcount
            change.record(Action.ACCOUNT_LOGGED_OUT, account_id, sessions=ended)
        return ended

    def end(self, word: str) -> None:
        """End a session. Ending none is no error."""
        kept = proof.stored(word)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.proof == kept)).first()
        if row is None:
            return
        account = self._accounts.load(row.account_id)
        with self._audit.change(account.actor) as change:
            change.connection.execute(sessions.delete().where(sessions.c.proof == kept))
            change.record(Action.SIGNED_OUT, account.id)
