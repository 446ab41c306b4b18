"""Every route of the API, walked by every role's token: let in as the table says, else refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI
from tests import access_table
from tests.console_home import Home, make_home
from tests.instance import token
from tests.straight import Straight

from tutela.access.gate import Principal
from tutela.access.roles import Permission, Role, permissions
from tutela.access.tokens import FOR_PEOPLE, NEVER
from tutela.api.app import UnguardedRoute, api_app, needs
from tutela.audit.entry import Action
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = make_home(tmp_path_factory.mktemp("api") / "home", utc_now)
    yield made
    made.platform.close()


def test_the_roles_are_as_expected() -> None:
    held = {role.value: {one.value for one in permissions((role,))} for role in Role}
    assert held == access_table.ROLES


def test_every_route_is_in_the_table_and_asks_for_what_it_says(home: Home) -> None:
    asked = {where: need.value for where, need in needs(api_app(home.platform)).items()}
    assert asked == access_table.API


@pytest.mark.parametrize("role", list(Role))
def test_every_role_gets_what_its_row_allows_and_no_more(home: Home, role: Role) -> None:
    client = httpx.Client(transport=Straight(api_app(home.platform)), base_url="http://localhost")
    headers = {"Authorization": f"Bearer {token(home.platform, role)}"}
    never = {one.value for one in NEVER}
    for (method, path), need in access_table.API.items():
        status = client.request(method, path, headers=headers).status_code
        if need in access_table.ROLES[role.value] - never:
            assert status not in {401, 403, 500}, (method, path)
        else:
            assert status == 403, (method, path)
            last = home.platform.audit.entries()[-1]
            assert (last.action, last.details) == (Action.ACCESS_REFUSED, {"permission": need})
        assert client.request(method, path).status_code == 401, (method, path)


def test_a_machine_with_a_persons_role_decides_nothing(home: Home) -> None:
    made = home.platform.accounts.create(
        home.people[Role.ADMINISTRATOR].actor, "tool", (Role.LEAD,), "machine"
    )
    issued = home.platform.tokens.issue(_manager(home), made.id, "a tool")
    may = home.platform.tokens.authenticate(issued.token).permissions
    assert may == {Permission.CASE_READ, Permission.LIST_MANAGE, Permission.AUDIT_READ}
    assert not may & (FOR_PEOPLE | NEVER)


def test_a_route_without_a_guard_does_not_serve() -> None:
    app = FastAPI()

    @app.get("/open")
    def _open() -> str:
        return "to all"

    with pytest.raises(UnguardedRoute):
        needs(app)


def _manager(home: Home) -> Principal:
    account = home.people[Role.ADMINISTRATOR]
    return Principal(account.actor, account.permissions)
