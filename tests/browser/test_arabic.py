"""The console from the right to the left: mirrored, accessible, and used by keys alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.browser.entering import LISTENING, enter
from tests.browser.test_accessible import OPENED, ZOOMED, violations

from tutela.access.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page
    from tests.browser.conftest import Tab
    from tests.console_home import Home

pytestmark = pytest.mark.browser


def box(page: Page, what: str) -> FloatRect:
    found = page.locator(what).first.bounding_box()
    assert found, what
    return found


def is_mirrored(page: Page) -> bool:
    """Say whether the page runs from the right: its way, its head, its text."""
    html = page.locator("html")
    way = (html.get_attribute("lang"), html.get_attribute("dir"))
    return way == ("ar", "rtl") and box(page, ".brand")["x"] > 600


def test_a_stranger_reads_arabic_where_the_browser_asks_for_it(tab: Tab) -> None:
    browser = tab.page.context.browser
    assert browser
    context = browser.new_context(locale="ar", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{tab.address}/console/sign-in")
    assert is_mirrored(page)
    assert page.locator("h1").inner_text() == "تسجيل الدخول"
    assert violations(page) == []
    context.close()


def test_a_case_is_decided_by_keys_in_arabic(tab: Tab, home: Home) -> None:
    reviewer = home.people[Role.REVIEWER]
    home.platform.preferences.set_language(reviewer, "ar")
    enter(tab, home, reviewer)
    page = tab.page
    tab.open("/queue")
    page.wait_for_selector(LISTENING)
    assert is_mirrored(page)
    first, last = box(page, "table.list th:first-child"), box(page, "table.list th:last-child")
    assert first["x"] > last["x"]
    assert violations(page) == []

    tab.open(f"/cases/{home.known}")
    page.wait_for_selector(LISTENING)
    page.keyboard.press("c")
    page.wait_for_selector("[data-decide]")
    page.wait_for_selector(LISTENING)
    # Clusters, stage, reasons: from the right to the left.
    assert box(page, ".files")["x"] > box(page, "#stage")["x"] > box(page, ".why")["x"]
    code = page.locator(".facts code").first
    assert code.evaluate("one => getComputedStyle(one).direction") == "ltr"
    assert violations(page) == []

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert "هذه الورقة" in page.locator("#keys").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert page.locator("input[value=abusive]").is_checked()
    tab.until("document.querySelector('[data-kept]').textContent === 'حُفظ.'")
    page.locator("[data-decide]").press("Enter")
    page.wait_for_selector("[data-hold]")
    page.wait_for_selector(LISTENING)
    hint = page.locator("[data-hold-hint]").inner_text()
    assert hint.startswith("اضغط ثانيةً واحدة للإرسال.")
    tab.until("/\\d+\\S? ث/.test(document.querySelector('[data-leaves-said]').textContent)")
    assert violations(page) == []
    assert tab.complaints == []


def test_nothing_is_cut_off_in_arabic_at_twice_the_size(tab: Tab, home: Home) -> None:
    lead = home.people[Role.LEAD]
    home.platform.preferences.set_language(lead, "ar")
    enter(tab, home, lead)
    tab.page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    wide = []
    for path in ("/queue", f"/cases/{home.near}", "/day", "/team", "/lists", "/preferences"):
        tab.open(path)
        tab.page.wait_for_selector(LISTENING)
        tab.page.evaluate(OPENED)
        if tab.page.evaluate("document.documentElement.scrollWidth") > ZOOMED["width"]:
            wide.append(path)
    assert wide == []
