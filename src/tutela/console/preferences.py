"""A person's own choices: light or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.preferences import Theme
from tutela.console.pages import HOME, back
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages


class PreferencePages:
    """The page of what one has chosen for one's own console."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._book = pages.platform.preferences

    async def all(self, request: Request) -> Response:
        """Show what is chosen."""
        asker = await self._pages.asker(request)
        return self._pages.page("preferences.html", asker, themes=tuple(Theme))

    async def theme(self, request: Request) -> Response:
        """Choose light, dark, or whatever the system has."""
        asker = await self._pages.asker(request)
        try:
            theme = Theme(asker.field("theme"))
        except ValueError:
            known = ", ".join(Theme)
            raise InvalidInput("There is no such theme.", f"Use one of: {known}.") from None
        await run_in_threadpool(self._book.set_theme, asker.session.account, theme)
        return back(f"{HOME}preferences")
