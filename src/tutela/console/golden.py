"""Golden checks on the page of a case: the same words and keys, and nothing follows.

`either` stands before the ordinary pages of a case. What is a check never gets to them, and what is
a case never gets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela.access.roles import Permission
from tutela.cases.cluster import clusters
from tutela.cases.waiting import QueueRow
from tutela.console.case import finding_of
from tutela.console.pages import HOME, back, from_htmx
from tutela.decisions.golden.check import CheckState
from tutela.decisions.typed import Typed
from tutela.decisions.typed import cut as kept_words
from tutela.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.requests import Request

    from tutela.audit.entry import Actor
    from tutela.cases.passing import Way
    from tutela.cases.presence import Presence
    from tutela.console.case import CasePages
    from tutela.console.doors import Endpoint
    from tutela.console.pages import Asker, Pages
    from tutela.decisions.golden.check import Check
    from tutela.errors import TutelaError


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the timeline, as an entry of the log would give it."""

    at: datetime
    action: str
    actor: str
    details: dict[str, Any]


class GoldenPages:
    """What is done on a check's page, and where leads keep the sets."""

    def __init__(self, pages: Pages, cases: CasePages) -> None:
        self._pages = pages
        self._cases = cases
        self._golden = pages.platform.golden
        self._sets = pages.platform.golden_sets

    def either(self, ordinary: Endpoint, of_check: Endpoint) -> Endpoint:
        """Return the page that asks first whether the address is a check's."""

        async def chosen(request: Request) -> Response:
            case_id = request.path_params["case"]
            if await run_in_threadpool(self._golden.is_check, case_id):
                return await of_check(request)
            return await ordinary(request)

        return chosen

    async def case(self, request: Request) -> Response:
        """Show a check as a case is shown; one that is over says that it was a check."""
        asker, check = await self._mine(request)
        if check.state is not CheckState.OPEN:
            return self._pages.page(
                "golden.html", asker, check=check, smallest=self._golden.mix.smallest_group
            )
        return await self._shown(asker, check, request.query_params)

    async def decide(self, request: Request) -> Response:
        """Take the answer. Nothing follows from it."""
        asker, check = await self._mine(request)
        try:
            words = kept_words(asker.fields)
            await run_in_threadpool(self._golden.keep, asker.actor, check.id, words)
            finding, lease = finding_of(asker.fields), asker.field("lease")
            await run_in_threadpool(self._golden.decide, asker.actor, check.id, lease, finding)
        except (InvalidInput, Conflict) as problem:
            return await self._shown(asker, check, {}, problem)
        return back(f"{HOME}cases/{check.id}")

    async def claim(self, request: Request) -> Response:
        """Take a check again after one's hold was over."""
        asker, check = await self._mine(request)
        await run_in_threadpool(self._golden.hold, asker.actor, check.id)
        return back(f"{HOME}cases/{check.id}")

    async def renew(self, request: Request) -> Response:
        """Lengthen the hold while the person works."""
        asker, check = await self._mine(request)
        held = await run_in_threadpool(
            self._golden.hold, asker.actor, check.id, asker.field("lease")
        )
        if not from_htmx(request):
            return back(f"{HOME}cases/{check.id}")
        return self._pages.page("_lease.html", asker, case=held.case)

    async def release(self, request: Request) -> Response:
        """Give a check back; it is offered to the same person again."""
        asker, check = await self._mine(request)
        lease = asker.field("lease")
        await run_in_threadpool(self._golden.give_back, asker.actor, check.id, lease)
        return back(f"{HOME}queue")

    async def present(self, request: Request) -> Response:
        """Say who is at the check: nobody else can be."""
        asker, check = await self._mine(request)
        return self._pages.page(
            "_present.html",
            asker,
            case=check.case,
            present=await run_in_threadpool(self._present, check),
            mine=str(asker.actor),
            called=await self._pages.called(),
        )

    async def typed(self, request: Request) -> Response:
        """Keep what is typed, until the check ends."""
        asker, check = await self._mine(request)
        words = kept_words(asker.fields)
        await run_in_threadpool(self._golden.keep, asker.actor, check.id, words)
        return Response(status_code=204)

    def passed_on(self, way: Way) -> Endpoint:
        """Return what ends a check in a way in which a case is passed on."""

        async def pass_on(request: Request) -> Response:
            asker, check = await self._mine(request)
            await run_in_threadpool(self._golden.pass_on, asker.actor, check.id, way)
            return back(f"{HOME}cases/{check.id}")

        return pass_on

    async def install(self, request: Request) -> Response:
        """Put in the drawn set."""
        asker = await self._pages.asker(request, Permission.TEAM_OVERSEE)
        await run_in_threadpool(self._sets.install_drawn, asker.actor)
        return back(f"{HOME}agreement#golden")

    async def remove(self, request: Request) -> Response:
        """Take a set out."""
        asker = await self._pages.asker(request, Permission.TEAM_OVERSEE)
        await run_in_threadpool(self._sets.remove, asker.actor, request.path_params["set"])
        return back(f"{HOME}agreement#golden")

    def _facts(self, check: Check) -> dict[str, Any]:
        """Return what the page of a case shows, of a check that is open."""
        item = self._golden.item(check)
        opened = check.pose.opened_at
        return {
            "case": check.case,
            "open": True,
            "clusters": clusters([item]),
            "marked": item,
            "earlier": (),
            "restable": [],
            "rested": {},
            "to_judge": (),
            "unavailable": (),
            "needs_no_look": False,
            "decisions": [],
            "orders": [],
            "passed": (),
            "present": self._present(check),
            "prior": [],
            "book": self._pages.platform.book,
            "referrals": [],
            "timeline": [
                _Line(check.dealt_at, "case.claimed", check.person, {}),
                _Line(opened, "case.opened", "machine:", {}),
                _Line(opened, "item.screened", "machine:", {"verdict": "match"}),
            ],
            "views": self._pages.platform.viewing.of_case(check.id),
        }

    def row(self, actor: Actor) -> QueueRow | None:
        """Return a person's open check as their queue shows it."""
        check = self._golden.open_of(actor)
        if check is None:
            return None
        pose = check.pose
        return QueueRow(check.case, (pose.list_name,), pose.labels, pose.distance, 0)

    async def _shown(
        self,
        asker: Asker,
        check: Check,
        asked: Mapping[str, str],
        problem: TutelaError | None = None,
    ) -> Response:
        facts = await run_in_threadpool(self._facts, check)
        return await self._cases.shown(asker, facts, Typed(check.typed), asked, problem)

    def _present(self, check: Check) -> Presence:
        return self._pages.platform.queue.present([check.case])[check.id]

    async def _mine(self, request: Request) -> tuple[Asker, Check]:
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        check_id = request.path_params["case"]
        return asker, await run_in_threadpool(self._golden.of, asker.actor, check_id)
