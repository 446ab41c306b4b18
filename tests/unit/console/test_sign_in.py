"""Getting in: enrolment from a one-time link, then name, password and code; getting out."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pyotp
import pytest
from tests.console_home import Home, make_home
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixed_clock import FixedClock

PASSWORD = "four unrelated garden words"


@pytest.fixture
def serious(tmp_path: Path, clock: FixedClock) -> Iterator[Home]:
    """An instance in service, not a demonstration."""
    made = make_home(tmp_path / "serious", clock, demo=False)
    yield made
    made.platform.close()


def test_a_person_enrols_signs_in_and_leaves(serious: Home, clock: FixedClock) -> None:
    browser = Browser(serious)
    path = f"/one-time/{serious.one_time(Role.REVIEWER)}"
    page = browser.look(path).text
    assert "<svg" in page
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert secret
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    refused = browser.submit(path, password=PASSWORD, code="000000")
    assert refused.status_code == 422
    assert "The code is not" in refused.text
    queue = browser.submit(path, password=PASSWORD, code=app.at(clock()))
    assert "<h1>Queue</h1>" in queue.text
    assert browser.get(f"/console{path}").status_code == 401

    browser.look("/queue")
    gone = browser.submit("/sign-out")
    assert "<h1>Sign in</h1>" in gone.text
    assert "<h1>Sign in</h1>" in browser.get("/console/queue").text

    clock.advance(30)
    browser.look("/sign-in")
    name = serious.people[Role.REVIEWER].name
    wrong = browser.submit("/sign-in", name=name, password=PASSWORD, code="000000")
    assert wrong.status_code == 401
    assert "wrong" in wrong.text
    assert PASSWORD not in wrong.text
    browser.look("/sign-in")
    right = browser.submit("/sign-in", name=name, password=PASSWORD, code=app.at(clock()))
    assert "<h1>Queue</h1>" in right.text


def test_a_link_signs_nobody_in_at_once_in_service(serious: Home) -> None:
    browser = Browser(serious)
    path = f"/one-time/{serious.one_time(Role.REVIEWER)}"
    browser.look(path)
    assert browser.submit(path).status_code == 422
    assert "<h1>Sign in</h1>" in browser.get("/console/queue").text


def test_looking_at_a_link_does_not_use_it_up(home: Home, stranger: Browser) -> None:
    path = f"/one-time/{home.one_time(Role.REVIEWER)}"
    for _ in range(3):
        assert "This is a demonstration" in stranger.look(path).text
    assert "<h1>Queue</h1>" in stranger.submit(path).text
    assert "used, over or unknown" in html.unescape(stranger.get(f"/console{path}").text)


def test_an_old_session_ends_with_a_new_sign_in(home: Home, stranger: Browser) -> None:
    path = f"/one-time/{home.one_time(Role.REVIEWER)}"
    stranger.look(path)
    stranger.submit(path)
    old = stranger.cookies["tutela_session"]
    path = f"/one-time/{home.one_time(Role.LEAD)}"
    stranger.look(path)
    stranger.submit(path)
    assert stranger.cookies["tutela_session"] != old
    other = Browser(home)
    other.cookies.set("tutela_session", old)
    assert "<h1>Sign in</h1>" in other.get("/console/queue").text


def test_everybody_starts_where_their_role_works(home: Home) -> None:
    assert signed_in(home, Role.AUDITOR).get("/console/").url.path == "/console/audit"
    assert signed_in(home, Role.LEAD).get("/console/").url.path == "/console/queue"
