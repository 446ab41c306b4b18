"""The queue, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState, cases
from tutela.cases.filtering import EVERYTHING, SEVERE
from tutela.console import filters
from tutela.console.pages import HOME, back
from tutela.decisions import decision as decisions_on_record
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.golden import GoldenPages
    from tutela.console.pages import Pages

_SHOWN = 100


class QueuePages:
    """The pages over many cases."""

    def __init__(self, pages: Pages, golden: GoldenPages) -> None:
        self._pages = pages
        self._golden = golden
        self._platform = pages.platform
        self._clock = filters.clock_of(pages.platform)

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
        asked = filters.asked(request.query_params)
        now = self._platform.clock()
        only = asked.filter(self._clock, now)
        rows = await run_in_threadpool(self._platform.queue.waiting, _SHOWN, only, asker.actor)
        mixed_in = await run_in_threadpool(self._golden.row, asker.actor)
        if mixed_in is not None and only == EVERYTHING:
            rows = (mixed_in, *rows)
        waiting = [row.case for row in rows]
        referrals = await run_in_threadpool(self._platform.register.counts)
        mine = str(asker.actor)
        return self._pages.page(
            "queue.html",
            asker,
            rows=rows,
            counts=await run_in_threadpool(self._platform.queue.counts),
            only=only,
            asked=asked,
            severe=SEVERE,
            clocks=filters.CLOCKS,
            lists=await run_in_threadpool(filters.lists_of, self._platform),
            present=await run_in_threadpool(self._platform.queue.present, waiting),
            drafted=referrals[State.DRAFTED],
            alarmed=referrals[State.ALARMED],
            appeals=await run_in_threadpool(self._platform.appealing.count),
            called=await self._pages.called(),
            held=[one.leased_until is not None and one.leased_until > now for one in waiting],
            mine=mine,
        )

    async def next(self, request: Request) -> Response:
        """Take the first case that is free for this person, and go to it."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        # Who puts the checks in knows them, and is given none.
        if not asker.may(Permission.TEAM_OVERSEE):
            check = await run_in_threadpool(self._platform.golden.next, asker.actor)
            if check is not None:
                return back(f"{HOME}cases/{check}")
        lease = await run_in_threadpool(self._platform.queue.next, asker.actor)
        return back(f"{HOME}cases/{lease.case_id}" if lease else f"{HOME}queue")

    async def decided(self, request: Request) -> Response:
        """Show the cases decided last, with what became of their referrals."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        rows = await run_in_threadpool(self._decided_rows)
        return self._pages.page("decided.html", asker, rows=rows, called=await self._pages.called())

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
