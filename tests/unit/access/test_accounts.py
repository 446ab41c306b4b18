"""Only name, password and a fresh code together sign in; guessing is slow and leaves traces."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.unit.access.conftest import PASSWORD, SHELL

from tutela.access import guard
from tutela.access.accounts import Accounts, accounts
from tutela.access.guard import Guard
from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.audit.rows import audit_entries
from tutela.errors import Conflict, InvalidInput, NotSignedIn, Tampered, TooManyAttempts

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock
    from tests.unit.access.conftest import Access

    from tutela.storage.database import Database

GUESS = "not the password at all"


def test_the_three_proofs_together_sign_in(access: Access) -> None:
    account, app = access.person()
    assert access.accounts.authenticate("anna", PASSWORD, app.at(access.clock())).id == account.id


@pytest.mark.parametrize("wrong", ["name", "password", "code", "everything"])
def test_one_wrong_proof_refuses_without_saying_which(access: Access, wrong: str) -> None:
    _, app = access.person()
    given = {"name": "anna", "password": PASSWORD, "code": app.at(access.clock())}
    other = {"name": "boris", "password": GUESS, "code": "000000"}
    given.update(other if wrong == "everything" else {wrong: other[wrong]})
    with pytest.raises(NotSignedIn) as refused:
        access.accounts.authenticate(**given)
    assert str(refused.value) == (
        "Name, password or code is wrong. Try again; an administrator can issue a new sign-in."
    )


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345"])
def test_what_is_no_code_is_refused(access: Access, code: str) -> None:
    access.person()
    with pytest.raises(NotSignedIn):
        access.accounts.authenticate("anna", PASSWORD, code)


def test_a_code_works_once(access: Access) -> None:
    _, app = access.person()
    code = app.at(access.clock())
    access.accounts.authenticate("anna", PASSWORD, code)
    with pytest.raises(NotSignedIn):
        access.accounts.authenticate("anna", PASSWORD, code)


def test_a_code_works_once_even_at_the_same_time(access: Access) -> None:
    _, app = access.person()
    code = app.at(access.clock())

    def attempt(_number: int) -> bool:
        try:
            access.accounts.authenticate("anna", PASSWORD, code)
        except NotSignedIn:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


@pytest.mark.parametrize(("seconds", "right"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_the_clocks_may_differ_by_one_step(access: Access, seconds: int, right: bool) -> None:
    _, app = access.person()
    access.clock.advance(300)
    code = app.at(int(access.clock().timestamp()) + seconds)
    if right:
        access.accounts.authenticate("anna", PASSWORD, code)
    else:
        with pytest.raises(NotSignedIn):
            access.accounts.authenticate("anna", PASSWORD, code)


@pytest.mark.parametrize("name", ["anna", "nobody has this name"])
def test_the_guard_closes_for_a_while_whether_the_name_is_known_or_not(
    access: Access, name: str
) -> None:
    _, app = access.person()
    for _ in range(guard.EACH):
        with pytest.raises(NotSignedIn):
            access.accounts.authenticate(name, GUESS, "000000")
    with pytest.raises(TooManyAttempts):
        access.accounts.authenticate(name, PASSWORD, app.at(access.clock()))
    access.clock.advance(guard.WINDOW.total_seconds())
    if name == "anna":
        access.accounts.authenticate(name, PASSWORD, app.at(access.clock()))


def test_guesses_in_parallel_gain_nothing(access: Access) -> None:
    access.person()

    def guess(_number: int) -> type[Exception]:
        try:
            access.accounts.authenticate("anna", GUESS, "000000")
        except (NotSignedIn, TooManyAttempts) as refusal:
            return type(refusal)
        return AssertionError

    with ThreadPoolExecutor(12) as pool:
        refusals = list(pool.map(guess, range(12)))
    assert refusals.count(NotSignedIn) == guard.EACH
    assert refusals.count(TooManyAttempts) == 12 - guard.EACH


def test_signing_in_opens_the_guard_again(access: Access) -> None:
    _, app = access.person()
    for _ in range(3):
        for _ in range(guard.EACH - 1):
            with pytest.raises(NotSignedIn):
                access.accounts.authenticate("anna", GUESS, "000000")
        access.accounts.authenticate("anna", PASSWORD, app.at(access.clock()))
        access.clock.advance(30)


def test_the_guard_closes_for_all_when_names_are_sprayed(
    database: Database, clock: FixedClock
) -> None:
    door = Guard(database, b"k" * 32)
    for number in range(guard.ALL):
        assert door.begin(f"name {number}", clock()).last == (number == guard.ALL - 1)
    with pytest.raises(TooManyAttempts):
        door.begin("another", clock())
    clock.advance(guard.WINDOW.total_seconds())
    door.begin("another", clock())


def test_refusals_are_recorded_and_typed_names_are_not(access: Access) -> None:
    account, _ = access.person()
    for name in ("anna", "a password typed as name"):
        with pytest.raises(NotSignedIn):
            access.accounts.authenticate(name, GUESS, "000000")
    refused = [one for one in access.audit.entries() if one.action == Action.SIGN_IN_REFUSED]
    assert [one.subject for one in refused] == [account.id, "unknown"]
    with access.database.reading() as connection:
        kept = str(connection.execute(sa.select(audit_entries)).all())
        kept += str(connection.execute(sa.select(guard.sign_in_attempts)).all())
    assert "a password typed as name" not in kept
    assert GUESS not in kept


def test_passwords_and_secrets_do_not_rest_in_the_clear(access: Access) -> None:
    _, app = access.person()
    with access.database.reading() as connection:
        row = connection.execute(sa.select(accounts)).one()
    assert row.password.startswith("$argon2id$")
    assert app.secret.encode() not in row.second_factor


def test_with_another_key_nobody_is_known_or_named(access: Access) -> None:
    account, _ = access.person()
    other = Accounts(access.database, access.audit, b"x" * 32, access.clock)
    with pytest.raises(NotSignedIn):
        other.authenticate("anna", PASSWORD, "000000")
    for named in (other.proven, other.all, lambda: other.load(account.id)):
        with pytest.raises(Tampered, match=r"keys/access\.key"):
            named()


def test_a_disabled_account_cannot_sign_in_and_may_nothing(access: Access) -> None:
    account, app = access.person()
    access.accounts.disable(SHELL, account.id)
    with pytest.raises(NotSignedIn):
        access.accounts.authenticate("anna", PASSWORD, app.at(access.clock()))
    assert access.accounts.load(account.id).permissions == frozenset()


def test_names_are_taken_once(access: Access) -> None:
    access.accounts.create(SHELL, "anna", (Role.REVIEWER,))
    with pytest.raises(Conflict):
        access.accounts.create(SHELL, " anna ", (Role.LEAD,))


@pytest.mark.parametrize("name", ["", " ", "x" * 81])
def test_an_account_needs_a_name(access: Access, name: str) -> None:
    with pytest.raises(InvalidInput):
        access.accounts.create(SHELL, name, (Role.LEAD,))
