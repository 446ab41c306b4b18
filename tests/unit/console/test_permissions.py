"""Every address of the console, walked by every role: allowed as the table says, else refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.routing import Mount, Route
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Permission, Role, permissions
from tutela.audit.entry import Action
from tutela.console.app import console_app

if TYPE_CHECKING:
    from tests.console_home import Home

    from tutela.audit.entry import Entry

ANYBODY = "anybody"
SIGNED_IN = "signed in"
NEEDS: dict[tuple[str, str], Permission | str] = {
    ("GET", "/"): SIGNED_IN,
    ("GET", "/sign-in"): ANYBODY,
    ("POST", "/sign-in"): ANYBODY,
    ("POST", "/sign-out"): SIGNED_IN,
    ("GET", "/one-time/{token}"): ANYBODY,
    ("POST", "/one-time/{token}"): ANYBODY,
    ("GET", "/queue"): Permission.CASE_READ,
    ("POST", "/next"): Permission.CASE_DECIDE,
    ("GET", "/decided"): Permission.CASE_READ,
    ("GET", "/cases/{case}"): Permission.CASE_READ,
    ("POST", "/cases/{case}/claim"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/release"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/renew"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/skip"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/hand-over"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/second-opinion"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/escalate"): Permission.CASE_READ,
    ("POST", "/cases/{case}/decide"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/reverse"): Permission.CASE_DECIDE,
    ("POST", "/cases/{case}/views"): Permission.EVIDENCE_VIEW,
    ("GET", "/views/{view}"): Permission.EVIDENCE_VIEW,
    ("POST", "/views/{view}/end"): Permission.EVIDENCE_VIEW,
    ("GET", "/referrals"): Permission.CASE_READ,
    ("GET", "/referrals/{referral}"): Permission.CASE_READ,
    ("POST", "/referrals/{referral}/approve"): Permission.REFERRAL_APPROVE,
    ("POST", "/referrals/{referral}/ask"): Permission.CASE_DECIDE,
    ("GET", "/audit"): Permission.AUDIT_READ,
    ("POST", "/audit/verify"): Permission.AUDIT_READ,
}
GUARDED = {address: need for address, need in NEEDS.items() if isinstance(need, Permission)}


def addresses(home: Home) -> set[tuple[str, str]]:
    found = set()
    for route in console_app(home.platform).routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
            continue
        assert isinstance(route, Route)
        found |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    return found


def test_every_address_is_in_the_walk(home: Home) -> None:
    assert addresses(home) == set(NEEDS)


def ask(browser: Browser, method: str, path: str) -> int:
    filled = (
        path.replace("{case}", "cas_none")
        .replace("{view}", "viw_none")
        .replace("{referral}", "ref_none")
    )
    if method == "GET":
        return browser.get(f"/console{filled}", follow_redirects=False).status_code
    answer = browser.post(f"/console{filled}", data={"csrf": browser.word}, follow_redirects=False)
    return answer.status_code


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INTAKE])
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
        if need is ANYBODY:
            continue
        status = ask(stranger, method, path)
        assert status == (303 if method == "GET" else 401), (method, path)


def _refusals(home: Home, account: str) -> list[Entry]:
    return [
        one for one in home.platform.audit.entries(account) if one.action == Action.ACCESS_REFUSED
    ]
