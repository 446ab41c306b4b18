"""Approvals: what others ask for, what one has asked for oneself, asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.second_person import OF_ACCOUNTS, State, Verb, may_see, objection
from tutela.console.pages import HOME, back
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.access.second_person import Approval
    from tutela.console.pages import Asker, Pages

_SHOWN = 100


class ApprovalPages:
    """The page of dangerous acts that need a second person."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._approvals = pages.platform.approvals
        self._clock = pages.platform.clock

    async def all(self, request: Request) -> Response:
        """Show what concerns the person: what they could settle, and what they asked for."""
        return await self._page(await self._pages.asker(request, None))

    async def ask(self, request: Request) -> Response:
        """Ask for leave to do a dangerous act."""
        asker = await self._pages.asker(request, None)
        try:
            await run_in_threadpool(
                self._approvals.ask,
                asker.principal,
                _verb(asker.field("verb")),
                asker.field("subject").strip(),
                asker.field("reason"),
                asker.fields.get("terms", "").strip(),
            )
        except InvalidInput as problem:
            return await self._page(asker, problem)
        return back(f"{HOME}approvals")

    async def confirm(self, request: Request) -> Response:
        """Confirm what somebody else asked for."""
        asker = await self._pages.asker(request, None)
        approval = request.path_params["approval"]
        await run_in_threadpool(self._approvals.confirm, asker.principal, approval)
        return back(f"{HOME}approvals")

    async def refuse(self, request: Request) -> Response:
        """Refuse what somebody else asked for."""
        asker = await self._pages.asker(request, None)
        approval = request.path_params["approval"]
        await run_in_threadpool(self._approvals.refuse, asker.principal, approval)
        return back(f"{HOME}approvals")

    async def _page(self, asker: Asker, problem: InvalidInput | None = None) -> Response:
        found = await run_in_threadpool(self._approvals.newest, _SHOWN)
        rows = [one for one in found if may_see(one, asker.principal)]
        said = self._pages.platform.accounts.subject_said
        about = await run_in_threadpool(lambda: {one.id: said(one) for one in rows})
        return self._pages.page(
            "approvals.html",
            asker,
            problem.http_status if problem else 200,
            problem=problem,
            rows=[(one, self._standing(one), self._open(asker, one)) for one in rows],
            about=about,
            verbs=[verb for verb in Verb if asker.may(verb.needs) and verb not in OF_ACCOUNTS],
            called=await self._pages.called(),
        )

    def _open(self, asker: Asker, one: Approval) -> bool:
        against = objection(one, asker.actor, self._clock())
        return against is None and asker.may(one.verb.needs)

    def _standing(self, one: Approval) -> str:
        now = self._clock()
        if one.state in {State.ASKED, State.CONFIRMED} and one.until <= now:
            return "over"
        return one.state.value


def _verb(said: str) -> Verb:
    try:
        return Verb(said)
    except ValueError:
        raise InvalidInput("There is no such act.", f"Use one of: {', '.join(Verb)}.") from None
