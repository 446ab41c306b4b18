"""Accounts: people with a password and a second factor, and machines with tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tutela.access.guard import Guard
from tutela.access.roles import Role, permissions
from tutela.access.second_factor import SecondFactor
from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound, NotSignedIn
from tutela.storage.database import Database, Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.access.roles import Permission
    from tutela.audit.log import AuditLog, Change
    from tutela.storage.clock import Clock

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, unique=True),
    sa.Column("pseudonym", sa.String(20), nullable=False, unique=True),
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("password", sa.String(200)),
    sa.Column("second_factor", sa.LargeBinary),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("disabled_at", Instant),
)

_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 12, 1000
_LONGEST_NAME = 80
_HASHES_AT_ONCE = 2
"""Each takes 64 MiB for a moment, and strangers can ask for them."""
_PEOPLE = frozenset({Role.ADMINISTRATOR, Role.LEAD, Role.REVIEWER, Role.AUDITOR})
_WRONG = NotSignedIn(
    "Name, password or code is wrong.", "Try again; an administrator can issue a new sign-in."
)


@dataclass(frozen=True, slots=True)
class Account:
    """One account. The pseudonym is what others see and what pictures are stamped with."""

    id: str
    name: str
    pseudonym: str
    roles: tuple[Role, ...]
    enrolled: bool
    disabled: bool

    @property
    def actor(self) -> Actor:
        """Return who acts when this account does."""
        return Actor("person" if _PEOPLE & set(self.roles) else "machine", self.id)

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what the account may do; nothing once it is disabled."""
        return frozenset() if self.disabled else permissions(self.roles)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor offered to a person, not yet theirs: secret and address for the QR code."""

    secret: str
    address: str
    sealed: bytes


class Accounts:
    """Creates, enrols and authenticates accounts. Refusals are recorded, names typed are not."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        access_key: bytes,
        clock: Clock,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._factor = SecondFactor(access_key)
        self._guard = Guard(database, access_key)
        self._turn = BoundedSemaphore(_HASHES_AT_ONCE)
        # The library's parameters are RFC 9106's second recommendation: Argon2id, 64 MiB.
        self._hasher = hasher or PasswordHasher()
        # Compared with when there is no such account, so that both answers take as long.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def create(self, actor: Actor, name: str, roles: tuple[Role, ...]) -> Account:
        """Make an account that cannot sign in yet. Raises `Conflict`, `InvalidInput`."""
        name = name.strip()
        if not 0 < len(name) <= _LONGEST_NAME or not roles:
            raise InvalidInput(
                "An account needs a name and a role.", f"Use 1 to {_LONGEST_NAME} characters."
            )
        with self._audit.change(actor) as change:
            if self._find(change.connection, accounts.c.name == name):
                raise Conflict("There is an account of this name.", "Choose another name.")
            identity = new_id("acc", change.now)
            change.connection.execute(
                accounts.insert().values(
                    id=identity,
                    name=name,
                    pseudonym=f"r-{secrets.token_hex(4)}",
                    roles=[role.value for role in roles],
                    last_step=0,
                    created_at=change.now,
                )
            )
            change.record(Action.ACCOUNT_CREATED, identity, roles=[role.value for role in roles])
        return self.load(identity)

    def load(self, account_id: str) -> Account:
        """Return one account. Raises `NotFound`."""
        with self._database.reading() as connection:
            row = self._find(connection, accounts.c.id == account_id)
        if row is None:
            raise NotFound("There is no such account.", "Look at `tutela accounts list`.")
        return _account(row)

    def named(self, name: str) -> Account:
        """Return the account of a name. Raises `NotFound`."""
        with self._database.reading() as connection:
            row = self._find(connection, accounts.c.name == name.strip())
        if row is None:
            raise NotFound("There is no account of this name.", "Look at `tutela accounts list`.")
        return _account(row)

    def all(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(accounts).order_by(accounts.c.name)).all()
        return tuple(_account(row) for row in rows)

    def disable(self, actor: Actor, account_id: str) -> None:
        """Take every right from an account; its sessions and tokens stop with the next request."""
        self.load(account_id)
        with self._audit.change(actor) as change:
            change.connection.execute(
                accounts.update().where(accounts.c.id == account_id).values(disabled_at=change.now)
            )
            change.record(Action.ACCOUNT_DISABLED, account_id)

    def offer(self, account: Account, instance: str) -> Enrolment:
        """Return a fresh second factor to show to a person who is enrolling."""
        secret, sealed = self._factor.fresh()
        return Enrolment(secret, self._factor.address(secret, account.name, instance), sealed)

    def reopen_offer(self, account: Account, instance: str, sealed: bytes) -> Enrolment:
        """Return an offer made before, to show it again after a mistyped code."""
        secret = self._factor.secret(sealed)
        return Enrolment(secret, self._factor.address(secret, account.name, instance), sealed)

    def enrol(
        self, change: Change, account: Account, password: str, sealed: bytes, code: str
    ) -> None:
        """Set password and second factor, proven by a code. Raises `InvalidInput`."""
        if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
            raise InvalidInput(
                "The password is too short or too long.",
                f"Use {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters; a phrase is best.",
            )
        if account.name.lower() in password.lower():
            raise InvalidInput("The password contains the name.", "Choose one without it.")
        step = self._factor.step(sealed, code.strip().replace(" ", ""), change.now, 0)
        if step is None:
            raise InvalidInput(
                "The code is not the one the authenticator shows now.",
                "Check the authenticator's entry and the clocks, and type the present code.",
            )
        change.connection.execute(
            accounts.update()
            .where(accounts.c.id == account.id)
            .values(password=self._hasher.hash(password), second_factor=sealed, last_step=step)
        )
        self._guard.reset(change.connection, account.name)
        change.record(Action.ACCOUNT_ENROLLED, account.id)

    def authenticate(self, name: str, password: str, code: str) -> Account:
        """Return the account that the three proofs belong to.

        Raises `NotSignedIn` without saying which was wrong, and `TooManyAttempts` when the
        guard is closed; then nothing is checked, whoever asks. A code works once.
        """
        now = self._clock()
        attempt = self._guard.begin(name, now)
        with self._database.reading() as connection:
            row = self._find(connection, accounts.c.name == name.strip())
        usable = row if row is not None and row.disabled_at is None else None
        stored = usable.password if usable is not None else None
        right = self._matches(stored or self._nobody, password) and stored is not None
        step = self._step(usable, code, now) if usable is not None and right else None
        if usable is None or step is None or not self._used(usable, step):
            self._refused(row.id if row is not None else "unknown", closes=attempt.last)
            raise _WRONG
        return _account(usable)

    def _step(self, row: sa.Row[Any], code: str, now: datetime) -> int | None:
        clean = code.strip().replace(" ", "")
        return self._factor.step(row.second_factor, clean, now, row.last_step)

    def _matches(self, stored: str, password: str) -> bool:
        with self._turn:
            try:
                return self._hasher.verify(stored, password[: _LONGEST_PASSWORD + 1])
            except (VerifyMismatchError, InvalidHashError):
                return False

    def _used(self, row: sa.Row[Any], step: int) -> bool:
        """Mark a code used; False when somebody used it since we read the row."""
        with self._database.bookkeeping() as connection:
            marked = connection.execute(
                accounts.update()
                .where(accounts.c.id == row.id, accounts.c.last_step < step)
                .values(last_step=step)
            )
            if marked.rowcount == 1:
                self._guard.reset(connection, row.name)
            return marked.rowcount == 1

    def _refused(self, subject: str, *, closes: bool) -> None:
        system = Actor("system", "sign-in")
        self._audit.note(system, Action.SIGN_IN_REFUSED, subject, guard_closes=closes)

    @staticmethod
    def _find(connection: sa.Connection, where: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
        return connection.execute(sa.select(accounts).where(where)).first()


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        row.id,
        row.name,
        row.pseudonym,
        tuple(Role(role) for role in row.roles),
        row.password is not None,
        row.disabled_at is not None,
    )
