"""A one-time sign-in leads to enrolment, once; sessions end when they should."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyotp
import pytest
import sqlalchemy as sa
from tests.unit.access.conftest import PASSWORD, SHELL

from tutela.access import sessions, sign_in
from tutela.access.accounts import accounts
from tutela.access.gate import Principal
from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.errors import InvalidInput, NotSignedIn

if TYPE_CHECKING:
    from tests.unit.access.conftest import Access


def test_a_sign_in_enrols_once(access: Access) -> None:
    made = access.accounts.create(SHELL, "anna", (Role.REVIEWER,))
    word = access.sign_ins.issue(SHELL, made.id).token
    app = access.authenticator(word)
    assert access.sign_ins.enrol(word, PASSWORD, app.at(access.clock())).enrolled
    with pytest.raises(NotSignedIn):
        access.sign_ins.open(word)
    access.clock.advance(30)
    with pytest.raises(NotSignedIn):
        access.sign_ins.enrol(word, PASSWORD, app.at(access.clock()))
    actions = [one.action for one in access.audit.entries(made.id)]
    assert actions == [
        Action.ACCOUNT_CREATED,
        Action.APPROVAL_WAIVED,
        Action.ROLES_CHANGED,
        Action.SIGN_IN_ISSUED,
        Action.ACCOUNT_ENROLLED,
    ]


def test_of_two_who_enrol_at_once_one_does(access: Access) -> None:
    made = access.accounts.create(SHELL, "anna", (Role.REVIEWER,))
    word = access.sign_ins.issue(SHELL, made.id).token
    code = access.authenticator(word).at(access.clock())

    def enrol(password: str) -> str | None:
        try:
            access.sign_ins.enrol(word, password, code)
        except NotSignedIn:
            return None
        return password

    with ThreadPoolExecutor(2) as pool:
        enrolled = [one for one in pool.map(enrol, (PASSWORD, PASSWORD + "!")) if one]
    assert len(enrolled) == 1
    access.clock.advance(30)
    code = _code(access, made.id)
    assert access.accounts.authenticate("anna", enrolled[0], code).id == made.id


def _code(access: Access, account_id: str) -> str:
    with access.database.reading() as connection:
        sealed = connection.execute(
            sa.select(accounts.c.second_factor).where(accounts.c.id == account_id)
        ).scalar_one()
    account = access.accounts.load(account_id)
    return pyotp.TOTP(access.accounts.reopen_offer(account, "t", sealed).secret).at(access.clock())


@pytest.mark.parametrize(
    ("password", "code"),
    [("too short", None), ("anna and three words", None), ("x" * 1001, None), (PASSWORD, "000000")],
)
def test_a_refused_enrolment_can_be_tried_again(
    access: Access, password: str, code: str | None
) -> None:
    made = access.accounts.create(SHELL, "anna", (Role.REVIEWER,))
    word = access.sign_ins.issue(SHELL, made.id).token
    right = access.authenticator(word).at(access.clock())
    with pytest.raises(InvalidInput):
        access.sign_ins.enrol(word, password, code or right)
    assert not access.accounts.load(made.id).enrolled
    assert access.sign_ins.enrol(word, PASSWORD, right).enrolled


def test_a_sign_in_ends_with_its_day_and_with_the_next_one(access: Access) -> None:
    made = access.accounts.create(SHELL, "anna", (Role.REVIEWER,))
    first = access.sign_ins.issue(SHELL, made.id).token
    second = access.sign_ins.issue(SHELL, made.id).token
    with pytest.raises(NotSignedIn):
        access.sign_ins.open(first)
    access.clock.advance(sign_in.VALID.total_seconds() - 1)
    assert access.sign_ins.open(second).account.id == made.id
    access.clock.advance(1)
    with pytest.raises(NotSignedIn):
        access.sign_ins.open(second)


def test_enrolling_anew_ends_earlier_sessions(access: Access) -> None:
    account, _ = access.person()
    cookie = access.sessions.start(account)
    word = access.sign_ins.issue(SHELL, account.id).token
    access.sign_ins.enrol(word, PASSWORD, access.authenticator(word).at(access.clock()))
    with pytest.raises(NotSignedIn):
        access.sessions.find(cookie)


def test_a_session_idles_out(access: Access) -> None:
    account, _ = access.person()
    cookie = access.sessions.start(account)
    for _ in range(3):
        access.clock.advance(sessions.IDLE.total_seconds() - 1)
        assert access.sessions.find(cookie).account.id == account.id
    access.clock.advance(sessions.IDLE.total_seconds())
    with pytest.raises(NotSignedIn):
        access.sessions.find(cookie)


def test_a_busy_session_ends_after_half_a_day(access: Access) -> None:
    account, _ = access.person()
    cookie = access.sessions.start(account)
    for _ in range(int(sessions.ABSOLUTE / sessions.IDLE * 2) - 1):
        access.clock.advance(sessions.IDLE.total_seconds() / 2)
        access.sessions.find(cookie)
    access.clock.advance(sessions.IDLE.total_seconds() / 2)
    with pytest.raises(NotSignedIn):
        access.sessions.find(cookie)


def test_signing_out_and_disabling_end_sessions(access: Access) -> None:
    account, _ = access.person()
    first, second = access.sessions.start(account), access.sessions.start(account)
    access.sessions.end(first)
    access.sessions.end(first)
    with pytest.raises(NotSignedIn):
        access.sessions.find(first)
    access.accounts.disable(SHELL, account.id)
    with pytest.raises(NotSignedIn):
        access.sessions.find(second)


@pytest.mark.parametrize("word", [None, "", "made up"])
def test_no_session_comes_from_nothing(access: Access, word: str | None) -> None:
    with pytest.raises(NotSignedIn):
        access.sessions.find(word)


def test_only_digests_of_words_are_kept(access: Access) -> None:
    account, _ = access.person()
    cookie = access.sessions.start(account)
    word = access.sign_ins.issue(SHELL, account.id).token
    own = Principal(account.actor, account.permissions)
    token = access.tokens.issue(own, account.id, "test").token
    with access.database.reading() as connection:
        kept = "".join(
            str(connection.execute(sa.text(f"SELECT * FROM {table}")).all())
            for table in ("sessions", "sign_ins", "api_tokens", "audit_entries")
        )
    assert not [one for one in (cookie, word, token) if one in kept]
