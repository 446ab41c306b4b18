"""The life of a case by keyboard, seen from the browser's side of the network."""

from __future__ import annotations

import io
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from PIL import Image
from tests.console_home import LISTED

from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.cases.viewing import Fidelity
from tutela.referrals.referral import State
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from playwright.sync_api import Route
    from tests.browser.conftest import Tab
    from tests.console_home import Home

pytestmark = pytest.mark.browser

PASSWORD = "four unrelated garden words"


def sign_in(tab: Tab, home: Home, role: Role = Role.REVIEWER) -> None:
    """Enrol, leave, and come back with all three proofs."""
    page = tab.page
    tab.open(f"/one-time/{home.one_time(role)}")
    app = pyotp.TOTP(page.inner_text(".secret").replace(" ", ""))
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", app.at(utc_now()))
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in")
    # A page that has arrived gives the focus a moment later.
    page.wait_for_selector("[name=name]:focus")
    page.keyboard.type(home.people[role].name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    # The next step's code: this one's was used to enrol.
    page.keyboard.type(app.at(utc_now() + timedelta(seconds=30)))
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")


_LISTENING = "body[data-listening]"
_A_TAP = 0.06


def tap(tab: Tab, key: str) -> None:
    """Press a key for 60 ms, however long the browser takes to attend to it."""
    now = time.time()
    for kind, at in (("keyDown", now), ("keyUp", now + _A_TAP)):
        tab.devtools.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": key, "code": f"Key{key.upper()}", "text": key, "timestamp": at},
        )


def reveal_by_keyboard(tab: Tab) -> None:
    """Take the rung on which spots are revealed; hold a key, move the spot, let go, hide."""
    page = tab.page
    tap(tab, "v")
    tab.drawn("[data-ground] > img")
    page.wait_for_selector("[data-spot]:not([hidden])")
    page.keyboard.press("ArrowRight")
    page.keyboard.down("f")
    tab.drawn("img.tile")
    first = page.get_attribute("img.tile", "src")
    page.keyboard.press("ArrowDown")
    tab.drawn("img.tile", other_than=first)
    assert page.locator("img.tile").count() == 1, "the browser holds more than one tile"
    assert page.input_value("[name=across]") == "550"
    assert page.input_value("[name=down]") == "550"
    page.keyboard.up("f")
    page.wait_for_selector("img.tile", state="detached")
    page.keyboard.press("Escape")
    page.wait_for_selector(".nothing")


def granted_tiles(home: Home, case_id: str) -> list[str]:
    """Return the tiles on record, of which each was granted and recorded by itself."""
    entries = home.platform.audit.entries(case_id)
    return [one.details["tile"] for one in entries if one.action == Action.VIEW_TILE_GRANTED]


def test_a_case_is_decided_by_keyboard_and_seen_only_by_grant(tab: Tab, home: Home) -> None:
    page, press = tab.page, tab.page.keyboard.press
    sign_in(tab, home)
    page.wait_for_selector(_LISTENING)
    press("j")
    press("j")
    press("Enter")
    page.wait_for_url(f"**/cases/{home.known}")
    press("c")
    page.wait_for_selector(f"{_LISTENING} #lease")
    assert tab.pictures() == [], "picture bytes came before anybody asked"

    tap(tab, "v")
    page.wait_for_selector(".shown img")
    tab.drawn(".shown img")
    (answer,) = tab.pictures()
    sketch = Image.open(io.BytesIO(answer.body()))
    assert max(sketch.size) <= 320
    assert answer.body() != LISTED
    assert answer.headers["cache-control"] == "no-store"
    press("Escape")
    page.wait_for_selector(".nothing")

    tap(tab, "v")
    page.wait_for_selector(".shown img")
    press("Escape")
    reveal_by_keyboard(tab)
    # From here a purpose is needed: the key leads to its field and shows nothing.
    tap(tab, "v")
    assert page.evaluate("document.activeElement.name") == "purpose"
    page.keyboard.type("tell it from a similar one")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.down("v")
    page.wait_for_selector(".shown img")
    page.wait_for_timeout(400)
    page.keyboard.up("v")
    page.wait_for_selector(".nothing")

    press("a")
    assert page.is_checked("[value=abusive]")
    assert page.is_checked("[value=listed_copy]")
    press("d")
    page.keyboard.type("by keyboard")
    page.reload()
    assert page.input_value("[data-note]") == "by keyboard", "a reload lost what was typed"
    assert page.is_checked("[value=listed_copy]")
    page.focus("[data-decide]")
    press("Enter")
    page.wait_for_selector(f"{_LISTENING} #referral")

    page.focus("[data-hold]")
    press("Enter")
    assert _states(home) == [State.DRAFTED], "a mere press sent the referral"
    page.keyboard.down("Enter")
    page.wait_for_selector("[data-hold]", state="detached")
    page.keyboard.up("Enter")
    assert State.DRAFTED not in _states(home)
    page.wait_for_selector(_LISTENING)
    press("x")
    page.wait_for_url(f"**/cases/{home.near}")

    seen = [view.fidelity for view in home.platform.viewing.of_case(home.known)]
    assert seen == [Fidelity.SKETCH, Fidelity.TINY, Fidelity.REVEAL, Fidelity.LARGER]
    tiles = granted_tiles(home, home.known)
    assert len(tiles) == 2
    assert len(tab.pictures()) == len(seen) + len(tiles), "a picture without its record"
    for answer in tab.answers:
        assert answer.headers.get("content-length") != str(len(LISTED)), answer.url
    assert not [one for one in tab.complaints if "Content Security Policy" in one]


def test_injected_scripts_do_not_run(tab: Tab, home: Home) -> None:
    sign_in(tab, home)

    def inject(route: Route) -> None:
        answer = route.fetch()
        planted = (
            "<script>window.planted = 1</script>"
            '<img src="data:," onerror="window.planted = 2">'
            '<a id="trap" href="javascript:void(window.planted = 3)">x</a>'
            '<b id="late" hx-get="/console/queue" hx-trigger="load[window.planted = 4]">x</b>'
            '<script src="https://evil.example/x.js"></script>'
        )
        route.fulfill(response=answer, body=answer.text().replace("</main>", planted + "</main>"))

    tab.page.route("**/console/decided", inject)
    tab.open("/decided")
    # In a moment of its own: a script that did run might take the page, and this call, with it.
    tab.page.evaluate("setTimeout(() => document.getElementById('trap').click())")
    tab.page.evaluate(
        "const made = document.createElement('script'); made.textContent = 'window.planted = 5';"
        "document.body.append(made)"
    )
    tab.page.wait_for_timeout(500)
    assert tab.page.evaluate("window.planted") is None
    assert [one for one in tab.complaints if "Content Security Policy" in one]


def test_everything_but_holding_works_without_scripts(home: Home, tab: Tab) -> None:
    browser = tab.page.context.browser
    assert browser
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{tab.address}/console/one-time/{home.one_time(Role.REVIEWER)}")
    app = pyotp.TOTP(page.inner_text(".secret").replace(" ", ""))
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", app.at(utc_now()))
    page.click("text=Enrol")
    page.click(f"tr:has(a[href$='{home.near}']) >> text=Claim")
    page.click("button:has-text('sketch')")
    page.wait_for_selector(".shown img")
    page.click("text=Hide")
    page.wait_for_selector(".nothing")
    (view,) = home.platform.viewing.of_case(home.near)
    assert view.fidelity is Fidelity.SKETCH
    page.check("[value=not_abusive]")
    page.check("[value=wrong_match]")
    page.click("[data-decide]")
    page.wait_for_selector("text=Not abusive")
    assert home.platform.queue.waiting()[-1].case.id != home.near


def _states(home: Home) -> list[State]:
    return [one.state for one in home.platform.register.for_case(home.known)]


def test_the_next_case_is_taken_skipped_and_put_first_by_keys(tab: Tab, home: Home) -> None:
    page, press = tab.page, tab.page.keyboard.press
    sign_in(tab, home)
    page.wait_for_selector(_LISTENING)
    press("x")
    page.wait_for_url(f"**/cases/{home.near}")
    page.wait_for_selector(f"{_LISTENING} #lease")
    press("s")
    page.wait_for_url("**/queue")
    page.wait_for_selector(_LISTENING)
    press("x")
    page.wait_for_url(f"**/cases/{home.unread}")
    page.wait_for_selector(_LISTENING)
    press("!")
    page.wait_for_selector("#danger[open]")
    press("Enter")
    page.wait_for_selector(".reason.danger")
    assert home.platform.queue.waiting()[0].case.id == home.unread
