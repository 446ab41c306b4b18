"""A real browser before a real server on loopback."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from tests.console_home import Home, make_home
from tests.instance import serving

from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import CDPSession, Page, Response

_PATIENCE = 30.0
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Tab:
    """One tab, everything the server sent to it, and what it complained about."""

    page: Page
    address: str
    answers: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @cached_property
    def devtools(self) -> CDPSession:
        """Return the line by which events are sent with times of their own."""
        return self.page.context.new_cdp_session(self.page)

    def open(self, path: str) -> None:
        """Go to a page of the console."""
        self.page.goto(f"{self.address}/console{path}")

    def heard(self, answer: Response) -> None:
        """Remember an answer of the server."""
        self.answers.append(answer)

    def until(self, expression: str) -> None:
        """Wait until something is true in the page, whose policy lets nothing wait there."""
        end = time.monotonic() + _PATIENCE
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"never: {expression}"
            self.page.wait_for_timeout(50)

    def drawn(self, picture: str, other_than: str | None = None) -> None:
        """Wait until a picture is loaded, and is another than the one at an address."""
        found = f"document.querySelector({picture!r})"
        self.until(
            f"{found}?.naturalWidth > 0 && {found}.getAttribute('src') !== {other_than or ''!r}"
        )

    def pictures(self) -> list[Response]:
        """Return the picture answers so far, the console's own mark aside."""
        return [
            one
            for one in self.answers
            if one.headers.get("content-type", "").startswith("image/")
            and "/console/static/" not in one.url
        ]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = make_home(tmp_path / "home", utc_now, demo=False)
    yield made
    made.platform.close()


@pytest.fixture
def tab(home: Home, chromium: str) -> Iterator[Tab]:
    with serving(home.platform) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        opened = Tab(page, address)
        page.on("response", opened.heard)
        page.on("console", lambda said: opened.complaints.append(said.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        yield opened
        browser.close()
