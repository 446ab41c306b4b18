"""The life of a case in a real browser, by keyboard only; what the network carried; the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.casework import HOST
from tests.instance import LISTED

from tutela.access.roles import Role
from tutela.cli.session import SHELL
from tutela.content.item import AccountFacts
from tutela.decisions.decision import Grounds
from tutela.decisions.decision import of_case as decisions_of
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tutela.bootstrap import Platform

pytestmark = pytest.mark.browser
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(_QUIET))
        yield browser.new_page(viewport={"width": 1300, "height": 900})
        browser.close()


@pytest.fixture
def case_id(platform: Platform) -> str:
    answer = platform.intake.submit(HOST, Submission(LISTED, "post-1", AccountFacts(id="a")))
    return answer.case_id or ""


def enrol(platform: Platform, served: str, page: Page) -> None:
    """Use a one-time sign-in as a person would, with an authenticator."""
    import pyotp

    account = platform.accounts.create(SHELL, "vera", (Role.REVIEWER,))
    token = platform.sign_ins.issue(SHELL, account.id).token
    page.goto(f"{served}/console/one-time/{token}")
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("New password").fill("a phrase nobody guesses")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(platform.clock()))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_a_case_from_queue_to_decision_by_keyboard(
    platform: Platform, served: str, page: Page, case_id: str
) -> None:
    pictures: list[str] = []
    page.on(
        "response",
        lambda one: (
            pictures.append(one.url)
            if one.headers.get("content-type", "").startswith("image/")
            and "/static/" not in one.url
            else None
        ),
    )
    enrol(platform, served, page)
    seen_before = [url for url in pictures if "/qr.svg" not in url]
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("[data-claim]")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("form.decide")).to_be_visible()
    assert seen_before == [url for url in pictures if "/qr.svg" not in url] == []

    page.keyboard.press("2")
    page.keyboard.down("v")
    shown = page.locator("[data-picture]")
    expect(shown).to_be_visible()
    (granted,) = [url for url in pictures if "/qr.svg" not in url]
    assert "/console/views/" in granted
    page.keyboard.up("v")
    expect(shown).to_be_hidden()
    assert shown.get_attribute("src") is None

    page.keyboard.press("3")
    page.keyboard.down("v")
    page.keyboard.up("v")
    expect(page.locator("[data-said]")).to_contain_text("purpose")
    page.keyboard.press("Escape")

    page.keyboard.press("a")
    page.reload()
    expect(page.locator("input[name=outcome][value=abusive]")).to_be_checked()
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approve and send")).to_be_visible()
    page.get_by_text("Approve and send").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#referral .state")).not_to_have_text("drafted")
    with platform.database.reading() as connection:
        (decision,) = decisions_of(connection, case_id)
    assert decision.grounds is Grounds.LISTED_COPY
    assert decision.viewed_at == "tiny"
    (view,) = platform.viewing.of_case(case_id)
    assert view.seconds <= 30


def test_an_injected_script_does_not_run(
    platform: Platform, served: str, page: Page, case_id: str
) -> None:
    enrol(platform, served, page)
    page.goto(f"{served}/console/cases/{case_id}")
    blocked: list[Any] = []
    page.on("console", lambda one: blocked.append(one.text))
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
            const far = document.createElement("img");
            far.src = "http://127.0.0.1:9/far.png";
            document.body.append(far);
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.injected") is None
    assert len([text for text in blocked if "Content Security Policy" in text]) >= 2
