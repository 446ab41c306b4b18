"""Referrals: what waits for approval, what is on its way, what was received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.console.pages import HOME, back, from_htmx
from tutela.referrals.completeness import completeness
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages
    from tutela.referrals.referral import Referral

_SHOWN = 200
_FIRST = {State.ALARMED: 0, State.DRAFTED: 1}


class ReferralPages:
    """The pages of referrals."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def all(self, request: Request) -> Response:
        """Show the referrals: those that wait for a person first."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        found = await run_in_threadpool(self._platform.register.all)
        newest = sorted(found, key=lambda one: one.created_at, reverse=True)
        rows = [(one, completeness(one.draft)) for one in sorted(newest, key=_turn)[:_SHOWN]]
        return self._pages.page("referrals.html", asker, rows=rows)

    async def panel(self, request: Request) -> Response:
        """Give the part of a case's page that shows one referral as it stands."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        referral_id = request.path_params["referral"]
        one = await run_in_threadpool(self._platform.register.load, referral_id)
        if not from_htmx(request):
            return back(f"{HOME}cases/{one.case_id}#referral")
        return self._pages.page(
            "_referral.html",
            asker,
            book=self._platform.book,
            one=one,
            meter=completeness(one.draft),
            called=await self._pages.called(),
        )

    async def ask(self, request: Request) -> Response:
        """Ask the host platform for what a draft lacks."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        referral_id = request.path_params["referral"]
        await run_in_threadpool(self._platform.referring.ask, asker.actor, referral_id)
        referral = await run_in_threadpool(self._platform.register.load, referral_id)
        return back(f"{HOME}cases/{referral.case_id}#referral")

    async def approve(self, request: Request) -> Response:
        """Let a drafted referral go out."""
        asker = await self._pages.asker(request, Permission.REFERRAL_APPROVE)
        referral_id = request.path_params["referral"]
        await run_in_threadpool(self._platform.referring.approve, asker.actor, referral_id)
        referral = await run_in_threadpool(self._platform.register.load, referral_id)
        return back(f"{HOME}cases/{referral.case_id}#referral")


def _turn(one: Referral) -> tuple[int, bool]:
    return _FIRST.get(one.state, len(_FIRST)), not one.urgent
