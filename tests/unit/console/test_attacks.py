"""What others can make a browser do or carry does not make them somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.gate import OPERATOR_OF_THE_MACHINE
from tutela.access.roles import Role
from tutela.access.second_person import State, Verb
from tutela.console.pages import COOKIE, VISIT
from tutela.errors import NotSignedIn

if TYPE_CHECKING:
    from tests.console_home import Home

PLANTED = "a-word-that-an-attacker-chose"


def enter(home: Home, browser: Browser) -> None:
    path = f"/one-time/{home.one_time(Role.LEAD)}"
    browser.look(path)
    browser.submit(path)


@pytest.mark.parametrize("name", [COOKIE, VISIT])
def test_a_planted_cookie_does_not_become_a_session(home: Home, name: str) -> None:
    victim = Browser(home)
    victim.cookies.set(name, PLANTED, domain="127.0.0.1", path="/console")
    enter(home, victim)
    words = [one.value for one in victim.cookies.jar if one.name == COOKIE and one.value]
    assert words and PLANTED not in words
    with pytest.raises(NotSignedIn):
        home.platform.sessions.find(PLANTED)
    attacker = Browser(home)
    attacker.cookies.set(COOKIE, PLANTED, domain="127.0.0.1", path="/console")
    assert attacker.get("/console/queue", follow_redirects=False).status_code == 303


def test_an_earlier_session_of_the_browser_ends_when_another_starts(home: Home) -> None:
    browser = signed_in(home, Role.REVIEWER)
    earlier = browser.cookies.get(COOKIE)
    enter(home, browser)
    assert browser.cookies.get(COOKIE) != earlier
    with pytest.raises(NotSignedIn):
        home.platform.sessions.find(earlier)


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, True),
        ({}, False),
    ],
)
def test_no_other_site_confirms_for_somebody(
    home: Home, headers: dict[str, str], word: bool
) -> None:
    one = home.platform.approvals.ask(OPERATOR_OF_THE_MACHINE, Verb.EXPORT, "evd_1", "why")
    lead = signed_in(home, Role.LEAD)
    lead.look("/approvals")
    sent = {"csrf": lead.word} if word else {"csrf": "a guess"}
    path = f"/console/approvals/{one.id}/confirm"
    assert lead.post(path, data=sent, headers=headers).status_code == 403
    assert home.platform.approvals.load(one.id).state is State.ASKED
    # The same, from our own page, does it: so it was the place and not the form.
    assert lead.post(path, data={"csrf": lead.word}).status_code == 200
    assert home.platform.approvals.load(one.id).state is State.CONFIRMED


def test_the_word_of_another_session_is_worth_nothing(home: Home) -> None:
    reviewer, lead = signed_in(home, Role.REVIEWER), signed_in(home, Role.LEAD)
    reviewer.look("/queue")
    lead.look("/queue")
    answer = lead.post("/console/sign-out", data={"csrf": reviewer.word})
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
def test_only_forms_change_anything(home: Home, kind: str) -> None:
    lead = signed_in(home, Role.LEAD)
    body = f"csrf={lead.word}".encode()
    headers = {"Content-Type": kind}
    assert lead.post("/console/sign-out", content=body, headers=headers).status_code == 400
    assert lead.get("/console/sign-out", follow_redirects=False).status_code in {400, 405}
