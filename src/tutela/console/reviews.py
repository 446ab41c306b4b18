"""Second reviews: a drawn case judged blind, and for leads how far people agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases.viewing import GRANT
from tutela.console.film import frames_of, rungs_of
from tutela.console.pages import HOME, back
from tutela.decisions.decision import GROUNDS_FOR, Grounds, Outcome
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages

_OFFERED = {
    outcome: tuple(one for one in grounds if one is not Grounds.DECIDED_BEFORE)
    for outcome, grounds in GROUNDS_FOR.items()
}
"""Earlier decisions are hidden from who judges blind, and so are no grounds."""


class ReviewPages:
    """The pages of second reviews."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._second = pages.platform.second_look

    async def all(self, request: Request) -> Response:
        """Show what this person can review."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        return self._pages.page(
            "reviews.html",
            asker,
            waiting=await run_in_threadpool(self._second.waiting, asker.actor),
        )

    async def one(self, request: Request) -> Response:
        """Show one case, blind: its facts, its files, an empty stage."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        blind = await run_in_threadpool(self._second.blind, request.path_params["review"])
        asked = request.query_params.get("item", "")
        marked = next((one for one in blind.items if one.id == asked), blind.items[0])
        return self._pages.page(
            "review.html",
            asker,
            review=blind.review,
            case=blind.case,
            items=blind.items,
            marked=marked,
            needs_no_look=False,
            is_mine=blind.review.holder(self._pages.platform.clock()) == str(asker.actor),
            offered=_OFFERED,
            rungs=rungs_of(marked),
            film=frames_of(marked),
            seconds=int(GRANT.total_seconds()),
        )

    async def take(self, request: Request) -> Response:
        """Take a review."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        review = request.path_params["review"]
        await run_in_threadpool(self._second.take, asker.actor, review)
        return back(f"{HOME}reviews/{review}")

    async def say(self, request: Request) -> Response:
        """Keep what the second person found."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        outcome, _, grounds = asker.field("found").partition(" ")
        try:
            found = Outcome(outcome), Grounds(grounds)
        except ValueError:
            raise InvalidInput("The form lacks what you found.", "Choose one.") from None
        note = asker.field("note").strip()
        review = request.path_params["review"]
        await run_in_threadpool(self._second.say, asker.actor, review, *found, note)
        return back(f"{HOME}reviews")

    async def agreement(self, request: Request) -> Response:
        """Show leads how far second judgements agree with first ones."""
        asker = await self._pages.asker(request, Permission.TEAM_OVERSEE)
        return self._pages.page(
            "agreement.html",
            asker,
            agreed=await run_in_threadpool(self._second.agreed),
            share=self._pages.platform.settings.second_review.share,
            golden=self._pages.platform.golden.mix,
            sets=await run_in_threadpool(self._pages.platform.golden_sets.all),
            score=await run_in_threadpool(self._pages.platform.golden.score),
        )
