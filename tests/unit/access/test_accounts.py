"""Three proofs or none; guessing is slowed; codes, sessions, sign-ins and tokens work once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from tests.casework import ANNA

from tutela.access.accounts import Account, Accounts
from tutela.access.roles import Permission, Role, permissions
from tutela.access.sessions import ABSOLUTE, IDLE, Sessions
from tutela.access.sign_in import VALID, SignIns
from tutela.access.tokens import Tokens
from tutela.audit.entry import Action
from tutela.errors import Conflict, InvalidInput, NotFound, NotSignedIn, TooManyAttempts

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog

PASSWORD = "a phrase nobody guesses"


@pytest.fixture
def accounts(audit: AuditLog, clock: FixedClock) -> Accounts:
    return Accounts(audit.database, audit, bytes(32), clock)


class Person:
    """An enrolled person with an authenticator."""

    def __init__(self, accounts: Accounts, clock: FixedClock, name: str = "vera") -> None:
        self._clock = clock
        account = accounts.create(ANNA, name, (Role.REVIEWER,))
        offer = accounts.offer(account, "tutela.test")
        self._totp = pyotp.TOTP(offer.secret)
        self.account = accounts.enrol(account.id, PASSWORD, offer.sealed, self.code())
        clock.advance(30)

    def code(self, steps: int = 0) -> str:
        return self._totp.at(self._clock() + timedelta(seconds=30 * steps))


def test_only_all_three_proofs_sign_in(accounts: Accounts, clock: FixedClock) -> None:
    vera = Person(accounts, clock)
    wrong = f"{(int(vera.code()) + 1) % 1_000_000:06d}"
    for name, password, code in (
        ("vera", PASSWORD + "!", vera.code()),
        ("vera", PASSWORD, wrong),
        ("nobody", PASSWORD, vera.code()),
        ("vera", "", ""),
    ):
        with pytest.raises(NotSignedIn):
            accounts.authenticate(name, password, code)
    assert accounts.authenticate("vera", PASSWORD, vera.code()) == vera.account


def test_a_code_works_once_and_one_step_around(accounts: Accounts, clock: FixedClock) -> None:
    vera = Person(accounts, clock)
    accounts.authenticate("vera", PASSWORD, vera.code())
    with pytest.raises(NotSignedIn):
        accounts.authenticate("vera", PASSWORD, vera.code())
    accounts.authenticate("vera", PASSWORD, vera.code(1))
    clock.advance(90)
    accounts.authenticate("vera", PASSWORD, vera.code(-1))
    with pytest.raises(NotSignedIn):
        accounts.authenticate("vera", PASSWORD, vera.code(-2))
    with pytest.raises(NotSignedIn):
        accounts.authenticate("vera", PASSWORD, vera.code(2))


def test_guessing_is_locked_out_for_a_while(
    accounts: Accounts, clock: FixedClock, audit: AuditLog
) -> None:
    vera = Person(accounts, clock)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.authenticate("vera", "wrong", "000000")
    with pytest.raises(TooManyAttempts):
        accounts.authenticate("vera", PASSWORD, vera.code())
    clock.advance(31)
    accounts.authenticate("vera", PASSWORD, vera.code())
    refused = [one for one in audit.entries() if one.action == Action.SIGN_IN_REFUSED]
    assert len(refused) == 6
    assert {one.subject for one in refused} == {vera.account.id}


def test_a_typed_name_is_never_recorded(accounts: Accounts, audit: AuditLog) -> None:
    with pytest.raises(NotSignedIn):
        accounts.authenticate("my password by mistake", "x", "y")
    (entry,) = audit.entries()
    assert entry.subject == "unknown"
    assert "mistake" not in entry.canonical().decode()


def test_enrolment_needs_a_good_password_and_a_right_code(
    accounts: Accounts, clock: FixedClock
) -> None:
    account = accounts.create(ANNA, "boris", (Role.LEAD,))
    offer = accounts.offer(account, "tutela.test")
    right = pyotp.TOTP(offer.secret).at(clock())
    for password, code in (
        ("short", right),
        ("boris is my password", right),
        (PASSWORD, "000000" if right != "000000" else "111111"),
        ("x" * 1001, right),
    ):
        with pytest.raises(InvalidInput):
            accounts.enrol(account.id, password, offer.sealed, code)
    with pytest.raises(NotSignedIn):
        accounts.authenticate("boris", PASSWORD, right)
    assert accounts.enrol(account.id, PASSWORD, offer.sealed, right).enrolled


def test_secrets_do_not_rest_in_the_clear(accounts: Accounts, clock: FixedClock) -> None:
    account = accounts.create(ANNA, "c", (Role.LEAD,))
    offer = accounts.offer(account, "tutela.test")
    assert offer.secret.encode() not in offer.sealed
    assert accounts.reopen_offer(account, "tutela.test", offer.sealed).secret == offer.secret


def test_names_are_one_persons(accounts: Accounts) -> None:
    accounts.create(ANNA, "vera", (Role.REVIEWER,))
    with pytest.raises(Conflict):
        accounts.create(ANNA, " vera ", (Role.REVIEWER,))
    for name, roles in (("", (Role.LEAD,)), ("x" * 81, (Role.LEAD,)), ("y", ())):
        with pytest.raises(InvalidInput):
            accounts.create(ANNA, name, roles)
    with pytest.raises(NotFound):
        accounts.named("nobody")


def test_sessions_end_idle_in_time_by_sign_out_and_with_the_account(
    accounts: Accounts, audit: AuditLog, clock: FixedClock
) -> None:
    vera = Person(accounts, clock).account
    sessions = Sessions(audit.database, audit, accounts, clock)
    word = sessions.start(vera)
    assert sessions.find(word).account == vera
    clock.advance(IDLE.total_seconds() - 1)
    sessions.find(word)
    clock.advance(IDLE.total_seconds() - 1)
    sessions.find(word)
    clock.advance(IDLE.total_seconds())
    with pytest.raises(NotSignedIn):
        sessions.find(word)
    long = sessions.start(vera)
    for _ in range(int(ABSOLUTE / IDLE) * 2):
        sessions.find(long)
        clock.advance(IDLE.total_seconds() / 2)
    with pytest.raises(NotSignedIn):
        sessions.find(long)
    left = sessions.start(vera)
    sessions.end(left)
    cut = sessions.start(vera)
    accounts.disable(ANNA, vera.id)
    for gone in (left, cut, "guess", "", None):
        with pytest.raises(NotSignedIn):
            sessions.find(gone)


def test_a_one_time_sign_in_works_once_and_not_for_ever(
    accounts: Accounts, audit: AuditLog, clock: FixedClock
) -> None:
    account = accounts.create(ANNA, "vera", (Role.REVIEWER,))
    sign_ins = SignIns(audit.database, audit, accounts, clock)
    first = sign_ins.issue(ANNA, account.id)
    second = sign_ins.issue(ANNA, account.id)
    with pytest.raises(NotSignedIn):
        sign_ins.open(first.token)
    assert sign_ins.open(second.token).account == account
    sign_ins.use(second.token)
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            sign_ins.use(second.token)
        with pytest.raises(NotSignedIn):
            sign_ins.open(second.token)
    third = sign_ins.issue(ANNA, account.id)
    clock.advance(VALID.total_seconds())
    with pytest.raises(NotSignedIn):
        sign_ins.open(third.token)


def test_tokens_end_by_time_by_revocation_and_with_the_account(
    accounts: Accounts, audit: AuditLog, clock: FixedClock
) -> None:
    account = accounts.create(ANNA, "host", (Role.INTAKE,))
    tokens = Tokens(audit.database, audit, accounts, clock)
    issued = tokens.issue(ANNA, account.id, "upload", timedelta(days=1))
    principal = tokens.authenticate(issued.token)
    assert principal.actor == account.actor
    assert principal.permissions == {Permission.ITEM_SUBMIT}
    clock.advance(86400)
    with pytest.raises(NotSignedIn):
        tokens.authenticate(issued.token)
    other = tokens.issue(ANNA, account.id, "upload")
    tokens.revoke(ANNA, other.id)
    with pytest.raises(NotSignedIn):
        tokens.authenticate(other.token)
    with pytest.raises(NotFound):
        tokens.revoke(ANNA, other.id)
    third = tokens.issue(ANNA, account.id, "upload")
    accounts.disable(ANNA, account.id)
    with pytest.raises(NotSignedIn):
        tokens.authenticate(third.token)


def test_words_rest_only_as_digests(accounts: Accounts, audit: AuditLog, clock: FixedClock) -> None:
    account = accounts.create(ANNA, "host", (Role.INTAKE,))
    word = Tokens(audit.database, audit, accounts, clock).issue(ANNA, account.id, "x").token
    with audit.database.reading() as connection:
        for table in ("api_tokens", "sessions", "sign_ins", "audit_entries"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert word not in repr(rows)


def test_the_table_of_roles() -> None:
    assert permissions(()) == frozenset()
    assert Permission.EVIDENCE_VIEW not in permissions((Role.ADMINISTRATOR, Role.INTAKE))
    assert permissions((Role.REVIEWER,)) < permissions((Role.LEAD,))
    covered = permissions(tuple(Role))
    assert covered == set(Permission)


def test_who_acts(accounts: Accounts) -> None:
    person: Account = accounts.create(ANNA, "p", (Role.AUDITOR,))
    machine = accounts.create(ANNA, "m", (Role.INTAKE,))
    assert (person.actor.kind, machine.actor.kind) == ("person", "machine")
