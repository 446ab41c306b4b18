"""Alarms: the page of those that stand, and the line about them on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.console.pages import HOME, back

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages


class AlarmPages:
    """The pages of alarms."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._board = pages.platform.board

    async def all(self, request: Request) -> Response:
        """Show what stands, and what stood lately."""
        asker = await self._pages.asker(request, Permission.ALARM_HANDLE)
        standing = await run_in_threadpool(self._board.standing)
        recent = await run_in_threadpool(self._board.recent)
        past = [one for one in recent if one.cleared_at is not None]
        called = await self._pages.called()
        return self._pages.page("alarms.html", asker, standing=standing, past=past, called=called)

    async def acknowledge(self, request: Request) -> Response:
        """Say that a person has seen one."""
        asker = await self._pages.asker(request, Permission.ALARM_HANDLE)
        alarm, note = request.path_params["alarm"], asker.field("note")
        await run_in_threadpool(self._board.acknowledge, asker.actor, alarm, note)
        return back(f"{HOME}alarms")
