"""A person's own choices: light or dark, which language, and which key does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.preferences import Theme
from tutela.console import keymap
from tutela.console.pages import HOME, back
from tutela.console.sentences import languages
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Asker, Pages
    from tutela.errors import TutelaError

_KEY = "key_"


class PreferencePages:
    """The page of what one has chosen for one's own console."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._book = pages.platform.preferences

    async def all(self, request: Request) -> Response:
        """Show what is chosen."""
        asker = await self._pages.asker(request)
        return self._page(asker)

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

    async def language(self, request: Request) -> Response:
        """Choose one of the languages, or whatever the browser asks for."""
        asker = await self._pages.asker(request)
        code = asker.field("language") or None
        if code is not None and code not in languages():
            known = ", ".join(languages())
            raise InvalidInput("There is no such language.", f"Use one of: {known}.")
        await run_in_threadpool(self._book.set_language, asker.session.account, code)
        return back(f"{HOME}preferences")

    async def keys(self, request: Request) -> Response:
        """Keep which key does what; one that would do two things is refused."""
        asker = await self._pages.asker(request)
        wanted = {
            name.removeprefix(_KEY): said.strip()
            for name, said in asker.fields.items()
            if name.startswith(_KEY)
        }
        try:
            changed = keymap.checked(wanted)
        except InvalidInput as problem:
            # What was typed stays on the page.
            return self._page(asker, problem)
        await run_in_threadpool(self._book.set_keys, asker.session.account, changed)
        return back(f"{HOME}preferences")

    async def reset(self, request: Request) -> Response:
        """Go back to the usual keys."""
        asker = await self._pages.asker(request)
        await run_in_threadpool(self._book.set_keys, asker.session.account, {})
        return back(f"{HOME}preferences")

    async def left(self, request: Request) -> Response:
        """Take the keys for a left hand alone."""
        asker = await self._pages.asker(request)
        changed = keymap.checked(keymap.LEFT_HAND)
        await run_in_threadpool(self._book.set_keys, asker.session.account, changed)
        return back(f"{HOME}preferences")

    def _page(self, asker: Asker, problem: TutelaError | None = None) -> Response:
        return self._pages.page(
            "preferences.html",
            asker,
            problem.http_status if problem else 200,
            themes=tuple(Theme),
            typed=asker.fields,
            problem=problem,
        )
