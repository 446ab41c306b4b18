"""API tokens: for a time, revocable, never more than the account's roles."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.access.conftest import SHELL

from tutela.access.gate import OPERATOR_OF_THE_MACHINE, Principal
from tutela.access.roles import Permission, Role
from tutela.access.tokens import OWN_VALID, PREFIX
from tutela.audit.entry import Action, Actor
from tutela.errors import InvalidInput, NotFound, NotSignedIn, Refused

if TYPE_CHECKING:
    from tests.unit.access.conftest import Access

    from tutela.access.tokens import IssuedToken


def issued(access: Access, valid: timedelta = timedelta(days=1)) -> IssuedToken:
    host = access.accounts.create(SHELL, "host", (Role.INTAKE,))
    return access.tokens.issue(OPERATOR_OF_THE_MACHINE, host.id, "host platform", valid)


def test_a_token_speaks_for_its_machine(access: Access) -> None:
    token = issued(access)
    assert token.token.startswith(PREFIX)
    caller = access.tokens.authenticate(token.token)
    assert caller.actor == Actor("machine", access.accounts.named("host").id)
    assert caller.permissions == {Permission.ITEM_SUBMIT}


def test_a_token_ends_in_time(access: Access) -> None:
    token = issued(access)
    access.clock.advance(24 * 3600 - 1)
    access.tokens.authenticate(token.token)
    access.clock.advance(1)
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(token.token)


def test_a_token_ends_when_revoked_and_that_is_recorded(access: Access) -> None:
    token = issued(access)
    access.tokens.revoke(OPERATOR_OF_THE_MACHINE, token.id)
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(token.token)
    with pytest.raises(NotFound):
        access.tokens.revoke(OPERATOR_OF_THE_MACHINE, token.id)
    actions = [one.action for one in access.audit.entries(token.id)]
    assert actions == [Action.TOKEN_ISSUED, Action.TOKEN_REVOKED, Action.CALLERS_REFUSED]


def test_a_token_ends_with_its_account(access: Access) -> None:
    token = issued(access)
    access.accounts.disable(SHELL, access.accounts.named("host").id)
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(token.token)


@pytest.mark.parametrize("word", ["", PREFIX, "tut_made-up", "\N{SNOWMAN}"])
def test_no_token_comes_from_nothing(access: Access, word: str) -> None:
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(word)


def person(access: Access, name: str, role: Role) -> Principal:
    account, _ = access.person(name, role)
    return Principal(account.actor, account.permissions)


def test_a_persons_token_is_made_by_that_person_alone(access: Access) -> None:
    anna = person(access, "anna", Role.LEAD)
    boss = person(access, "boss", Role.ADMINISTRATOR)
    for other in (boss, OPERATOR_OF_THE_MACHINE):
        with pytest.raises(Refused):
            access.tokens.issue(other, anna.actor.id, "mine")
    own = access.tokens.issue(anna, anna.actor.id, "mine", timedelta(days=300))
    assert own.until == access.clock() + OWN_VALID
    may = access.tokens.authenticate(own.token).permissions
    assert Permission.CASE_DECIDE in may
    assert not may & {Permission.EVIDENCE_EXPORT, Permission.EVIDENCE_VIEW_FULL}


def test_people_do_not_make_tokens_for_machines_unless_they_manage_accounts(
    access: Access,
) -> None:
    anna = person(access, "anna", Role.LEAD)
    host = access.accounts.create(SHELL, "host", (Role.INTAKE,))
    with pytest.raises(Refused):
        access.tokens.issue(anna, host.id, "not mine")


def test_scopes_narrow_a_token_and_never_widen_it(access: Access) -> None:
    anna = person(access, "anna", Role.LEAD)
    read = (Permission.CASE_READ,)
    own = access.tokens.issue(anna, anna.actor.id, "mine", scopes=read)
    assert access.tokens.authenticate(own.token).permissions == set(read)
    for beyond in (Permission.EVIDENCE_EXPORT, Permission.ITEM_SUBMIT, Permission.ACCOUNT_MANAGE):
        with pytest.raises(InvalidInput):
            access.tokens.issue(anna, anna.actor.id, "more", scopes=(beyond,))
    access.accounts.revoke(SHELL, anna.actor.id, Role.LEAD)
    assert access.tokens.authenticate(own.token).permissions == frozenset()


def test_the_last_use_is_kept_and_tokens_are_shown_to_whom_they_concern(access: Access) -> None:
    anna, boris = person(access, "anna", Role.LEAD), person(access, "boris", Role.LEAD)
    own = access.tokens.issue(anna, anna.actor.id, "mine")
    assert access.tokens.visible(anna)[0].last_used_at is None
    access.tokens.authenticate(own.token)
    assert access.tokens.visible(anna)[0].last_used_at == access.clock()
    assert access.tokens.visible(boris) == ()
    assert [one.id for one in access.tokens.visible(OPERATOR_OF_THE_MACHINE)] == [own.id]
    with pytest.raises(Refused):
        access.tokens.revoke(boris, own.id)
    access.tokens.revoke(anna, own.id)


def test_enrolling_anew_ends_own_tokens(access: Access) -> None:
    anna = person(access, "anna", Role.LEAD)
    own = access.tokens.issue(anna, anna.actor.id, "mine")
    word = access.sign_ins.issue(SHELL, anna.actor.id).token
    access.sign_ins.enrol(
        word, "other unrelated words", access.authenticator(word).at(access.clock())
    )
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(own.token)
