"""Coming in by a session's cookie: what signing in is like has tests of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext
    from tests.browser.conftest import Tab
    from tests.console_home import Home

    from tutela.access.accounts import Account

LISTENING = "body[data-listening]"


def enter(tab: Tab, home: Home, person: Account, context: BrowserContext | None = None) -> None:
    """Give a browser the session of a person."""
    word = home.platform.sessions.start(person)
    cookie = {"name": "tutela_session", "value": word, "url": f"{tab.address}/console/"}
    (context or tab.page.context).add_cookies([cookie])  # type: ignore[list-item]
