"""One-time sign-ins: how a person gets in before they have a password and a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.access import proof, set_up
from tutela.access.approvals import Approvals
from tutela.access.passkeys import passkeys
from tutela.access.recovery import recovery_codes
from tutela.access.second_person import Verb
from tutela.access.sessions import sessions
from tutela.access.tokens import api_tokens
from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, NotSignedIn
from tutela.storage.database import Database, Id, Instant, metadata

if TYPE_CHECKING:
    from tutela.access.accounts import Account, Accounts
    from tutela.audit.log import AuditLog
    from tutela.storage.clock import Clock

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("proof", sa.String(64), primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("offer", sa.LargeBinary, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("used_at", Instant),
)

VALID = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Issued:
    """A sign-in to hand to one person, once."""

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A valid sign-in: whose it is, and the second factor offered with it."""

    account: Account
    offer: bytes


class SignIns:
    """Issues and uses one-time sign-ins.

    They lead to enrolment. `direct` lets them sign in at once: for demonstrations, whose
    pictures are benign, and for nothing else.
    """

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        accounts: Accounts,
        clock: Clock,
        *,
        direct: bool = False,
        approvals: Approvals | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock
        self._approvals = approvals or Approvals(audit)
        self.direct = direct

    def issue(self, actor: Actor, account_id: str) -> Issued:
        """Make a sign-in for an account; earlier ones end. Raises `NotFound`.

        For somebody who has enrolled it replaces what proves them, so it could be used to become
        them: that raises `SecondPersonNeeded`.
        """
        account = self._accounts.load(account_id)
        if account.vouched:
            raise Conflict(
                "The identity provider vouches for this account.", "Have the person sign in there."
            )
        word, kept = proof.fresh()
        offer = self._accounts.offer(account, "tutela").sealed
        with self._audit.change(actor) as change:
            if account.enrolled:
                alone = not set_up.is_closed(change.connection)
                waived = set_up.WAIVED if alone else None
                self._approvals.use(change, Verb.SIGN_IN_RESET, account.id, waived=waived)
            change.connection.execute(sign_ins.delete().where(sign_ins.c.account_id == account.id))
            until = change.now + VALID
            change.connection.execute(
                sign_ins.insert().values(
                    proof=kept, account_id=account.id, offer=offer, until=until
                )
            )
            change.record(Action.SIGN_IN_ISSUED, account.id)
        return Issued(word, until)

    def open(self, word: str) -> Opened:
        """Return what a sign-in is for, without using it. Raises `NotSignedIn`."""
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(sign_ins).where(sign_ins.c.proof == proof.stored(word))
            ).first()
        if row is None or row.used_at is not None or row.until <= self._clock():
            raise _over()
        account = self._accounts.load(row.account_id)
        if account.disabled:
            raise _over()
        return Opened(account, row.offer)

    def use(self, word: str) -> None:
        """Use a sign-in up. Raises `NotSignedIn` when somebody was faster."""
        with self._database.bookkeeping() as connection:
            _used(connection, word, self._clock())

    def enrol(self, word: str, password: str, code: str) -> Account:
        """Use a sign-in up to set password and second factor; the person's sessions end.

        Raises `NotSignedIn`, and `InvalidInput`, after which it can be tried again.
        """
        opened = self.open(word)
        account = opened.account
        with self._audit.change(account.actor) as change:
            # First, so that of two at the same time one enrols and the other changes nothing.
            _used(change.connection, word, change.now)
            self._accounts.enrol(change, account, password, opened.offer, code)
            change.connection.execute(sessions.delete().where(sessions.c.account_id == account.id))
            for others in (passkeys, recovery_codes):
                mine = others.c.account_id == account.id
                change.connection.execute(others.delete().where(mine))
            change.connection.execute(
                api_tokens.update()
                .where(api_tokens.c.account_id == account.id, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=change.now)
            )
        return self._accounts.load(account.id)


def _used(connection: sa.Connection, word: str, now: datetime) -> None:
    used = connection.execute(
        sign_ins.update()
        .where(
            sign_ins.c.proof == proof.stored(word),
            sign_ins.c.used_at.is_(None),
            sign_ins.c.until > now,
        )
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise _over()


def _over() -> NotSignedIn:
    return NotSignedIn(
        "This one-time sign-in is used, over or unknown.", "Ask an administrator for a new one."
    )
