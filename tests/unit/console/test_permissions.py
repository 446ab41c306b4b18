"""Every address of the console, walked by every role: allowed as the table says, else refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request
from starlette.routing import Mount, Route
from tests.access_table import ANYBODY, CONSOLE, SIGNED_IN
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Permission, Role, permissions
from tutela.audit.entry import Action
from tutela.console.app import console_app
from tutela.console.doors import need_of, needs
from tutela.errors import Refused

if TYPE_CHECKING:
    from tests.console_home import Home

    from tutela.audit.entry import Entry

NEEDS: dict[tuple[str, str], Permission | str] = {
    where: need if need in {ANYBODY, SIGNED_IN} else Permission(need)
    for where, need in CONSOLE.items()
}
GUARDED = {address: need for address, need in NEEDS.items() if isinstance(need, Permission)}


def test_every_address_is_in_the_table_and_asks_for_what_it_says(home: Home) -> None:
    routes = console_app(home.platform).routes
    assert [route.path for route in routes if isinstance(route, Mount)] == ["/static"]
    assert {where: str(need) for where, need in needs(routes).items()} == CONSOLE


def test_a_page_that_does_not_say_what_it_needs_is_noticed() -> None:
    with pytest.raises(TypeError):
        needs([Route("/open", lambda _request: None)])


def test_a_page_that_does_not_say_what_it_needs_lets_nobody_in() -> None:
    with pytest.raises(Refused):
        need_of(Request({"type": "http"}))


def ask(browser: Browser, method: str, path: str) -> int:
    filled = (
        path.replace("{case}", "cas_none")
        .replace("{view}", "viw_none")
        .replace("{referral}", "ref_none")
        .replace("{alarm}", "alm_none")
        .replace("{appeal}", "apl_none")
        .replace("{review}", "rev_none")
        .replace("{set}", "none")
    )
    if method == "GET":
        return browser.get(f"/console{filled}", follow_redirects=False).status_code
    answer = browser.post(f"/console{filled}", data={"csrf": browser.word}, follow_redirects=False)
    return answer.status_code


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.INTAKE, Role.MONITOR}])
def test_every_role_gets_what_its_row_allows_and_no_more(home: Home, role: Role) -> None:
    browser = signed_in(home, role)
    may = permissions((role,))
    account = home.people[role].id
    for (method, path), need in GUARDED.items():
        before = len(_refusals(home, account))
        status = ask(browser, method, path)
        said = "does not allow" in browser.get("/console/nowhere").text
        assert not said
        if need in may:
            assert len(_refusals(home, account)) == before, (method, path)
        else:
            assert status == 403, (method, path)
            assert _refusals(home, account)[-1].details == {"permission": need.value}
            assert len(_refusals(home, account)) == before + 1


def test_strangers_get_the_sign_in_page_everywhere(home: Home, stranger: Browser) -> None:
    for (method, path), need in NEEDS.items():
        if need == ANYBODY:
            continue
        status = ask(stranger, method, path)
        assert status == (303 if method == "GET" else 401), (method, path)


def _refusals(home: Home, account: str) -> list[Entry]:
    return [
        one for one in home.platform.audit.entries(account) if one.action == Action.ACCESS_REFUSED
    ]
