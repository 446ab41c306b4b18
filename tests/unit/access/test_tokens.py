"""API tokens: for a time, revocable, never more than the account's roles."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.access.conftest import SHELL

from tutela.access.roles import Permission, Role
from tutela.access.tokens import PREFIX
from tutela.audit.entry import Action, Actor
from tutela.errors import NotFound, NotSignedIn

if TYPE_CHECKING:
    from tests.unit.access.conftest import Access

    from tutela.access.tokens import IssuedToken


def issued(access: Access, valid: timedelta = timedelta(days=1)) -> IssuedToken:
    host = access.accounts.create(SHELL, "host", (Role.INTAKE,))
    return access.tokens.issue(SHELL, host.id, "host platform", valid)


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
    access.tokens.revoke(SHELL, token.id)
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(token.token)
    with pytest.raises(NotFound):
        access.tokens.revoke(SHELL, token.id)
    actions = [one.action for one in access.audit.entries(token.id)]
    assert actions == [Action.TOKEN_ISSUED, Action.TOKEN_REVOKED]


def test_a_token_ends_with_its_account(access: Access) -> None:
    token = issued(access)
    access.accounts.disable(SHELL, access.accounts.named("host").id)
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(token.token)


@pytest.mark.parametrize("word", ["", PREFIX, "tut_made-up", "\N{SNOWMAN}"])
def test_no_token_comes_from_nothing(access: Access, word: str) -> None:
    with pytest.raises(NotSignedIn):
        access.tokens.authenticate(word)
