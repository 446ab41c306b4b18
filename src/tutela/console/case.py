"""One case: its facts, its lease, its decision."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.cases import availability, cluster, passing
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.cases.viewing import GRANT
from tutela.console import typed
from tutela.console.film import frames_of, rungs_of
from tutela.console.pages import HOME, back, from_htmx
from tutela.console.passing import colleagues
from tutela.content import holds
from tutela.content.notice import Circumstance, Harm
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import earlier
from tutela.decisions.decision import GROUNDS_FOR, Finding, Grounds, Outcome
from tutela.decisions.labels import Age, Conduct, Feature, Observed, Subject
from tutela.errors import Conflict, InvalidInput, Overtaken, TutelaError
from tutela.hashlists import judgement
from tutela.referrals.completeness import completeness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import StrEnum

    import sqlalchemy as sa
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.cases.case import Case
    from tutela.cases.cluster import Cluster
    from tutela.console.pages import Asker, Pages
    from tutela.content.item import Item
    from tutela.decisions.earlier import Earlier
    from tutela.decisions.typed import Typed

_ENTRIES = 40
_ASKED = 12
"""Of so many clusters the page says what was decided before; a decision asks of all."""
_Word = TypeVar("_Word", bound="StrEnum")
_VIEW, _TILE = re.compile(r"viw_[0-9A-Z]{26}"), re.compile(r"til_[0-9A-Z]{26}")


class CasePages:
    """The page of a case, and what is done on it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def case(self, request: Request) -> Response:
        """Show one case: facts first, the stage empty."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        return await self._page(asker, request.path_params["case"], request.query_params)

    async def claim(self, request: Request) -> Response:
        """Take a case."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id = request.path_params["case"]
        await run_in_threadpool(self._platform.queue.claim, asker.actor, case_id)
        return back(f"{HOME}cases/{case_id}")

    async def release(self, request: Request) -> Response:
        """Give a case back undecided."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, lease = request.path_params["case"], asker.field("lease")
        await run_in_threadpool(self._platform.queue.release, asker.actor, case_id, lease)
        return back(f"{HOME}queue")

    async def renew(self, request: Request) -> Response:
        """Lengthen the lease while the person works."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, lease = request.path_params["case"], asker.field("lease")
        await run_in_threadpool(self._platform.queue.renew, asker.actor, case_id, lease)
        if not from_htmx(request):
            return back(f"{HOME}cases/{case_id}")
        case = await run_in_threadpool(self._load, case_id)
        return self._pages.page("_lease.html", asker, case=case)

    async def present(self, request: Request) -> Response:
        """Say who is at the case now."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        case = await run_in_threadpool(self._load, request.path_params["case"])
        found = await run_in_threadpool(self._platform.queue.present, [case])
        return self._pages.page(
            "_present.html",
            asker,
            case=case,
            present=found[case.id],
            mine=str(asker.actor),
            called=await self._pages.called(),
        )

    async def decide(self, request: Request) -> Response:
        """Record the decision and all that follows from it."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id = request.path_params["case"]
        try:
            finding, seen = await self._found(asker, case_id)
            await run_in_threadpool(
                self._platform.casework.decide,
                asker.actor,
                case_id,
                asker.field("lease"),
                seen,
                finding,
            )
        except (InvalidInput, Conflict) as problem:
            # What was typed stays on the page.
            return await self._page(asker, case_id, {}, problem)
        return back(f"{HOME}cases/{case_id}")

    async def reverse(self, request: Request) -> Response:
        """Decide a decided case the other way."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id = request.path_params["case"]
        try:
            finding, seen = await self._found(asker, case_id)
            await run_in_threadpool(
                self._platform.casework.reverse, asker.actor, case_id, seen, finding
            )
        except (InvalidInput, Conflict) as problem:
            return await self._page(asker, case_id, {}, problem)
        return back(f"{HOME}cases/{case_id}")

    async def _found(self, asker: Asker, case_id: str) -> tuple[Finding, int]:
        """Return what the form says; what was typed is kept until it is decided."""
        kept = await run_in_threadpool(self._platform.typed.of, case_id, asker.actor)
        typed.check(kept, asker.fields)
        await run_in_threadpool(
            self._platform.typed.keep,
            case_id,
            asker.actor,
            asker.fields,
            replace(typed.page_of(asker.fields), stroke=kept.stroke + 1),
            self._platform.clock(),
            over=True,
        )
        return finding_of(asker.fields), _count(asker.field("size"))

    async def _page(
        self,
        asker: Asker,
        case_id: str,
        asked: Mapping[str, str],
        problem: TutelaError | None = None,
    ) -> Response:
        facts = await run_in_threadpool(self._facts, case_id, asked.get("item"))
        kept = await run_in_threadpool(self._platform.typed.of, case_id, asker.actor)
        return await self.shown(asker, facts, kept, asked, problem)

    async def shown(
        self,
        asker: Asker,
        facts: Mapping[str, Any],
        kept: Typed,
        asked: Mapping[str, str],
        problem: TutelaError | None = None,
    ) -> Response:
        """Return the page of a case of which the facts are known."""
        case: Case = facts["case"]
        leased = case.leased_until is not None and case.leased_until > self._platform.clock()
        view, tile = asked.get("view", ""), asked.get("tile", "")
        form = typed.form_of(asker, kept, overtaken=isinstance(problem, Overtaken))
        return self._pages.page(
            "case.html",
            asker,
            problem.http_status if problem else 200,
            problem=problem,
            typed=form.fields,
            form=form,
            leased=leased,
            is_mine=leased and case.leased_by == str(asker.actor),
            mine=str(asker.actor),
            rungs=rungs_of(facts["marked"]),
            film=frames_of(facts["marked"]),
            view=view if _VIEW.fullmatch(view) else None,
            tile=tile if _TILE.fullmatch(tile) else None,
            fidelity=asked.get("fidelity", ""),
            seconds=int(GRANT.total_seconds()),
            outcomes=GROUNDS_FOR,
            noticed=facts["marked"].surroundings.notice,
            colleagues=await run_in_threadpool(colleagues, self._platform, asker.session.account),
            called=await self._pages.called(),
            day=await run_in_threadpool(self._platform.budget.day, asker.actor)
            if asker.may(Permission.EVIDENCE_VIEW)
            else None,
            **facts,
        )

    def _load(self, case_id: str) -> Case:
        with self._platform.database.reading() as connection:
            return cases_on_record.load(connection, case_id)

    def _facts(self, case_id: str, item_id: str | None) -> dict[str, Any]:
        with self._platform.database.reading() as connection:
            case = cases_on_record.load(connection, case_id)
            items = cases_on_record.items_of(connection, case_id)
            marked = next((one for one in items if one.id == item_id), items[0])
            decisions = decisions_on_record.of_case(connection, case_id)
            orders = holds.of_item(connection, marked.id)
            passed = passing.of_case(connection, case_id)
            account = cases_on_record.of_account(connection, case.account_id)
            to_judge = judgement.asked(connection, case_id)
            groups = cluster.clusters(items)
            told = _told_earlier(connection, case_id, groups, marked)
            rested = earlier.rested_on(connection, decisions)
            unavailable = availability.of_case(connection, case_id)
            needs_no_look = self._platform.watch.trusted(connection, items)
        referrals = self._platform.register.for_case(case_id)
        subjects = [case_id, marked.id, *(one.id for one in referrals)]
        found = (self._platform.audit.entries(subject, _ENTRIES) for subject in subjects)
        entries = sorted(chain.from_iterable(found), key=lambda one: one.seq, reverse=True)
        return {
            "case": case,
            "open": case.state is CaseState.OPEN,
            "clusters": groups,
            "marked": marked,
            "earlier": told,
            "restable": [one for one in Outcome if earlier.resting(groups, told, one)],
            "rested": rested,
            "to_judge": to_judge,
            "unavailable": unavailable,
            "needs_no_look": needs_no_look,
            "decisions": decisions,
            "orders": orders,
            "passed": passed,
            "present": self._platform.queue.present([case])[case_id],
            "prior": [one for one in account if one.id != case_id],
            "book": self._platform.book,
            "referrals": [(one, completeness(one.draft)) for one in referrals],
            # Looks have a part of their own.
            "timeline": [one for one in entries if not one.action.startswith("view.")],
            "views": self._platform.viewing.of_case(case_id),
        }


def _told_earlier(
    connection: sa.Connection, case_id: str, groups: Sequence[Cluster], marked: Item
) -> tuple[Earlier, ...]:
    """Return what was decided before of the files that stand for others, and of the marked one."""
    asked = {one.shown.id: one.shown for one in groups[:_ASKED]} | {marked.id: marked}
    return earlier.of_files(connection, case_id, asked.values())


def finding_of(fields: Mapping[str, str]) -> Finding:
    """Return what the form of a decision says. Raises `InvalidInput`."""
    observed = Observed(
        _chosen(Subject, fields.get("subject", Subject.CANNOT_TELL)),
        _chosen(Age, fields.get("age", Age.CANNOT_TELL)),
        _chosen(Conduct, fields.get("conduct", Conduct.CANNOT_TELL)),
        "reviewer",
        _ticked(Feature, fields),
    )
    # Who states no fact leaves them to the list; the decision's rules check who does.
    facts = (observed.subject, observed.age, observed.conduct)
    said = observed.features or any(fact != "cannot_tell" for fact in facts)
    return Finding(
        _chosen(Outcome, fields.get("outcome", "")),
        _chosen(Grounds, fields.get("grounds", "")),
        observed if said else Observed(),
        fields.get("note", "").strip(),
        fields.get("urgent_reason", "").strip() or None,
        _chosen(Harm, fields.get("harm", Harm.DEPICTION)),
        _ticked(Circumstance, fields),
    )


def _ticked(kind: type[_Word], fields: Mapping[str, str]) -> tuple[_Word, ...]:
    return tuple(word for word in kind if fields.get(f"is_{word.value}"))


def _chosen(kind: type[_Word], said: str) -> _Word:
    try:
        return kind(said)
    except ValueError:
        raise InvalidInput(
            "The form lacks a choice, or has an unknown one.", "Choose outcome and grounds."
        ) from None


def _count(said: str) -> int:
    if not (said.isascii() and said.isdigit()):
        raise InvalidInput("The form's count of files is no number.", "Load the page again.")
    return int(said)
