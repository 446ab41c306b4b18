"""Appeals: what accounts say against removals, answered by somebody who did not decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import case as cases_on_record
from tutela.console.pages import HOME, back
from tutela.decisions.appeal import is_fresh
from tutela.decisions.decision import GROUNDS_FOR, Finding, Grounds, Outcome
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Asker, Pages
    from tutela.content.item import Item

_GROUNDS = tuple(
    one for one in GROUNDS_FOR[Outcome.NOT_ABUSIVE] if one is not Grounds.DECIDED_BEFORE
)
"""An earlier decision is no grounds here: a fresh look is what is asked for."""
_LONGEST = 4000


class AppealPages:
    """The pages of appeals."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._appealing = pages.platform.appealing

    async def all(self, request: Request) -> Response:
        """Show what waits for an answer, oldest first, and the newest answers."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        return self._pages.page(
            "appeals.html",
            asker,
            waiting=await run_in_threadpool(self._appealing.waiting),
            answered=await run_in_threadpool(self._appealing.answered),
            now=self._pages.platform.clock(),
            called=await self._pages.called(),
        )

    async def one(self, request: Request) -> Response:
        """Show one appeal, the decisions it is about, and the forms of who has taken it."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        return await self._page(asker, request.path_params["appeal"])

    async def take(self, request: Request) -> Response:
        """Take an appeal; refused to who decided its case."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        appeal_id = request.path_params["appeal"]
        await run_in_threadpool(self._appealing.take, asker.actor, appeal_id)
        return back(f"{HOME}appeals/{appeal_id}")

    async def uphold(self, request: Request) -> Response:
        """Let the decision stand."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        appeal_id = request.path_params["appeal"]
        note = asker.field("note").strip()[:_LONGEST]
        await run_in_threadpool(self._appealing.uphold, asker.actor, appeal_id, note)
        return back(f"{HOME}appeals/{appeal_id}")

    async def reverse(self, request: Request) -> Response:
        """Decide the case the other way."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        appeal_id, said = request.path_params["appeal"], asker.field("grounds")
        grounds = next((one for one in _GROUNDS if one.value == said), None)
        size = asker.field("size")
        if grounds is None or not size.isdigit():
            raise InvalidInput("The form lacks the grounds.", "Choose why the decision was wrong.")
        finding = Finding(Outcome.NOT_ABUSIVE, grounds, note=asker.field("note").strip())
        await run_in_threadpool(self._appealing.reverse, asker.actor, appeal_id, int(size), finding)
        return back(f"{HOME}appeals/{appeal_id}")

    async def _page(self, asker: Asker, appeal_id: str) -> Response:
        whole = await run_in_threadpool(self._appealing.load, appeal_id)
        now = self._pages.platform.clock()
        holder = whole.appeal.holder(now)
        return self._pages.page(
            "appeal.html",
            asker,
            whole=whole,
            appeal=whole.appeal,
            case=whole.case,
            holder=holder,
            is_mine=holder == str(asker.actor),
            fresh=is_fresh(whole.parts, asker.actor),
            grounds=_GROUNDS,
            item=await run_in_threadpool(self._item, whole.case.id, whole.appeal.item_id),
            called=await self._pages.called(),
        )

    def _item(self, case_id: str, item_id: str) -> Item:
        with self._pages.platform.database.reading() as connection:
            items = cases_on_record.items_of(connection, case_id)
        return next(one for one in items if one.id == item_id)
