"""A passkey in a real browser, with the authenticator that Chromium simulates."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tutela.access.passkeys import Site
from tutela.access.roles import Role

if TYPE_CHECKING:
    from tests.browser.conftest import Tab
    from tests.console_home import Home

pytestmark = pytest.mark.browser

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_made_and_signs_in_under_the_strict_policy(home: Home, tab: Tab) -> None:
    port = urlsplit(tab.address).port
    # Browsers make no passkeys for a bare number, so the tab goes by the name.
    tab.address = f"http://localhost:{port}"
    home.platform.passkeys.site = Site("localhost", tab.address)
    tab.devtools.send("WebAuthn.enable")
    tab.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    person = home.people[Role.REVIEWER]
    word = home.platform.sessions.start(person)
    cookie = {"name": "tutela_session", "value": word, "url": f"{tab.address}/console/"}
    tab.page.context.add_cookies([cookie])  # type: ignore[list-item]
    tab.open("/account")
    tab.page.get_by_label("Name it").fill("the simulated device")
    tab.page.get_by_role("button", name="Add a passkey").click()
    tab.page.get_by_role("cell", name="the simulated device", exact=True).wait_for()
    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.get_by_role("button", name="Sign in with a passkey").click()
    tab.page.get_by_role("heading", name="Queue").wait_for()
    assert home.platform.passkeys.of(person.id)[0].last_used_at is not None
    assert tab.complaints == []
