"""API tokens for machines: shown once, kept as a digest, with an end and a last use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.access import proof
from tutela.audit.entry import Action, Actor
from tutela.errors import NotFound, NotSignedIn
from tutela.storage.database import Database, Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.access.accounts import Accounts
    from tutela.access.roles import Permission
    from tutela.audit.log import AuditLog
    from tutela.storage.clock import Clock

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("proof", sa.String(64), nullable=False, unique=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("note", sa.String(80), nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
)

PREFIX = "tut_"
VALID = timedelta(days=365)
_TOUCH = timedelta(minutes=1)
_NOTE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, and what they may do."""

    actor: Actor
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; the word cannot be shown again."""

    id: str
    token: str
    until: datetime


class Tokens:
    """Issues, proves and revokes API tokens."""

    def __init__(
        self, database: Database, audit: AuditLog, accounts: Accounts, clock: Clock
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock

    def issue(
        self, actor: Actor, account_id: str, note: str, valid: timedelta = VALID
    ) -> IssuedToken:
        """Make a token for an account. Raises `NotFound`."""
        account = self._accounts.load(account_id)
        word, kept = proof.fresh(PREFIX)
        with self._audit.change(actor) as change:
            identity = new_id("tok", change.now)
            until = change.now + valid
            change.connection.execute(
                api_tokens.insert().values(
                    id=identity,
                    proof=kept,
                    account_id=account.id,
                    note=note[:_NOTE_LENGTH],
                    until=until,
                )
            )
            change.record(Action.TOKEN_ISSUED, identity, account=account.id)
        return IssuedToken(identity, word, until)

    def authenticate(self, word: str) -> Principal:
        """Return who a token belongs to. Raises `NotSignedIn`."""
        now = self._clock()
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(api_tokens).where(api_tokens.c.proof == proof.stored(word))
            ).first()
        if row is None or row.revoked_at is not None or row.until <= now:
            raise NotSignedIn("The token is unknown, revoked or over.", "Issue a new one.")
        account = self._accounts.load(row.account_id)
        if account.disabled:
            raise NotSignedIn("The token's account is disabled.", "Ask an administrator.")
        if row.last_used_at is None or row.last_used_at + _TOUCH <= now:
            with self._database.bookkeeping() as connection:
                connection.execute(
                    api_tokens.update().where(api_tokens.c.id == row.id).values(last_used_at=now)
                )
        return Principal(account.actor, account.permissions)

    def revoke(self, actor: Actor, token_id: str) -> None:
        """End a token at once. Raises `NotFound`."""
        with self._audit.change(actor) as change:
            revoked = change.connection.execute(
                api_tokens.update()
                .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=change.now)
            )
            if revoked.rowcount != 1:
                raise NotFound("There is no such token in force.", "Check its id, tok_….")
            change.record(Action.TOKEN_REVOKED, token_id)
