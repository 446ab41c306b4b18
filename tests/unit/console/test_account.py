"""One's own account: what proves a person changes only just after they proved it."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.authenticator import Authenticator
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.passkeys import Site
from tutela.access.recovery import COUNT
from tutela.access.roles import Role
from tutela.access.sessions import FRESH

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock

SITE = Site("localhost", "http://127.0.0.1:8420")
_OPTIONS = re.compile(r'data-options="([^"]+)"')


@pytest.fixture
def named(home: Home) -> Home:
    """The instance as if it went by a name: browsers allow no passkeys for numbers."""
    home.platform.passkeys.site = SITE
    return home


def options(page: str) -> str:
    found = _OPTIONS.search(page)
    assert found is not None
    return html.unescape(found[1])


def test_a_passkey_is_added_signs_in_and_is_removed(named: Home) -> None:
    key = Authenticator(SITE.origin, SITE.name)
    reviewer = signed_in(named, Role.REVIEWER)
    answer = key.make(options(reviewer.look("/account").text))
    assert (
        "my telephone"
        in reviewer.submit("/account/passkeys", answer=answer, note="my telephone").text
    )
    stranger = Browser(named)
    page = stranger.look("/sign-in").text
    assert "Queue" in stranger.submit("/passkey", answer=key.show(options(page))).text
    (kept,) = named.platform.passkeys.of(named.people[Role.REVIEWER].id)
    reviewer.submit(f"/account/passkeys/{kept.id}/remove")
    again = Browser(named)
    page = again.look("/sign-in").text
    assert again.submit("/passkey", answer=key.show(options(page))).status_code == 401


def test_an_answer_for_one_browser_does_not_sign_in_another(named: Home) -> None:
    key = Authenticator(SITE.origin, SITE.name)
    reviewer = signed_in(named, Role.REVIEWER)
    reviewer.submit("/account/passkeys", answer=key.make(options(reviewer.look("/account").text)))
    asked = options(Browser(named).look("/sign-in").text)
    other = Browser(named)
    other.look("/sign-in")
    assert other.submit("/passkey", answer=key.show(asked)).status_code == 401


def test_recovery_codes_are_shown_once(named: Home) -> None:
    reviewer = signed_in(named, Role.REVIEWER)
    reviewer.look("/account")
    shown = reviewer.submit("/account/recovery").text
    codes = re.findall(r"<code>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</code>", shown)
    assert len(codes) == COUNT
    assert codes[0] not in reviewer.look("/account").text


@pytest.mark.parametrize(
    "path", ["/account/passkeys", "/account/recovery", "/account/passkeys/x/remove"]
)
def test_a_session_found_open_does_not_become_a_way_back_in(
    named: Home, clock: FixedClock, path: str
) -> None:
    reviewer = signed_in(named, Role.REVIEWER)
    clock.advance(FRESH.total_seconds())
    assert "data-options" not in reviewer.look("/account").text
    assert reviewer.submit(path, answer="{}").status_code == 403
    assert named.platform.recovery.left(named.people[Role.REVIEWER].id) == 0


def test_where_browsers_allow_no_passkeys_none_is_offered(home: Home) -> None:
    assert "data-passkey" not in Browser(home).look("/sign-in").text
    page = signed_in(home, Role.REVIEWER).look("/account").text
    assert "public_url" in page
    assert replace(SITE, name="127.0.0.1").usable is False
