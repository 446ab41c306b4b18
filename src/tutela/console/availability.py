"""What of a case cannot be shown, and checking that again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import availability
from tutela.cases import case as cases_on_record
from tutela.console.pages import HOME, back

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.cases.availability import Unshowable
    from tutela.cases.case import Case
    from tutela.console.pages import Pages


class AvailabilityPages:
    """The part of a case's page that says what cannot be shown."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def state(self, request: Request) -> Response:
        """Show that part alone."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        case, found = await run_in_threadpool(self._found, request.path_params["case"])
        return self._pages.page("_unavailable.html", asker, case=case, unavailable=found)

    async def recheck(self, request: Request) -> Response:
        """Try again whether a file can be shown, showing nothing."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        case_id, item_id = request.path_params["case"], asker.field("item")
        await run_in_threadpool(
            self._platform.viewing.availability.recheck, asker.actor, case_id, item_id
        )
        return back(f"{HOME}cases/{case_id}")

    def _found(self, case_id: str) -> tuple[Case, tuple[Unshowable, ...]]:
        with self._platform.database.reading() as connection:
            case = cases_on_record.load(connection, case_id)
            return case, availability.of_case(connection, case_id)
