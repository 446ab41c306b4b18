"""What happens on which match: the effective policy in one page, why, and where it is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases.priority import HEAD_START, Reason
from tutela.console.pages import HOME, back
from tutela.decisions.policy import EVERY_LABEL, Nearness, Rule, policy, rules
from tutela.hashlists import judgement
from tutela.hashlists.tables import hash_lists

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages
    from tutela.decisions.policy import Handling

_SOONER = {
    Nearness.EXACT: None,
    Nearness.NEAR: HEAD_START[Reason.NEAR],
    Nearness.POSSIBLE: HEAD_START[Reason.POSSIBLE],
}


@dataclass(frozen=True, slots=True)
class Row:
    """One list, or one label of it that has a rule: what happens on each nearness."""

    list_name: str
    label: str
    rule: Rule
    on: bool
    cells: tuple[tuple[Nearness, Handling], ...]


class PolicyPages:
    """The page of policies."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def all(self, request: Request) -> Response:
        """Show what happens on which match."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        settings = self._platform.settings
        return self._pages.page(
            "policies.html",
            asker,
            rows=await run_in_threadpool(self._rows),
            matching=settings.matching,
            grace=settings.grace.seconds,
            approval=settings.approval,
            share=settings.second_review.share,
            hours={
                one: None if ahead is None else round(ahead.total_seconds() / 3600)
                for one, ahead in _SOONER.items()
            },
        )

    async def lay_down(self, request: Request) -> Response:
        """Put a rule in force. Less care than before needs a second person."""
        asker = await self._pages.asker(request, Permission.LIST_MANAGE)
        rule = Rule(
            asker.field("list"),
            asker.fields.get("label", "").strip(),
            asker.fields.get("look") == "1",
            asker.fields.get("twice") == "1",
        )
        await run_in_threadpool(self._platform.policies.lay_down, asker.actor, rule)
        return back(f"{HOME}policies")

    def _rows(self) -> list[Row]:
        sampling = self._platform.watch.sampling
        with self._platform.database.reading() as connection:
            columns = hash_lists.c
            query = sa.select(columns.name, columns.off_at).order_by(columns.name)
            found = connection.execute(query).all()
            laid_down = rules(connection)
            believed = judgement.trusted(connection, {row.name for row in found}, sampling)
        rows = []
        for name, off_at in found:
            labels = [one.label for one in laid_down if one.list_name == name and one.label]
            for label in (EVERY_LABEL, *labels):
                own = (one for one in laid_down if (one.list_name, one.label) == (name, label))
                cells = tuple(
                    (
                        one,
                        policy(name, {label} - {""}, one, laid_down, believed=name in believed),
                    )
                    for one in Nearness
                )
                rule = next(own, Rule(name, label))
                rows.append(Row(name, label, rule, off_at is None, cells))
        return rows
