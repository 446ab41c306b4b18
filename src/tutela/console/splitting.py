"""Splitting off what does not belong with the rest of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.console.pages import HOME, back

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages


class SplittingPages:
    """What makes two cases of one."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._splitting = pages.platform.splitting

    async def split(self, request: Request) -> Response:
        """Give a file a case of its own, and stay with the rest."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, lease = request.path_params["case"], asker.field("lease")
        item, whole = asker.field("item"), bool(asker.fields.get("whole"))

        def split() -> str:
            return self._splitting.split(asker.actor, case_id, lease, item, whole=whole)

        await run_in_threadpool(split)
        return back(f"{HOME}cases/{case_id}")
