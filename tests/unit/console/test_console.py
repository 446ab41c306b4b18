"""The console over HTTP: who may see what, forms from our own pages only, no byte ungranted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pyotp
import pytest
from tests.casework import HOST
from tests.instance import LISTED, near_copy

from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.cli.session import SHELL
from tutela.content.item import AccountFacts
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

PASSWORD = "a phrase nobody guesses"


class Browser:
    """A signed-in person's browser, without the scripts."""

    def __init__(self, platform: Platform, address: str, *roles: Role) -> None:
        self.client = httpx.Client(base_url=address, timeout=30)
        account = platform.accounts.create(SHELL, f"person-{roles[0].value}", roles)
        issued = platform.sign_ins.issue(SHELL, account.id)
        offer = platform.sign_ins.open(issued.token).offer
        secret = platform.accounts.reopen_offer(account, "x", offer).secret
        code = pyotp.TOTP(secret).at(platform.clock())
        self.account = account
        self.enrolled = self.client.post(
            f"/console/one-time/{issued.token}", data={"password": PASSWORD, "code": code}
        )

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"/console/{path}")

    @property
    def csrf(self) -> str:
        for path in ("", "audit"):
            found = re.search(r'data-csrf="([^"]+)"', self.get(path).text)
            if found:
                return found.group(1)
        return "none"

    def post(self, path: str, csrf: str | None = None, **fields: str) -> httpx.Response:
        sent = {"csrf": self.csrf if csrf is None else csrf, **fields}
        return self.client.post(f"/console/{path}", data=sent)


@pytest.fixture
def case_id(platform: Platform) -> str:
    for number, data in enumerate((LISTED, near_copy())):
        facts = AccountFacts(id="account <b>1</b>", screen_name="<script>alert(1)</script>")
        answer = platform.intake.submit(HOST, Submission(data, f"post-{number}", facts))
    return answer.case_id or ""


@pytest.fixture
def reviewer(platform: Platform, served: str) -> Iterator[Browser]:
    browser = Browser(platform, served, Role.REVIEWER)
    yield browser
    browser.client.close()


def item_of(platform: Platform, case_id: str) -> str:
    from tutela.cases import case as cases_on_record

    with platform.database.reading() as connection:
        return cases_on_record.items_of(connection, case_id)[0].id


def test_every_answer_carries_the_headers(reviewer: Browser, case_id: str) -> None:
    for path in ("", "sign-in", "decided", f"cases/{case_id}", "nothing", "static/console.css"):
        headers = reviewer.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        if not path.startswith("static"):
            assert headers["cache-control"] == "no-store"


def test_no_page_holds_inline_script_or_style_or_a_picture(reviewer: Browser, case_id: str) -> None:
    for path in ("", "decided", f"cases/{case_id}"):
        page = reviewer.get(path).text
        assert not re.search(r"<script(?![^>]*src=)", page)
        assert not re.search(r"\son\w+=", page)
        assert "<style" not in page
        assert "style=" not in page
        assert not re.search(r"<img[^>]*src=(?!\"/console/static/)", page)
        assert "<script>alert" not in page


def test_nobody_gets_in_without_signing_in(served: str, case_id: str) -> None:
    for path in ("", "decided", f"cases/{case_id}", "audit", "views/viw_1.png"):
        answer = httpx.get(f"{served}/console/{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    for path in (f"cases/{case_id}/claim", f"cases/{case_id}/decide", "audit/verify"):
        assert httpx.post(f"{served}/console/{path}").status_code == 401


def test_sign_in_with_password_and_second_factor(platform: Platform, served: str) -> None:
    browser = Browser(platform, served, Role.REVIEWER)
    assert browser.enrolled.status_code == 303
    cookie = browser.enrolled.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Queue" in browser.get("").text
    browser.post("sign-out")
    assert browser.get("").status_code == 303
    wrong = browser.client.post(
        "/console/sign-in", data={"name": "person-reviewer", "password": PASSWORD, "code": "0"}
    )
    assert wrong.status_code == 401
    assert "wrong" in wrong.text


def test_a_one_time_sign_in_is_used_up(platform: Platform, served: str) -> None:
    account = platform.accounts.create(SHELL, "vera", (Role.REVIEWER,))
    token = platform.sign_ins.issue(SHELL, account.id).token
    page = httpx.get(f"{served}/console/one-time/{token}")
    assert page.status_code == 200
    assert httpx.get(f"{served}/console/one-time/{token}/qr.svg").text.startswith("<?xml")
    refused = httpx.post(f"{served}/console/one-time/{token}", data={"password": PASSWORD})
    assert refused.status_code == 422
    platform.sign_ins.use(token)
    assert httpx.get(f"{served}/console/one-time/{token}").status_code == 401


ROUTES = {
    "": ("GET", {Role.REVIEWER, Role.LEAD}),
    "decided": ("GET", {Role.REVIEWER, Role.LEAD}),
    "cases/{case}": ("GET", {Role.REVIEWER, Role.LEAD}),
    "audit": ("GET", {Role.LEAD, Role.AUDITOR, Role.ADMINISTRATOR}),
    "audit/verify": ("POST", {Role.LEAD, Role.AUDITOR, Role.ADMINISTRATOR}),
    "cases/{case}/claim": ("POST", {Role.REVIEWER, Role.LEAD}),
    "cases/{case}/items/{item}/views": ("POST", {Role.REVIEWER, Role.LEAD}),
    "cases/{case}/decide": ("POST", {Role.REVIEWER, Role.LEAD}),
    "referrals/ref_none/approve": ("POST", {Role.REVIEWER, Role.LEAD}),
}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INTAKE])
def test_every_route_asks_the_role(
    platform: Platform, served: str, case_id: str, role: Role
) -> None:
    browser = Browser(platform, served, role)
    for route, (method, allowed) in ROUTES.items():
        path = route.format(case=case_id, item=item_of(platform, case_id))
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert (answer.status_code != 403) is (role in allowed), (route, answer.text)
    refused = [one for one in platform.audit.entries() if one.action == Action.ACCESS_REFUSED]
    expected = sum(role not in allowed for _method, allowed in ROUTES.values())
    # Looking for the CSRF word may itself be refused: those are recorded too.
    assert len(refused) >= expected


def test_forms_must_be_ours(reviewer: Browser, platform: Platform, case_id: str) -> None:
    assert reviewer.post(f"cases/{case_id}/claim", csrf="guess").status_code == 403
    assert reviewer.post(f"cases/{case_id}/claim", csrf="").status_code == 403
    word = reviewer.csrf
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = reviewer.client.post(
            f"/console/cases/{case_id}/claim", data={"csrf": word}, headers=headers
        )
        assert answer.status_code == 403
    strange = reviewer.client.get("/console/", headers={"Host": "evil.example"})
    assert strange.status_code == 400
    assert reviewer.post(f"cases/{case_id}/claim").status_code == 303


def test_no_picture_without_a_grant(reviewer: Browser, platform: Platform, case_id: str) -> None:
    item = item_of(platform, case_id)
    views = f"cases/{case_id}/items/{item}/views"
    assert reviewer.get(f"views/{item}.png").status_code == 403
    assert reviewer.post(views, fidelity="colour").status_code == 422
    assert reviewer.post(views, fidelity="everything").status_code == 422
    granted = reviewer.post(views, fidelity="tiny").json()
    picture = reviewer.client.get(granted["src"])
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "no-store"
    assert LISTED[200:264] not in picture.content
    assert reviewer.client.get(granted["src"]).status_code == 403
    assert reviewer.post(f"views/{granted['view']}/end").status_code == 204
    lead = Browser(platform, str(reviewer.client.base_url), Role.LEAD)
    second = reviewer.post(views, fidelity="tiny").json()
    assert lead.client.get(second["src"]).status_code == 403


def test_a_case_is_decided_and_its_referral_approved(
    reviewer: Browser, platform: Platform, case_id: str
) -> None:
    reviewer.post(f"cases/{case_id}/claim")
    page = reviewer.get(f"cases/{case_id}").text
    found = re.search(r'name="lease" value="([0-9a-f]+)"', page)
    assert found
    lease = found.group(1)
    decide = f"cases/{case_id}/decide"
    said = {"lease": lease, "size": "2", "outcome": "abusive", "note": "kept when refused"}
    refused = reviewer.post(decide, grounds="viewed", **said)
    assert refused.status_code == 422
    assert "kept when refused" in refused.text
    assert reviewer.post(decide, grounds="listed_copy", **said).status_code == 303
    (referral,) = platform.register.for_case(case_id)
    assert reviewer.post(f"referrals/{referral.id}/approve").status_code == 303
    assert platform.register.load(referral.id).approved_by == str(reviewer.account.actor)
    assert "abusive" in reviewer.get("decided").text


def test_two_reviewers_race_for_one_case(
    reviewer: Browser, platform: Platform, served: str, case_id: str
) -> None:
    lead = Browser(platform, served, Role.LEAD)
    answers = {
        reviewer.post(f"cases/{case_id}/claim").status_code,
        lead.post(f"cases/{case_id}/claim").status_code,
    }
    assert answers == {303, 409}
