"""A console over a real instance, and browsers without a screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.console_home import Home, copied, make_home
from tests.fixed_clock import FixedClock
from tests.straight import Straight

from tutela.access.roles import Role
from tutela.server import application

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESS = "http://127.0.0.1:8420"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Browser(httpx.Client):
    """A client that sends forms as a browser does: with cookies and the page's CSRF word."""

    def __init__(self, home: Home, address: str = ADDRESS) -> None:
        super().__init__(
            transport=Straight(application(home.platform)),
            base_url=address,
            follow_redirects=True,
        )
        self.word = ""

    def look(self, path: str) -> httpx.Response:
        """Open a page of the console and remember its CSRF word."""
        page = self.get(f"/console{path}")
        found = _CSRF.search(page.text)
        if found:
            self.word = found[1]
        return page

    def submit(
        self, path: str, fields: dict[str, str] | None = None, **more: str
    ) -> httpx.Response:
        """Send a form; the answer is the page that the browser ends on."""
        data = {"csrf": self.word, **(fields or {}), **more}
        return self.post(f"/console{path}", data=data)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A closed instance to copy."""
    made = make_home(tmp_path_factory.mktemp("console") / "home")
    made.platform.close()
    return made


@pytest.fixture
def home(template: Home, tmp_path: Path, clock: FixedClock) -> Iterator[Home]:
    made = copied(template, tmp_path / "home", clock)
    yield made
    made.platform.close()


@pytest.fixture
def stranger(home: Home) -> Browser:
    return Browser(home)


def signed_in(home: Home, role: Role) -> Browser:
    """Return a browser in which the person of a role is signed in."""
    browser = Browser(home)
    path = f"/one-time/{home.one_time(role)}"
    browser.look(path)
    assert browser.submit(path).status_code in {200, 403}
    home_page = "/queue" if role in {Role.REVIEWER, Role.LEAD} else "/audit"
    assert browser.look(home_page).status_code == 200
    return browser


@pytest.fixture
def reviewer(home: Home) -> Browser:
    return signed_in(home, Role.REVIEWER)
