"""Hash lists: what is in force, what waits for a person, and the switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.console.pages import HOME, back
from tutela.hashlists import judgement
from tutela.platform.held_by_list import HeldItem, held_only_by

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages
    from tutela.hashlists.deliveries import Delivery
    from tutela.hashlists.hashlist import HashList
    from tutela.hashlists.judgement import Standing


_FLAGGED_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One list as the page shows it. `believed`: people found it right often enough."""

    one: HashList
    said: Standing
    believed: bool
    held: list[HeldItem]


class ListPages:
    """The page of hash lists and what it does."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform
        self._lists = pages.platform.lists

    async def all(self, request: Request) -> Response:
        """Show what waits for a person, then the lists."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        waiting, rows = await run_in_threadpool(self._shown)
        flagged = await run_in_threadpool(self._lists.flagged)
        return self._pages.page(
            "lists.html",
            asker,
            waiting=waiting,
            rows=rows,
            flagged=flagged[:_FLAGGED_SHOWN],
            more=max(0, len(flagged) - _FLAGGED_SHOWN),
            called=await self._pages.called(),
        )

    async def accept(self, request: Request) -> Response:
        """Put in force what waits."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        delivery, reason = request.path_params["delivery"], asker.fields.get("reason", "")
        await run_in_threadpool(self._lists.accept, asker.actor, delivery, reason)
        return back(f"{HOME}lists")

    async def refuse(self, request: Request) -> Response:
        """Throw away what waits."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        delivery, reason = request.path_params["delivery"], asker.fields.get("reason", "")
        await run_in_threadpool(self._lists.refuse, asker.actor, delivery, reason)
        return back(f"{HOME}lists")

    async def accept_entry(self, request: Request) -> Response:
        """Let a flagged entry act."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        name = await run_in_threadpool(self._lists.named, request.path_params["list"])
        entry, reason = asker.field("entry"), asker.fields.get("reason", "")
        await run_in_threadpool(self._lists.accept_flag, asker.actor, name, entry, reason)
        return back(f"{HOME}lists")

    async def refuse_entry(self, request: Request) -> Response:
        """Have a flagged entry never act."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        name = await run_in_threadpool(self._lists.named, request.path_params["list"])
        entry, reason = asker.field("entry"), asker.fields.get("reason", "")
        await run_in_threadpool(self._lists.refuse_flag, asker.actor, name, entry, reason)
        return back(f"{HOME}lists")

    async def off(self, request: Request) -> Response:
        """Switch a list off everywhere."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        name = await run_in_threadpool(self._lists.named, request.path_params["list"])
        await run_in_threadpool(
            self._lists.switch_off, asker.actor, name, asker.fields.get("reason", "")
        )
        return back(f"{HOME}lists")

    async def on(self, request: Request) -> Response:
        """Switch a list on again."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        name = await run_in_threadpool(self._lists.named, request.path_params["list"])
        await run_in_threadpool(self._lists.switch_on, asker.actor, name)
        return back(f"{HOME}lists")

    def _shown(self) -> tuple[list[Delivery], list[Row]]:
        sampling = self._platform.watch.sampling
        rows = []
        with self._platform.database.reading() as connection:
            for one in self._lists.lists():
                said = judgement.standing(connection, one.name, sampling.newest)
                held = held_only_by(connection, one.name) if one.off else []
                rows.append(Row(one, said, said.trusted(sampling), held))
        return self._lists.waiting(), rows
