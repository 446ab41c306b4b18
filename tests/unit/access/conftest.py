"""Accounts on both kinds of database, and a person who has enrolled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyotp
import pytest
from argon2 import PasswordHasher

from tutela.access.accounts import Accounts
from tutela.access.approvals import Approvals
from tutela.access.roles import Role
from tutela.access.sessions import Sessions
from tutela.access.sign_in import SignIns
from tutela.access.tokens import Tokens
from tutela.audit.entry import Actor

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.access.accounts import Account
    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

SHELL = Actor("system", "shell")
PASSWORD = "four unrelated garden words"


@dataclass(frozen=True)
class Access:
    """The whole of access on one database."""

    database: Database
    audit: AuditLog
    clock: FixedClock
    approvals: Approvals
    accounts: Accounts
    sessions: Sessions
    sign_ins: SignIns
    tokens: Tokens

    def person(self, name: str = "anna", role: Role = Role.REVIEWER) -> tuple[Account, pyotp.TOTP]:
        """Make a person and let them enrol; return them and their authenticator."""
        made = self.accounts.create(SHELL, name, (role,))
        word = self.sign_ins.issue(SHELL, made.id).token
        app = self.authenticator(word)
        account = self.sign_ins.enrol(word, PASSWORD, app.at(self.clock()))
        # The code used to enrol does not work again.
        self.clock.advance(30)
        return account, app

    def authenticator(self, word: str) -> pyotp.TOTP:
        """Return the authenticator that a sign-in's page would set up."""
        opened = self.sign_ins.open(word)
        offer = self.accounts.reopen_offer(opened.account, "tutela.test", opened.offer)
        return pyotp.TOTP(offer.secret)


@pytest.fixture
def access(database: Database, audit: AuditLog, clock: FixedClock) -> Access:
    # Weak on purpose: these tests are about everything but the hash's strength.
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    approvals = Approvals(audit)
    accounts = Accounts(database, audit, b"k" * 32, clock, cheap, approvals)
    return Access(
        database,
        audit,
        clock,
        approvals,
        accounts,
        Sessions(database, audit, accounts, clock),
        SignIns(database, audit, accounts, clock, approvals=approvals),
        Tokens(database, audit, accounts, clock),
    )
