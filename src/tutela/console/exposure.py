"""My day: what one has seen, what is left, stopping, and what one does not want to be offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import exposure
from tutela.console.pages import HOME, back

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages

_FIELD = "not_"


class ExposurePages:
    """The page of a person's own day. Nobody else is shown it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._budget = pages.platform.budget
        self._opt_outs = pages.platform.opt_outs

    async def mine(self, request: Request) -> Response:
        """Show the asker's day."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        return self._pages.page(
            "day.html",
            asker,
            day=await run_in_threadpool(self._budget.day, asker.actor),
            limits=self._budget.limits,
            weights=exposure,
            offered=await run_in_threadpool(self._opt_outs.offered),
            chosen=await run_in_threadpool(self._opt_outs.of, asker.actor),
            called=await self._pages.called(),
            checks=await run_in_threadpool(self._pages.platform.golden.own, asker.actor),
        )

    async def meter(self, request: Request) -> Response:
        """Show the line about the day again, after a look."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        day = await run_in_threadpool(self._budget.day, asker.actor)
        called = await self._pages.called()
        return self._pages.page("_budget.html", asker, day=day, called=called)

    async def stop(self, request: Request) -> Response:
        """Stop for today."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        await run_in_threadpool(self._budget.stop, asker.actor)
        return back(f"{HOME}day")

    async def resume(self, request: Request) -> Response:
        """Go on after all."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        await run_in_threadpool(self._budget.resume, asker.actor)
        return back(f"{HOME}day")

    async def opt_out(self, request: Request) -> Response:
        """Choose what not to be offered."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        chosen = [name.removeprefix(_FIELD) for name in asker.fields if name.startswith(_FIELD)]
        await run_in_threadpool(self._opt_outs.choose, asker.actor, chosen)
        return back(f"{HOME}day")
