"""The queue, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseKind, CaseState, cases
from tutela.console.pages import HOME, back
from tutela.decisions import decision as decisions_on_record
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages

_SHOWN = 100


class QueuePages:
    """The pages over many cases."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def start(self, request: Request) -> Response:
        """Send everybody to the page their role is for."""
        asker = await self._pages.asker(request, None)
        if asker.may(Permission.CASE_READ):
            return back(f"{HOME}queue")
        if asker.may(Permission.AUDIT_READ):
            return back(f"{HOME}audit")
        await self._pages.require(asker, Permission.CASE_READ)
        return back(f"{HOME}queue")

    async def queue(self, request: Request) -> Response:
        """Show what waits, first things first."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        rows = await run_in_threadpool(self._platform.queue.waiting, _SHOWN)
        referrals = await run_in_threadpool(self._platform.register.all)
        mine = str(asker.actor)
        now = self._platform.clock()
        return self._pages.page(
            "queue.html",
            asker,
            rows=rows,
            counts=await run_in_threadpool(self._counts),
            drafted=sum(one.state is State.DRAFTED for one in referrals),
            alarmed=sum(one.state is State.ALARMED for one in referrals),
            called=await self._pages.called(),
            held=[
                row.case.leased_until is not None and row.case.leased_until > now for row in rows
            ],
            mine=mine,
        )

    async def next(self, request: Request) -> Response:
        """Go to the first case that nobody else holds."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        now, mine = self._platform.clock(), str(asker.actor)
        for row in await run_in_threadpool(self._platform.queue.waiting):
            held = row.case.leased_until is not None and row.case.leased_until > now
            if not held or row.case.leased_by == mine:
                return back(f"{HOME}cases/{row.case.id}")
        return back(f"{HOME}queue")

    async def decided(self, request: Request) -> Response:
        """Show the cases decided last, with what became of their referrals."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        rows = await run_in_threadpool(self._decided_rows)
        return self._pages.page("decided.html", asker, rows=rows, called=await self._pages.called())

    def _counts(self) -> dict[CaseKind, int]:
        query = (
            sa.select(cases.c.kind, sa.func.count())
            .where(cases.c.state == CaseState.OPEN.value)
            .group_by(cases.c.kind)
        )
        with self._platform.database.reading() as connection:
            found = {CaseKind(kind): number for kind, number in connection.execute(query)}
        return {kind: found.get(kind, 0) for kind in CaseKind}

    def _decided_rows(self) -> list[dict[str, Any]]:
        query = (
            sa.select(cases)
            .where(cases.c.state == CaseState.DECIDED.value)
            .order_by(cases.c.decided_at.desc(), cases.c.id.desc())
            .limit(_SHOWN)
        )
        with self._platform.database.reading() as connection:
            found = [cases_on_record.case_from(row) for row in connection.execute(query)]
            last = {one.id: decisions_on_record.of_case(connection, one.id)[-1] for one in found}
        return [
            {
                "case": one,
                "decision": last[one.id],
                "referrals": self._platform.register.for_case(one.id),
            }
            for one in found
        ]
