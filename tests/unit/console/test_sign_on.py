"""Through the organisation's identity provider and back, in one browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
from tests.identity_provider import CLIENT, SECRET, provider
from tests.unit.console.conftest import Browser

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.simulators.identity_provider import IdentityProvider, Person

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock

    from tutela.bootstrap import Platform


def test_the_way_through_the_provider_and_back(home: Home, clock: FixedClock) -> None:
    with provider() as simulated:
        simulated.clock = lambda: clock().timestamp()
        simulated.person = Person("s-1", "anna", ["moderators"])
        platform = _with_provider(home, simulated, clock)
        browser = Browser(replace(home, platform=platform))
        assert "through your organisation" in browser.look("/sign-in").text
        away = browser.get("/console/sign-on", follow_redirects=False)
        said = httpx.get(away.headers["location"], trust_env=False).headers["location"]
        way = said.partition("8420")[2]
        kept = browser.cookies.get("tutela_sign_on", path="/console/sign-on")
        # A code that somebody else brought is worth nothing in this browser.
        assert Browser(replace(home, platform=platform)).get(way).status_code == 401
        back = browser.get(way, follow_redirects=False)
        assert "SameSite=strict" in back.headers["set-cookie"]
        assert browser.look("/queue").status_code == 200
        assert browser.get(way, follow_redirects=False).status_code == 401
        assert kept
        platform.close()


def test_the_provider_logs_somebody_out_by_its_back_channel(home: Home, clock: FixedClock) -> None:
    with provider() as simulated:
        simulated.clock = lambda: clock().timestamp()
        simulated.person = Person("s-1", "anna", ["moderators"])
        platform = _with_provider(home, simulated, clock)
        browser = Browser(replace(home, platform=platform))
        away = browser.get("/console/sign-on", follow_redirects=False)
        said = httpx.get(away.headers["location"], trust_env=False).headers["location"]
        browser.get(said.partition("8420")[2], follow_redirects=False)
        assert browser.look("/queue").status_code == 200
        # Its own call: no cookie, no word of a page of ours.
        outside = Browser(replace(home, platform=platform))
        form = {"logout_token": "nonsense"}
        refused = outside.post("/console/sign-on/out", data=form)
        assert (refused.status_code, refused.json()) == (400, {"error": "invalid_request"})
        assert browser.look("/queue").status_code == 200
        form = {"logout_token": simulated.logout_token(simulated.person)}
        taken = outside.post("/console/sign-on/out", data=form)
        assert (taken.status_code, taken.headers["cache-control"]) == (200, "no-store")
        assert browser.get("/console/queue", follow_redirects=False).status_code == 303
        platform.close()


def test_where_there_is_no_provider_there_is_no_way_to_it(stranger: Browser) -> None:
    assert "organisation" not in stranger.look("/sign-in").text
    assert stranger.get("/console/sign-on").status_code == 404
    assert stranger.post("/console/sign-on/out", data={"logout_token": "x"}).status_code == 400


def _with_provider(home: Home, simulated: IdentityProvider, clock: FixedClock) -> Platform:
    given = {
        "issuer": simulated.address,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "roles": {"moderators": ["reviewer"]},
    }
    folder = home.platform.settings.home
    return bootstrap.open_platform(settings_file.load(folder, identity_provider=given), clock)
