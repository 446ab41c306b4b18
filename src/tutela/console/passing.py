"""Passing a case on: skip it, hand it over, ask for a second opinion, say that it is urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.console.pages import HOME, back
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.access.accounts import Account
    from tutela.bootstrap import Platform
    from tutela.console.pages import Pages


class PassingPages:
    """What is done with a case besides deciding it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def skip(self, request: Request) -> Response:
        """Give a case back for good, and go to the next."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, queue = request.path_params["case"], self._platform.queue
        await run_in_threadpool(queue.skip, asker.actor, case_id, asker.field("lease"))
        return back(f"{HOME}queue")

    async def hand_over(self, request: Request) -> Response:
        """Keep a case for a colleague."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, queue = request.path_params["case"], self._platform.queue
        to = await run_in_threadpool(self._platform.accounts.load, asker.field("to"))
        if to not in await run_in_threadpool(colleagues, self._platform, asker.session.account):
            raise InvalidInput("They cannot decide cases.", "Choose one of those named.")
        await run_in_threadpool(
            queue.hand_over,
            asker.actor,
            case_id,
            asker.field("lease"),
            to.actor,
            asker.field("said").strip(),
        )
        return back(f"{HOME}queue")

    async def ask_second(self, request: Request) -> Response:
        """Let another person decide."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, queue = request.path_params["case"], self._platform.queue
        await run_in_threadpool(
            queue.ask_second, asker.actor, case_id, asker.field("lease"), asker.field("said")
        )
        return back(f"{HOME}queue")

    async def escalate(self, request: Request) -> Response:
        """Put a case before all others."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        case_id, queue = request.path_params["case"], self._platform.queue
        await run_in_threadpool(queue.escalate, asker.actor, case_id, asker.field("reason"))
        return back(f"{HOME}cases/{case_id}")


def colleagues(platform: Platform, me: Account) -> list[Account]:
    """Return who else can decide a case, by pseudonym."""
    found = (
        one
        for one in platform.accounts.all()
        if one.actor.kind == "person"
        and one.id != me.id
        and Permission.CASE_DECIDE in one.permissions
    )
    return sorted(found, key=lambda one: one.pseudonym)
