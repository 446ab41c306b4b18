"""Signing in through an identity provider: authorization code with PKCE, and asking it again.

The provider decides who may come in and with which roles, and it is asked again while a session
lasts: who left, or left a group, loses it within minutes. Nothing links an account made here to
one of the provider's, whatever name or mail address it states.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tutela.access.names import SealedNames
from tutela.access.sessions import sessions
from tutela.access.vouching import (
    LEEWAY,
    LoggedOut,
    Vouched,
    doubt,
    key_id,
    logged_out,
    roles_of,
    vouched,
)
from tutela.audit.entry import Action, Actor
from tutela.errors import NotSignedIn, Refused, TutelaError
from tutela.storage.database import Database, Id, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.access.accounts import Account, Accounts
    from tutela.access.roles import Role
    from tutela.access.vouching import Answer, Provider
    from tutela.audit.log import AuditLog
    from tutela.storage.clock import Clock

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.String(255), primary_key=True),
    sa.Column("subject_digest", sa.String(255), primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, unique=True),
    sa.Column("refresh", sa.LargeBinary),
    sa.Column("checked_at", Instant, nullable=False),
    sa.Column("trusted_until", Instant, nullable=False),
)

STARTED = timedelta(minutes=10)
"""So long a person may take at the provider."""
_MISSES = 3
_NAME_LENGTH = 60
_WORKER = Actor("system", "single-sign-on")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignOnTerms:
    """What the operator set: groups to roles, the claim that names groups, how often to ask."""

    roles: Mapping[str, tuple[Role, ...]]
    groups_claim: str
    every: timedelta


class SingleSignOn:
    """Begins and finishes sign-ins at the provider, and asks it again."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        accounts: Accounts,
        provider: Provider,
        terms: SignOnTerms,
        key: bytes,
        back_to: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._provider = provider
        self._terms = terms
        self._box = SecretBox(key)
        self._names = SealedNames(key)
        self._back_to = back_to
        self._clock = clock

    def begin(self) -> tuple[str, str]:
        """Return the provider's address, and what the browser keeps sealed until it is back."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        until = int((self._clock() + STARTED).timestamp())
        kept = json.dumps({"state": state, "nonce": nonce, "verifier": verifier, "until": until})
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        address = self._provider.address(
            {
                "response_type": "code",
                "scope": "openid profile groups offline_access",
                "redirect_uri": self._back_to,
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        return address, urlsafe_b64encode(self._box.encrypt(kept.encode())).decode()

    def finish(self, kept: str, state: str, code: str) -> Account:
        """Return whom the provider vouches for. Raises `NotSignedIn`, `Refused`; both recorded."""
        try:
            begun = self._opened(kept)
            if not secrets.compare_digest(begun["state"].encode(), state.encode()):
                raise doubt()
            answer = self._provider.redeem(code, begun["verifier"], self._back_to)
            who = self._believed(answer, begun["nonce"])
        except NotSignedIn:
            system = Actor("system", "sign-in")
            self._audit.note(system, Action.SIGN_IN_REFUSED, "unknown", guard_closes=False)
            raise
        account = self._account(who, answer.refresh)
        if account.disabled or not account.roles:
            self._audit.note(account.actor, Action.ACCESS_REFUSED, account.id, permission="sign in")
            raise Refused(
                "You have no role here.", "Ask for a group that an administrator has mapped."
            )
        return account

    def trusts(self, account_id: str, now: datetime) -> bool:
        """Say whether a session of the account may go on; true for accounts made here."""
        query = sa.select(identities.c.trusted_until).where(identities.c.account_id == account_id)
        with self._database.reading() as connection:
            until = connection.execute(query).scalar()
        return until is None or now < until

    def log_out(self, token: str) -> None:
        """End the sessions of whom the provider says it has logged out (its back channel).

        Sessions begun after the token was made stay, so that it does nothing when it is sent
        again. Personal tokens of the account rest until it signs in anew.
        Raises `NotSignedIn`, recorded, for a token that is not sound.
        """
        try:
            who = self._logged_out(token)
        except NotSignedIn:
            system = Actor("system", "sign-in")
            self._audit.note(system, Action.SIGN_IN_REFUSED, "unknown", guard_closes=False)
            raise
        known = sa.select(identities.c.account_id).where(self._of(who.subject))
        with self._database.reading() as connection:
            account_id = connection.execute(known).scalar()
        if account_id is None:
            # It may tell every site of everybody; there is nothing to end.
            return
        with self._audit.change(_WORKER) as change:
            ended = change.connection.execute(
                sessions.delete().where(
                    sessions.c.account_id == account_id,
                    sessions.c.started_at <= who.at + LEEWAY,
                )
            )
            left = change.connection.execute(
                sa.select(sa.func.count()).where(sessions.c.account_id == account_id)
            ).scalar_one()
            if not left:
                change.connection.execute(
                    identities.update()
                    .where(identities.c.account_id == account_id)
                    .values(trusted_until=change.now)
                )
            change.record(Action.ACCOUNT_LOGGED_OUT, account_id, sessions=ended.rowcount)

    def watch(self) -> None:
        """Ask again about everybody who is signed in and was last asked about long enough ago."""
        now = self._clock()
        query = (
            sa.select(identities)
            .where(
                identities.c.checked_at <= now - self._terms.every,
                identities.c.account_id.in_(sa.select(sessions.c.account_id)),
            )
            .order_by(identities.c.checked_at)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            if row.refresh is not None and self._mine(row, now):
                self._ask_again(row)

    def _mine(self, row: sa.Row[Any], now: datetime) -> bool:
        """Take it on; False when another worker did. A renewal token may work only once."""
        with self._database.bookkeeping() as connection:
            taken = connection.execute(
                identities.update()
                .where(
                    identities.c.account_id == row.account_id,
                    identities.c.checked_at == row.checked_at,
                )
                .values(checked_at=now)
            )
            return taken.rowcount == 1

    def _ask_again(self, row: sa.Row[Any]) -> None:
        try:
            answer = self._provider.renew(self._box.decrypt(row.refresh).decode())
            who = self._believed(answer, None)
            if self._digest(who.subject) != row.subject_digest:
                raise doubt()
        except (NotSignedIn, CryptoError):
            self._gone(row.account_id)
            return
        except TutelaError as problem:
            # No answer is no proof that somebody left: trust runs out by itself.
            _log.warning("single_sign_on.not_asked", problem=problem.code)
            return
        self._account(who, answer.refresh)

    def _gone(self, account_id: str) -> None:
        with self._audit.change(_WORKER) as change:
            mine = identities.c.account_id == account_id
            change.connection.execute(
                identities.update()
                .where(mine)
                .values(refresh=None, checked_at=change.now, trusted_until=change.now)
            )
            change.connection.execute(sessions.delete().where(sessions.c.account_id == account_id))
            change.record(Action.ACCOUNT_UNVOUCHED, account_id)
            self._accounts.vouched_roles(change, account_id, ())

    def _published(self, token: str) -> dict[str, Any]:
        """Return the provider's keys, fetched anew where a token names one that is not known."""
        kid, provider = key_id(token), self._provider
        published = provider.keys(anew=False)
        if kid not in {one.get("kid") for one in published.get("keys", [])}:
            published = provider.keys(anew=True)
        return published

    def _logged_out(self, token: str) -> LoggedOut:
        return logged_out(
            token,
            self._published(token),
            issuer=self._provider.issuer,
            client_id=self._provider.client_id,
            now=self._clock(),
        )

    def _believed(self, answer: Answer, nonce: str | None) -> Vouched:
        provider = self._provider
        return vouched(
            answer.id_token,
            self._published(answer.id_token),
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=nonce,
            groups_claim=self._terms.groups_claim,
            now=self._clock(),
        )

    def _account(self, who: Vouched, refresh: str | None) -> Account:
        roles = roles_of(who.groups, self._terms.roles)
        sealed = bytes(self._box.encrypt(refresh.encode())) if refresh else None
        with self._audit.change(_WORKER) as change:
            row = change.connection.execute(
                sa.select(identities.c.account_id).where(self._of(who.subject))
            ).first()
            times = {
                "checked_at": change.now,
                "trusted_until": change.now + _MISSES * self._terms.every,
            }
            if row is None:
                name = f"{who.name[:_NAME_LENGTH].strip()} {secrets.token_hex(4)}"
                account_id = self._accounts.vouched_for(change, name)
                change.connection.execute(
                    identities.insert().values(
                        issuer=self._provider.issuer,
                        subject_digest=self._digest(who.subject),
                        account_id=account_id,
                        refresh=sealed,
                        **times,
                    )
                )
            else:
                account_id = row.account_id
                renewed = {"refresh": sealed} if sealed else {}
                change.connection.execute(
                    identities.update()
                    .where(identities.c.account_id == account_id)
                    .values(**times, **renewed)
                )
            change.record(Action.ACCOUNT_VOUCHED, account_id)
            self._accounts.vouched_roles(change, account_id, roles)
        return self._accounts.load(account_id)

    def _digest(self, subject: str) -> str:
        return self._names.subject_digest(self._provider.issuer, subject)

    def _of(self, subject: str) -> sa.ColumnElement[bool]:
        return sa.and_(
            identities.c.issuer == self._provider.issuer,
            identities.c.subject_digest == self._digest(subject),
        )

    def _opened(self, kept: str) -> dict[str, Any]:
        try:
            begun = json.loads(self._box.decrypt(urlsafe_b64decode(kept.encode())))
        except (CryptoError, ValueError):
            raise doubt() from None
        if int(begun["until"]) <= int(self._clock().timestamp()):
            raise doubt()
        return dict(begun)
