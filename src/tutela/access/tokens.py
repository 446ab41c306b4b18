"""API tokens: shown once, kept as a digest, with scopes, an end and a last use.

A token shows no second factor. So a machine's carries no permission that is for people, and a
person's is issued by that person while signed in, for no longer than a session lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.access import proof
from tutela.access.gate import Principal, require
from tutela.access.refusals import Refusal, Refusals
from tutela.access.roles import Permission
from tutela.access.sessions import ABSOLUTE, Trusts
from tutela.audit.entry import Action
from tutela.errors import InvalidInput, NotFound, NotSignedIn, Refused
from tutela.storage.database import Database, Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.access.accounts import Account, Accounts
    from tutela.audit.log import AuditLog
    from tutela.storage.clock import Clock

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("proof", sa.String(64), nullable=False, unique=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("note", sa.String(80), nullable=False),
    sa.Column("scopes", sa.JSON),
    sa.Column("until", Instant, nullable=False),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
)

PREFIX = "tut_"
VALID = timedelta(days=365)
OWN_VALID = ABSOLUTE
"""A person's own token lasts no longer than the session in which both proofs were shown."""
NEVER = frozenset(
    {
        Permission.ACCOUNT_MANAGE,
        Permission.EVIDENCE_VIEW,
        Permission.EVIDENCE_VIEW_FULL,
        Permission.EVIDENCE_EXPORT,
        Permission.EVIDENCE_DESTROY,
        Permission.PSEUDONYM_OPEN,
        Permission.KEY_MANAGE,
    }
)
"""What no token carries, because a person must be there with both proofs."""
FOR_PEOPLE = frozenset(
    {
        Permission.CASE_DECIDE,
        Permission.REFERRAL_APPROVE,
        Permission.ALARM_HANDLE,
        Permission.TEAM_OVERSEE,
    }
)
"""What a person's own token can carry and a machine's cannot: people decide about people, and
an alarm is acknowledged when somebody has taken it up."""
_TOUCH = timedelta(minutes=1)
_NOTE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; the word cannot be shown again."""

    id: str
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A token as others see it. No scopes: whatever its account may, as far as tokens can."""

    id: str
    account_id: str
    note: str
    scopes: tuple[Permission, ...] | None
    until: datetime
    last_used_at: datetime | None
    revoked: bool


class Tokens:
    """Issues, proves and revokes API tokens."""

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

    def issue(
        self,
        caller: Principal,
        account_id: str,
        note: str,
        valid: timedelta | None = None,
        scopes: tuple[Permission, ...] | None = None,
    ) -> IssuedToken:
        """Make a token for an account, by default with all that the account may.

        A person's own token ends with the working day, whatever was asked for. Raises
        `NotFound`, `Refused`, and `InvalidInput` for scopes that the account cannot give.
        """
        account = self._accounts.load(account_id)
        if account.kind == "machine":
            require(self._audit, caller, Permission.ACCOUNT_MANAGE)
        elif caller.actor != account.actor:
            raise Refused(
                "Only people themselves make their tokens.", "Have them sign in and make one."
            )
        most = VALID if account.kind == "machine" else OWN_VALID
        valid = min(valid or most, most)
        beyond = set(scopes or ()) - carried(account)
        if beyond:
            raise InvalidInput(
                f"A token of this account cannot carry {', '.join(sorted(beyond))}.",
                "Ask for less; docs/reference/access.md says what tokens carry.",
            )
        actor = caller.actor
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
                    scopes=None if scopes is None else sorted(one.value for one in scopes),
                    until=until,
                )
            )
            said = None if scopes is None else sorted(one.value for one in scopes)
            change.record(Action.TOKEN_ISSUED, identity, account=account.id, scopes=said)
        return IssuedToken(identity, word, until)

    def authenticate(self, word: str) -> Principal:
        """Return who a token belongs to. Raises `NotSignedIn`."""
        now = self._clock()
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(api_tokens).where(api_tokens.c.proof == proof.stored(word))
            ).first()
        if row is None or row.revoked_at is not None or row.until <= now:
            self._refused(row)
            raise NotSignedIn("The token is unknown, revoked or over.", "Issue a new one.")
        account = self._accounts.load(row.account_id)
        if account.disabled:
            self._refusals.note(Refusal.TOKEN_DISABLED, row.id)
            raise NotSignedIn("The token's account is disabled.", "Ask an administrator.")
        if account.vouched and not (self._trusts and self._trusts(account.id, now)):
            self._refusals.note(Refusal.TOKEN_UNVOUCHED, row.id)
            raise NotSignedIn("Your identity provider was not heard of.", "Sign in there again.")
        if row.last_used_at is None or row.last_used_at + _TOUCH <= now:
            with self._database.bookkeeping() as connection:
                connection.execute(
                    api_tokens.update().where(api_tokens.c.id == row.id).values(last_used_at=now)
                )
        may = carried(account)
        if row.scopes is not None:
            may &= {Permission(one) for one in row.scopes}
        return Principal(account.actor, may)

    def _refused(self, row: sa.Row[Any] | None) -> None:
        if row is None:
            self._refusals.note(Refusal.TOKEN_UNKNOWN)
        else:
            revoked = row.revoked_at is not None
            self._refusals.note(Refusal.TOKEN_REVOKED if revoked else Refusal.TOKEN_OVER, row.id)

    def visible(self, caller: Principal) -> tuple[Token, ...]:
        """Return the tokens that the caller may see: their own, or all to who manages accounts."""
        query = sa.select(api_tokens).order_by(api_tokens.c.id)
        if Permission.ACCOUNT_MANAGE not in caller.permissions:
            query = query.where(api_tokens.c.account_id == caller.actor.id)
        with self._database.reading() as connection:
            return tuple(_token(row) for row in connection.execute(query))

    def revoke(self, caller: Principal, token_id: str) -> None:
        """End a token at once: one's own, or any for who manages accounts.

        Raises `NotFound`, `Refused`.
        """
        with self._database.reading() as connection:
            owner = connection.execute(
                sa.select(api_tokens.c.account_id).where(api_tokens.c.id == token_id)
            ).scalar()
        if owner != caller.actor.id:
            require(self._audit, caller, Permission.ACCOUNT_MANAGE)
        with self._audit.change(caller.actor) as change:
            revoked = change.connection.execute(
                api_tokens.update()
                .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=change.now)
            )
            if revoked.rowcount != 1:
                raise NotFound("There is no such token in force.", "Check its id, tok_….")
            change.record(Action.TOKEN_REVOKED, token_id)


def carried(account: Account) -> frozenset[Permission]:
    """Return what a token of the account can carry at most."""
    may = account.permissions - NEVER
    return may - FOR_PEOPLE if account.kind == "machine" else may


def _token(row: sa.Row[Any]) -> Token:
    scopes = None if row.scopes is None else tuple(Permission(one) for one in row.scopes)
    return Token(
        row.id,
        row.account_id,
        row.note,
        scopes,
        row.until,
        row.last_used_at,
        row.revoked_at is not None,
    )
