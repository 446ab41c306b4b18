"""What a browser may do with the console, and who may ask: headers, hosts, cookies, forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.unit.console.conftest import ADDRESS, Browser, signed_in

from tutela.access.roles import Role
from tutela.audit.entry import Action

if TYPE_CHECKING:
    from tests.console_home import Home

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize("path", ["/queue", "/decided", "/referrals", "/nowhere", "/audit"])
def test_every_page_is_shielded_and_never_kept(reviewer: Browser, path: str) -> None:
    headers = reviewer.get(f"/console{path}").headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_pages_hold_no_inline_script_or_style(home: Home, reviewer: Browser) -> None:
    reviewer.look("/queue")
    reviewer.submit(f"/cases/{home.known}/claim")
    for path in ("/queue", f"/cases/{home.known}", "/decided", "/referrals"):
        page = reviewer.get(f"/console{path}").text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)


def test_what_uploaders_write_is_text(home: Home, reviewer: Browser) -> None:
    page = reviewer.get(f"/console/cases/{home.known}").text
    assert "benign &lt;script&gt;" in page
    assert "<script>" not in page


def test_a_foreign_host_name_is_answered_with_nothing(home: Home) -> None:
    answer = Browser(home, "http://evil.example").get("/console/queue")
    assert answer.status_code == 400
    assert "public_url" in answer.text


def test_cookies_are_closed_to_scripts_and_other_sites(home: Home, stranger: Browser) -> None:
    path = f"/one-time/{home.one_time(Role.REVIEWER)}"
    stranger.look(path)
    answer = stranger.post(f"/console{path}", data={"csrf": stranger.word}, follow_redirects=False)
    assert answer.status_code == 303
    for cookie in answer.headers.get_list("set-cookie"):
        lower = cookie.lower()
        assert "httponly" in lower
        assert "samesite=strict" in lower
        assert "path=/console" in lower


@pytest.mark.parametrize("word", [None, "", "x" * 64])
def test_a_form_without_the_sessions_word_changes_nothing(
    home: Home, reviewer: Browser, word: str | None
) -> None:
    data = {"other": "field"} if word is None else {"csrf": word}
    answer = reviewer.post(f"/console/cases/{home.known}/claim", data=data)
    assert answer.status_code == 403
    assert all(row.case.leased_by is None for row in home.platform.queue.waiting())


def test_a_form_with_another_sessions_word_changes_nothing(home: Home, reviewer: Browser) -> None:
    other = signed_in(home, Role.LEAD)
    reviewer.word = other.word
    assert reviewer.submit(f"/cases/{home.known}/claim").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_form_from_another_site_changes_nothing(
    home: Home, reviewer: Browser, headers: dict[str, str]
) -> None:
    answer = reviewer.post(
        f"/console/cases/{home.known}/claim", data={"csrf": reviewer.word}, headers=headers
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": ADDRESS}, {}],
)
def test_a_form_from_our_own_pages_works(
    home: Home, reviewer: Browser, headers: dict[str, str]
) -> None:
    answer = reviewer.post(
        f"/console/cases/{home.known}/claim", data={"csrf": reviewer.word}, headers=headers
    )
    assert answer.status_code == 200


def test_strangers_forms_need_their_word_too(home: Home, stranger: Browser) -> None:
    stranger.look("/sign-in")
    fields = {"name": "root", "password": "x", "code": "000000"}
    assert stranger.post("/console/sign-in", data=fields).status_code == 403
    assert stranger.submit("/sign-in", fields).status_code == 401
    refused = [one for one in home.platform.audit.entries() if one.action == Action.SIGN_IN_REFUSED]
    assert len(refused) == 1


def test_a_form_too_long_is_refused(reviewer: Browser, home: Home) -> None:
    answer = reviewer.submit(f"/cases/{home.known}/claim", note="x" * 70_000)
    assert answer.status_code == 413
    assert "Shorten" in answer.text


def test_only_forms_are_read(reviewer: Browser, home: Home) -> None:
    answer = reviewer.post(f"/console/cases/{home.known}/claim", json={"csrf": reviewer.word})
    assert answer.status_code == 400


def test_static_files_may_be_kept_but_not_blindly(stranger: Browser) -> None:
    answer = stranger.get("/console/static/console.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/"])
def test_static_files_end_at_their_folder(stranger: Browser, path: str) -> None:
    assert stranger.get(f"/console{path}").status_code in {303, 404}


def test_an_error_says_what_to_do(reviewer: Browser) -> None:
    answer = reviewer.get("/console/cases/cas_nothing")
    assert answer.status_code == 404
    assert "What to do:" in answer.text
    assert "Check the identifier." in answer.text
