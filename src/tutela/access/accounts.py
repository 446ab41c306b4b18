"""Accounts: people with a password and a second factor, and machines with tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tutela.access import recovery, set_up
from tutela.access.approvals import Approvals
from tutela.access.guard import Guard
from tutela.access.names import SealedNames
from tutela.access.roles import Permission, Role, permissions
from tutela.access.second_factor import SecondFactor
from tutela.access.second_person import OF_ACCOUNTS, Verb
from tutela.audit.entry import Action, Actor
from tutela.errors import Conflict, InvalidInput, NotFound, NotSignedIn, SecondPersonNeeded
from tutela.storage.database import Database, Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.access.second_person import Approval
    from tutela.audit.log import AuditLog, Change
    from tutela.storage.clock import Clock

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name_digest", sa.String(80), nullable=False),
    sa.Column("sealed_name", sa.LargeBinary, nullable=False),
    sa.Column("pseudonym", sa.String(20), nullable=False, unique=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("vouched", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("password", sa.String(200)),
    sa.Column("second_factor", sa.LargeBinary),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("disabled_at", Instant),
    sa.UniqueConstraint("name_digest", name="uq_accounts_name"),
)

_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 12, 1000
_LONGEST_NAME = 80
_HASHES_AT_ONCE = 2
"""Each takes 64 MiB for a moment, and strangers can ask for them."""
_MACHINES = frozenset({Role.INTAKE, Role.MONITOR})
_WRONG = NotSignedIn(
    "Name, password or code is wrong.", "Try again; an administrator can issue a new sign-in."
)


Kind = Literal["person", "machine"]


@dataclass(frozen=True, slots=True)
class Account:
    """One account. The pseudonym is what others see and what pictures are stamped with."""

    id: str
    name: str
    pseudonym: str
    roles: tuple[Role, ...]
    enrolled: bool
    disabled: bool
    kind: Kind = "person"
    vouched: bool = False
    """Whether the identity provider vouches for it; then nothing else proves it."""

    @property
    def actor(self) -> Actor:
        """Return who acts when this account does."""
        return Actor(self.kind, self.id)

    @property
    def terms(self) -> str:
        """Return all its roles in one word: what another person confirms to give it back."""
        return " ".join(role.value for role in self.roles)

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
        approvals: Approvals | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._approvals = approvals or Approvals(audit)
        self._factor = SecondFactor(access_key)
        self._names = SealedNames(access_key)
        self._guard = Guard(database, access_key)
        self._turn = BoundedSemaphore(_HASHES_AT_ONCE)
        # The library's parameters are RFC 9106's second recommendation: Argon2id, 64 MiB.
        self._hasher = hasher or PasswordHasher()
        # Compared with when there is no such account, so that both answers take as long.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def create(
        self, actor: Actor, name: str, roles: tuple[Role, ...], kind: Kind | None = None
    ) -> Account:
        """Make an account that cannot sign in yet; of a machine when all its roles are.

        Raises `Conflict`, `InvalidInput`, and `SecondPersonNeeded` for roles after set-up.
        """
        name = name.strip()
        if not 0 < len(name) <= _LONGEST_NAME:
            raise InvalidInput("An account needs a name.", f"Use 1 to {_LONGEST_NAME} characters.")
        kind = kind or ("machine" if roles and _MACHINES.issuperset(roles) else "person")
        with self._audit.change(actor) as change:
            if self._find(change.connection, self._of_name(name)):
                raise Conflict("There is an account of this name.", "Choose another name.")
            identity = new_id("acc", change.now)
            change.connection.execute(
                accounts.insert().values(
                    id=identity,
                    name_digest=self._names.digest(name),
                    sealed_name=self._names.seal(identity, name),
                    pseudonym=f"r-{secrets.token_hex(4)}",
                    kind=kind,
                    roles=[],
                    last_step=0,
                    created_at=change.now,
                )
            )
            change.record(
                Action.ACCOUNT_CREATED, identity, kind=kind, roles=[role.value for role in roles]
            )
            if roles:
                self._check_set_up(change)
                self._grant(change, identity, roles, roles)
        return self.load(identity)

    def grant(self, actor: Actor, account_id: str, role: Role) -> Account:
        """Give an account a role. Raises `NotFound`, `SecondPersonNeeded`; a role held is kept."""
        with self._audit.change(actor) as change:
            account = self._locked(change, account_id)
            if account.vouched:
                raise Conflict(
                    "The identity provider's groups give this account its roles.",
                    "Change its groups there, or [identity_provider.roles] here.",
                )
            roles = tuple(dict.fromkeys((*account.roles, role)))
            self._grant(change, account_id, roles, (role,))
        return self.load(account_id)

    def revoke(self, actor: Actor, account_id: str, role: Role) -> Account:
        """Take a role from an account, at once. Taking needs nobody else. Raises `NotFound`."""
        with self._audit.change(actor) as change:
            account = self._locked(change, account_id)
            # Before, so that set-up does not open again by it.
            set_up.close_if_due(change, self._managers(change.connection))
            self._set_roles(change, account_id, [one for one in account.roles if one is not role])
        return self.load(account_id)

    def vouched_for(self, change: Change, name: str) -> str:
        """Make the account of somebody whom the identity provider vouches for; return its id."""
        identity = new_id("acc", change.now)
        change.connection.execute(
            accounts.insert().values(
                id=identity,
                name_digest=self._names.digest(name),
                sealed_name=self._names.seal(identity, name),
                pseudonym=f"r-{secrets.token_hex(4)}",
                kind="person",
                vouched=True,
                roles=[],
                last_step=0,
                created_at=change.now,
            )
        )
        change.record(Action.ACCOUNT_CREATED, identity, kind="person", roles=[])
        return identity

    def vouched_roles(self, change: Change, account_id: str, roles: tuple[Role, ...]) -> None:
        """Give such an account the roles that the provider's groups give it now, and no others."""
        if set(self._locked(change, account_id).roles) != set(roles):
            self._set_roles(change, account_id, list(roles))
            set_up.close_if_due(change, self._managers(change.connection))

    def _check_set_up(self, change: Change) -> None:
        """Nobody can have confirmed a role for an account that did not exist."""
        if set_up.is_closed(change.connection) and Verb.ROLE_GRANT in self._approvals.policy.verbs:
            raise SecondPersonNeeded(
                "Another person must confirm roles.",
                "Make the account without a role; then ask for each role, and grant it.",
            )

    def _grant(
        self, change: Change, account_id: str, roles: tuple[Role, ...], new: tuple[Role, ...]
    ) -> None:
        alone = not set_up.is_closed(change.connection)
        self._approvals.use(
            change,
            Verb.ROLE_GRANT,
            account_id,
            " ".join(role.value for role in new),
            waived=set_up.WAIVED if alone else None,
        )
        self._set_roles(change, account_id, list(roles))
        set_up.close_if_due(change, self._managers(change.connection))

    def _set_roles(self, change: Change, account_id: str, roles: list[Role]) -> None:
        said = [role.value for role in roles]
        change.connection.execute(
            accounts.update().where(accounts.c.id == account_id).values(roles=said)
        )
        change.record(Action.ROLES_CHANGED, account_id, roles=said)

    def _locked(self, change: Change, account_id: str) -> Account:
        query = sa.select(accounts).where(accounts.c.id == account_id).with_for_update()
        row = change.connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such account.", "Look at `tutela accounts list`.")
        return self._account(row)

    def _managers(self, connection: sa.Connection) -> int:
        """Count the enrolled people who manage accounts, disabled ones too."""
        proven = sa.or_(accounts.c.password.is_not(None), accounts.c.vouched)
        query = sa.select(accounts).where(proven)
        found = (self._account(row) for row in connection.execute(query))
        return sum(Permission.ACCOUNT_MANAGE in permissions(one.roles) for one in found)

    def proven(self) -> Accounts:
        """Open one name, and return these accounts. Raises `Tampered` with another access key.

        With another key everybody would be a stranger, and told that their name is wrong.
        """
        with self._database.reading() as connection:
            row = connection.execute(sa.select(accounts).limit(1)).first()
        if row is not None:
            self._account(row)
        return self

    def load(self, account_id: str) -> Account:
        """Return one account. Raises `NotFound`."""
        with self._database.reading() as connection:
            row = self._find(connection, accounts.c.id == account_id)
        if row is None:
            raise NotFound("There is no such account.", "Look at `tutela accounts list`.")
        return self._account(row)

    def named(self, name: str) -> Account:
        """Return the account of a name. Raises `NotFound`."""
        with self._database.reading() as connection:
            row = self._find(connection, self._of_name(name))
        if row is None:
            raise NotFound("There is no account of this name.", "Look at `tutela accounts list`.")
        return self._account(row)

    def all(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(accounts)).all()
        return tuple(sorted((self._account(row) for row in rows), key=lambda one: one.name))

    def subject_said(self, approval: Approval) -> str:
        """Return what an approval is about, as people may read it: accounts by their names."""
        if approval.verb not in OF_ACCOUNTS:
            return approval.subject
        try:
            return self.load(approval.subject).name
        except NotFound:
            return approval.subject

    def behind(self, actor: Actor, pseudonym: str) -> str:
        """Return the name behind a pseudonym. Raises `NotFound`, `SecondPersonNeeded`."""
        with self._audit.change(actor) as change:
            row = self._find(change.connection, accounts.c.pseudonym == pseudonym)
            if row is None:
                raise NotFound("There is no such pseudonym.", "Copy it from where you saw it.")
            self._approvals.use(change, Verb.PSEUDONYM, pseudonym)
            change.record(Action.PSEUDONYM_OPENED, row.id)
            return self._account(row).name

    def disable(self, actor: Actor, account_id: str) -> None:
        """Take every right from an account; its sessions and tokens stop with the next request."""
        self.load(account_id)
        with self._audit.change(actor) as change:
            change.connection.execute(
                accounts.update().where(accounts.c.id == account_id).values(disabled_at=change.now)
            )
            change.record(Action.ACCOUNT_DISABLED, account_id)

    def enable(self, actor: Actor, account_id: str) -> None:
        """Give a disabled account its roles back. Raises `NotFound`, `SecondPersonNeeded`."""
        with self._audit.change(actor) as change:
            account = self._locked(change, account_id)
            if not account.disabled:
                raise Conflict("This account is not disabled.", "Look at the list of accounts.")
            if account.roles and not account.vouched:
                alone = not set_up.is_closed(change.connection)
                waived = set_up.WAIVED if alone else None
                self._approvals.use(
                    change, Verb.ROLE_GRANT, account_id, account.terms, waived=waived
                )
            change.connection.execute(
                accounts.update().where(accounts.c.id == account_id).values(disabled_at=None)
            )
            change.record(Action.ACCOUNT_ENABLED, account_id)

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
        set_up.close_if_due(change, self._managers(change.connection))

    def authenticate(self, name: str, password: str, code: str) -> Account:
        """Return the account that the three proofs belong to.

        Raises `NotSignedIn` without saying which was wrong, and `TooManyAttempts` when the
        guard is closed; then nothing is checked, whoever asks. A code works once.
        """
        now = self._clock()
        attempt = self._guard.begin(name, now)
        with self._database.reading() as connection:
            row = self._find(connection, self._of_name(name))
        usable = row if row is not None and row.disabled_at is None else None
        stored = usable.password if usable is not None else None
        right = self._matches(stored or self._nobody, password) and stored is not None
        proven = usable if right else None
        step = self._step(proven, code, now) if proven is not None else None
        second = (
            self._used(proven, step, name)
            if proven is not None and step is not None
            else self._recovered(proven, code, name, now)
        )
        if usable is None or not second:
            self._refused(row.id if row is not None else "unknown", closes=attempt.last)
            raise _WRONG
        return self._account(usable)

    def _recovered(self, row: sa.Row[Any] | None, code: str, name: str, now: datetime) -> bool:
        """Use a recovery code up, of nobody where name or password was wrong: the same work."""
        if not recovery.is_shaped(code):
            return False
        with self._database.bookkeeping() as connection:
            if not recovery.used(connection, row.id if row is not None else "", code, now):
                return False
            if row is not None:
                self._guard.reset(connection, name)
        if row is not None:
            self._audit.note(Actor(row.kind, row.id), Action.RECOVERY_USED, row.id)
        return row is not None

    def _step(self, row: sa.Row[Any], code: str, now: datetime) -> int | None:
        clean = code.strip().replace(" ", "")
        return self._factor.step(row.second_factor, clean, now, row.last_step)

    def _matches(self, stored: str, password: str) -> bool:
        with self._turn:
            try:
                return self._hasher.verify(stored, password[: _LONGEST_PASSWORD + 1])
            except (VerifyMismatchError, InvalidHashError):
                return False

    def _used(self, row: sa.Row[Any], step: int, name: str) -> bool:
        """Mark a code used; False when somebody used it since we read the row."""
        with self._database.bookkeeping() as connection:
            marked = connection.execute(
                accounts.update()
                .where(accounts.c.id == row.id, accounts.c.last_step < step)
                .values(last_step=step)
            )
            if marked.rowcount == 1:
                self._guard.reset(connection, name)
            return marked.rowcount == 1

    def _refused(self, subject: str, *, closes: bool) -> None:
        system = Actor("system", "sign-in")
        self._audit.note(system, Action.SIGN_IN_REFUSED, subject, guard_closes=closes)

    @staticmethod
    def _find(connection: sa.Connection, where: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
        return connection.execute(sa.select(accounts).where(where)).first()

    def _of_name(self, name: str) -> sa.ColumnElement[bool]:
        return accounts.c.name_digest == self._names.digest(name)

    def _account(self, row: sa.Row[Any]) -> Account:
        return Account(
            row.id,
            self._names.open(row.id, row.sealed_name),
            row.pseudonym,
            tuple(Role(role) for role in row.roles),
            row.password is not None,
            row.disabled_at is not None,
            row.kind,
            row.vouched,
        )
