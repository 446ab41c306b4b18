"""One's own account: passkeys and recovery codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.console.freshness import is_fresh, require_fresh
from tutela.console.pages import HOME, back
from tutela.errors import InvalidInput, TutelaError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Asker, Pages


class AccountPages:
    """The page of what proves a person. To change it, they have signed in just now."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def all(self, request: Request) -> Response:
        """Show the person's passkeys and how many recovery codes are left."""
        return await self._page(await self._pages.asker(request))

    async def add(self, request: Request) -> Response:
        """Keep a passkey that the browser has made."""
        asker = await self._fresh(request)
        try:
            await run_in_threadpool(
                self._platform.passkeys.add,
                asker.session.account,
                asker.session.csrf,
                asker.field("answer"),
                asker.fields.get("note", ""),
            )
        except InvalidInput as problem:
            return await self._page(asker, problem=problem)
        return back(f"{HOME}account")

    async def remove(self, request: Request) -> Response:
        """Remove a passkey."""
        asker = await self._fresh(request)
        passkey = request.path_params["passkey"]
        await run_in_threadpool(self._platform.passkeys.remove, asker.session.account, passkey)
        return back(f"{HOME}account")

    async def recovery(self, request: Request) -> Response:
        """Make new recovery codes and show them, this once."""
        asker = await self._fresh(request)
        codes = await run_in_threadpool(self._platform.recovery.make, asker.session.account)
        return await self._page(asker, codes=codes)

    async def _fresh(self, request: Request) -> Asker:
        """Return who asks; a session found open must not be made into a way back in."""
        asker = await self._pages.asker(request)
        require_fresh(asker, self._platform.clock())
        return asker

    async def _page(
        self, asker: Asker, *, codes: tuple[str, ...] = (), problem: TutelaError | None = None
    ) -> Response:
        account, passkeys = asker.session.account, self._platform.passkeys
        changes = is_fresh(asker, self._platform.clock())
        offered = changes and passkeys.site.usable and not account.vouched
        options = await run_in_threadpool(passkeys.offer, account, asker.session.csrf)
        return self._pages.page(
            "account.html",
            asker,
            problem.http_status if problem else 200,
            problem=problem,
            keys=await run_in_threadpool(passkeys.of, account.id),
            options=options if offered else None,
            usable=passkeys.site.usable,
            changes=changes,
            codes=codes,
            left=await run_in_threadpool(self._platform.recovery.left, account.id),
        )
