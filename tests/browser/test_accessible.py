"""Every page of the console: WCAG 2.2 AA by axe, in light and dark, and at 200 % zoom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from tests.browser.entering import LISTENING, enter
from tests.console_home import HOST

from tutela.access.preferences import Theme
from tutela.access.roles import Role, permissions
from tutela.cases.viewing import Fidelity
from tutela.console.app import console_app
from tutela.console.doors import SIGNED_IN, needs
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import second_review
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.decisions.second_review import second_reviews

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Tab
    from tests.console_home import Home

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# A picture, a part of a page, and where one is sent on at once.
NO_PAGE = {
    "/",
    "/views/{view}",
    "/views/{view}/tiles/{tile}",
    "/cases/{case}/availability",
    "/cases/{case}/present",
    "/day/meter",
    "/referrals/{referral}",
    "/sign-on",
    "/sign-on/back",
}
STRANGERS = ("/sign-in", "/one-time/{token}")
OPENED = "document.querySelectorAll('details').forEach(one => { one.open = true })"
ZOOMED = {"width": 640, "height": 450}
"""What is left of 1280 pixels at 200 %."""


def addresses(home: Home) -> list[tuple[Role, str]]:
    """Return the address of every page that somebody who is signed in can come to, and who can."""
    found: list[tuple[Role, str]] = []
    for (method, path), need in needs(console_app(home.platform).routes).items():
        if method != "GET" or path in NO_PAGE or path in STRANGERS:
            continue
        leads = need is SIGNED_IN or need in permissions((Role.LEAD,))
        role = Role.LEAD if leads else Role.ADMINISTRATOR
        if path == "/cases/{case}":
            filled = [f"/cases/{case}" for case in (home.known, home.near, home.unread)]
        elif path == "/reviews/{review}":
            filled = [f"/reviews/{one}" for one in _reviews(home)]
        elif path == "/appeals/{appeal}":
            filled = [f"/appeals/{one.appeal.id}" for one in home.platform.appealing.waiting()]
        else:
            filled = [path]
        found += [(role, one) for one in filled]
    unknown = [path for _, path in found if "{" in path]
    assert not unknown, f"say above how to come to {unknown}"
    return sorted(found)


def _reviews(home: Home) -> list[str]:
    with home.platform.database.reading() as connection:
        return list(connection.execute(sa.select(second_reviews.c.id)).scalars())


def peopled(home: Home) -> None:
    """One case decided, its referral drafted and two appeals, one of them taken; one case held."""
    reviewer, lead = home.people[Role.REVIEWER].actor, home.people[Role.LEAD].actor
    lease = home.platform.queue.claim(reviewer, home.known)
    finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, note="benign")
    home.platform.casework.decide(reviewer, home.known, lease.token, 1, finding)
    home.platform.queue.claim(lead, home.near)
    if not _reviews(home):  # one decision in some is drawn by itself
        with home.platform.audit.change(lead) as change:
            (decision,) = decisions_on_record.of_case(change.connection, home.known)
            second_review.put(change, decision)
    (review,) = _reviews(home)
    home.platform.second_look.take(lead, review)
    item = home.items(home.known)[0]
    for name in ("appeal-1", "appeal-2"):
        made = home.platform.appealing.receive(HOST, item, name, "It is a picture of a tree.")
    home.platform.appealing.take(lead, made.id)


def violations(page: Page) -> list[str]:
    """Return what axe finds on a page: the rule and where."""
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url}: {one['id']} at {[node['target'] for node in one['nodes']]}" for one in found
    ]


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_every_page_is_accessible_by_axe(tab: Tab, home: Home, theme: Theme) -> None:
    peopled(home)
    found = []
    tab.page.emulate_media(color_scheme="dark" if theme is Theme.DARK else "light")
    for path in ("/sign-in", f"/one-time/{home.one_time(Role.REVIEWER)}"):
        tab.open(path)
        found += violations(tab.page)
    for role in (Role.LEAD, Role.ADMINISTRATOR):
        home.platform.preferences.set_theme(home.people[role], theme)
    # The person's choice wins over the system's.
    tab.page.emulate_media(color_scheme="light" if theme is Theme.DARK else "dark")
    for role, path in addresses(home):
        enter(tab, home, home.people[role])
        tab.open(path)
        tab.page.wait_for_selector(LISTENING)
        ground = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(20, 23, 26)" if theme is Theme.DARK else "rgb(243, 243, 240)")
        tab.page.evaluate(
            "document.querySelectorAll('details').forEach(one => { one.open = true })"
        )
        found += violations(tab.page)
    tab.page.keyboard.press("?")
    found += violations(tab.page)
    assert found == []


def test_nothing_is_cut_off_at_twice_the_size(tab: Tab, home: Home) -> None:
    peopled(home)
    tab.page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    wide = []
    for role, path in ((Role.LEAD, "/sign-in"), *addresses(home)):
        enter(tab, home, home.people[role])
        tab.open(path)
        width = tab.page.evaluate("document.documentElement.scrollWidth")
        if width > ZOOMED["width"]:
            wide.append((path, width))
    assert wide == []


def test_what_a_reason_is_worth_stands_beside_it_and_moves_nothing(tab: Tab, home: Home) -> None:
    home.platform.queue.escalate(home.people[Role.LEAD].actor, home.known, "The child is there.")
    enter(tab, home, home.people[Role.REVIEWER])
    tab.open("/queue")
    tab.page.wait_for_selector(LISTENING)
    row = tab.page.locator("tr", has=tab.page.locator(".reason.near"))
    read_out = row.locator(".reason .unseen").text_content()
    assert read_out == ": as if it had waited 12 h longer"
    assert row.locator(".weight").inner_text() == "+12 h"
    before = row.bounding_box()
    row.locator(".reason").hover()
    row.focus()
    assert row.bounding_box() == before
    row.get_by_text("Open").click()
    tab.page.wait_for_url("**/cases/*")


def test_no_label_says_what_a_picture_shows(tab: Tab, home: Home) -> None:
    """Names of uploads, hashes and labels of lists are told as facts, and never as the picture."""
    peopled(home)
    lead = home.people[Role.LEAD]
    enter(tab, home, lead)
    item = home.items(home.near)[0]
    grant = home.platform.viewing.grant(lead.actor, home.near, item, Fidelity.SKETCH)
    tab.open(f"/cases/{home.near}?item={item}&view={grant.id}&fidelity=sketch")
    tab.page.wait_for_selector(".shown img")
    told = tab.page.eval_on_selector_all(
        "main img, main [aria-label], main figure, main canvas, main video",
        "all => all.map(one => one.getAttribute('alt') ?? one.getAttribute('aria-label') ?? '')",
    )
    assert any(re.fullmatch("evidence picture, (reduced|full) rendering", one) for one in told)
    for word in ("picture.png", "benign", "known", "account-2"):
        assert not [one for one in told if word in one]
