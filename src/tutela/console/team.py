"""The leads' view: what waits, what is due, what was decided, how right, and at what cost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import exposure
from tutela.console import figures, plots, words
from tutela.console.pages import HOME, back
from tutela.console.passing import colleagues
from tutela.console.sentences import _
from tutela.errors import InvalidInput
from tutela.statistics import workload

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages
    from tutela.hashlists.judgement import Standing
    from tutela.statistics.workload import DecidedDay, Waiting

_DAYS, _STANDING_DAYS = 14, 30


class TeamPages:
    """The page for leads. It tells of nobody by name."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def all(self, request: Request) -> Response:
        """Show the whole view."""
        asker = await self._pages.asker(request, Permission.TEAM_OVERSEE)
        facts = await run_in_threadpool(self._facts)
        platform = self._platform
        return self._pages.page(
            "team.html",
            asker,
            team=await run_in_threadpool(platform.budget.team),
            limits=platform.budget.limits,
            colleagues=await run_in_threadpool(colleagues, platform, asker.session.account),
            **facts,
        )

    async def override(self, request: Request) -> Response:
        """Allow a person more for today."""
        asker = await self._pages.asker(request, Permission.TEAM_OVERSEE)
        points = asker.field("points")
        if not (points.isascii() and points.isdigit() and len(points) < 10):  # noqa: PLR2004
            raise InvalidInput("The points are no number.", "Use a whole number.")
        to = await run_in_threadpool(self._platform.accounts.load, asker.field("to"))
        await run_in_threadpool(
            self._platform.budget.override,
            asker.actor,
            to.actor,
            int(points),
            asker.field("reason"),
        )
        return back(f"{HOME}team")

    def _facts(self) -> dict[str, Any]:
        platform = self._platform
        now = platform.clock()
        today = exposure.day_start(now, platform.budget.limits.day_begins)
        with platform.database.reading() as connection:
            waiting = workload.waiting(connection, now)
            clocks = workload.clocks(connection, now)
            days = workload.decided(connection, today, _DAYS)
            agreement = workload.agreement(connection, now - timedelta(days=_STANDING_DAYS))
            lists = workload.precision(connection, platform.watch.sampling.newest)
        return {
            "now": now,
            "ages": [name for name, _age in workload.AGES],
            "waiting": waiting,
            "waiting_plot": queue_plot(waiting),
            "clocks": clocks,
            "days": days,
            "days_plot": days_plot(days),
            "agreement": agreement,
            "lists": lists,
            "lists_plot": lists_plot(lists),
        }


def queue_plot(waiting: tuple[Waiting, ...]) -> plots.Plot:
    """Plot what waits, by severity and age."""
    tones = ("one", "two", "three", "four")
    return plots.stacked(
        "queue-plot",
        _("Open cases by severity and how long they wait"),
        [words.severity(one.severity) for one in waiting],
        [one.counts for one in waiting],
        list(zip(tones, (_(name) for name, _age in workload.AGES), strict=True)),
    )


def days_plot(days: tuple[DecidedDay, ...]) -> plots.Plot:
    """Plot what was decided, by day."""
    return plots.stacked(
        "days-plot",
        _("Decisions of each day"),
        [figures.weekday(one.begins) for one in days],
        [(one.abusive, one.not_abusive, one.reversals) for one in days],
        [("one", _("abusive")), ("three", _("not abusive")), ("four", _("reversals"))],
    )


def lists_plot(lists: tuple[tuple[str, Standing], ...]) -> plots.Plot:
    """Plot how right reviewers found each list that they judged."""
    return plots.intervals(
        "lists-plot",
        _("How often reviewers found each list right"),
        [
            (
                name,
                said.precision or 0.0,
                *said.interval,
                _("%(right)d of %(judged)d right") % {"right": said.right, "judged": said.judged},
            )
            for name, said in lists
            if said.judged
        ],
    )
