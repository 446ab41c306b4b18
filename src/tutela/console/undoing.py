"""Undoing a decision of one's own, for as long as nothing of it has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.console.pages import HOME, back

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages


class UndoingPages:
    """What the line at the top of every page offers while it can be."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def undo(self, request: Request) -> Response:
        """Take a decision back; its case is the person's again, with all that was typed."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id = request.path_params["case"]
        await run_in_threadpool(self._platform.casework.undo, asker.actor, case_id)
        return back(f"{HOME}cases/{case_id}")
