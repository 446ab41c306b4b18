"""Queue, case, viewing, decision, referral: the reviewer's pages."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from tutela.access.roles import Permission
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState, cases
from tutela.cases.viewing import GRANT, Fidelity
from tutela.console.pages import HOME
from tutela.content import holds
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import GROUNDS_FOR, Finding, Grounds, Outcome
from tutela.decisions.labels import Age, Conduct, Observed, Subject
from tutela.errors import InvalidInput
from tutela.referrals.completeness import completeness

if TYPE_CHECKING:
    from starlette.requests import Request

    from tutela.console.pages import Asker, Pages

_DECIDED_SHOWN = 100
Word = TypeVar("Word", bound=StrEnum)


class CaseworkPages:
    """The pages of cases."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def queue(self, request: Request) -> Response:
        """Show what waits, first things first."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        rows = await run_in_threadpool(self._platform.queue.waiting)
        waiting = await run_in_threadpool(self._platform.register.waiting_approval)
        return self._pages.page(
            "queue.html",
            asker,
            rows=rows,
            drafts=waiting,
            now=self._platform.clock(),
            mine=str(asker.session.account.actor),
        )

    async def decided(self, request: Request) -> Response:
        """Show the cases decided last, with what became of their referrals."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        return self._pages.page(
            "decided.html", asker, rows=await run_in_threadpool(self._decided_rows)
        )

    async def case(self, request: Request) -> Response:
        """Show one case: facts first, the stage empty."""
        asker = await self._pages.asker(request, Permission.CASE_READ)
        return await self._case_page(asker, request.path_params["case"])

    async def claim(self, request: Request) -> Response:
        """Take a case."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id = request.path_params["case"]
        await run_in_threadpool(self._platform.queue.claim, asker.session.account.actor, case_id)
        return self._pages.back(f"{HOME}cases/{case_id}")

    async def release(self, request: Request) -> Response:
        """Give a case back undecided."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, actor = request.path_params["case"], asker.session.account.actor
        await run_in_threadpool(self._platform.queue.release, actor, case_id, asker.field("lease"))
        return self._pages.back(HOME)

    async def renew(self, request: Request) -> Response:
        """Lengthen the lease while the person works."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, actor = request.path_params["case"], asker.session.account.actor
        lease = await run_in_threadpool(
            self._platform.queue.renew, actor, case_id, asker.field("lease")
        )
        return JSONResponse({"until": lease.until.isoformat()})

    async def decide(self, request: Request) -> Response:
        """Record the decision and all that follows from it."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, actor = request.path_params["case"], asker.session.account.actor
        try:
            finding = _finding(asker)
            await run_in_threadpool(
                self._platform.casework.decide,
                actor,
                case_id,
                asker.field("lease"),
                _count(asker.field("size")),
                finding,
            )
        except InvalidInput as problem:
            # What was typed stays on the page.
            return await self._case_page(asker, case_id, problem)
        return self._pages.back(f"{HOME}cases/{case_id}")

    async def reverse(self, request: Request) -> Response:
        """Decide a decided case the other way."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        case_id, actor = request.path_params["case"], asker.session.account.actor
        try:
            finding = _finding(asker)
            await run_in_threadpool(
                self._platform.casework.reverse,
                actor,
                case_id,
                _count(asker.field("size")),
                finding,
            )
        except InvalidInput as problem:
            return await self._case_page(asker, case_id, problem)
        return self._pages.back(f"{HOME}cases/{case_id}")

    async def approve(self, request: Request) -> Response:
        """Let a drafted referral go out."""
        asker = await self._pages.asker(request, Permission.REFERRAL_APPROVE)
        referral_id = request.path_params["referral"]
        await run_in_threadpool(
            self._platform.casework.approve, asker.session.account.actor, referral_id
        )
        referral = await run_in_threadpool(self._platform.register.load, referral_id)
        return self._pages.back(f"{HOME}cases/{referral.case_id}#referral")

    async def grant_view(self, request: Request) -> Response:
        """Give leave to look at one file, once, for seconds."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        grant = await run_in_threadpool(
            self._platform.viewing.grant,
            asker.session.account.actor,
            request.path_params["case"],
            request.path_params["item"],
            _chosen(Fidelity, asker.field("fidelity")),
            asker.fields.get("purpose", ""),
        )
        return JSONResponse(
            {
                "view": grant.id,
                "src": f"{HOME}views/{grant.id}.png",
                "seconds": int(GRANT.total_seconds()),
            },
            201,
        )

    async def picture(self, request: Request) -> Response:
        """Give the granted rendering, once."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        account = asker.session.account
        png = await run_in_threadpool(
            self._platform.viewing.render,
            account.actor,
            request.path_params["view"],
            account.pseudonym,
        )
        return Response(png, media_type="image/png")

    async def end_view(self, request: Request) -> Response:
        """Record that the picture is hidden again."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        view, actor = request.path_params["view"], asker.session.account.actor
        await run_in_threadpool(self._platform.viewing.end, actor, view)
        return Response(status_code=204)

    async def _case_page(
        self, asker: Asker, case_id: str, problem: InvalidInput | None = None
    ) -> Response:
        facts = await run_in_threadpool(self._facts, case_id)
        case = facts["case"]
        leased = case.leased_until is not None and case.leased_until > self._platform.clock()
        actor = str(asker.session.account.actor)
        return self._pages.page(
            "case.html",
            asker,
            status=problem.http_status if problem else 200,
            problem=problem,
            typed=asker.fields,
            leased=leased,
            is_mine=leased and case.leased_by == actor,
            rungs=tuple(one for one in Fidelity if one is not Fidelity.FACTS),
            outcomes=GROUNDS_FOR,
            subjects=tuple(Subject),
            ages=tuple(Age),
            conducts=tuple(Conduct),
            **facts,
        )

    def _facts(self, case_id: str) -> dict[str, Any]:
        with self._platform.database.reading() as connection:
            case = cases_on_record.load(connection, case_id)
            items = cases_on_record.items_of(connection, case_id)
            decisions = decisions_on_record.of_case(connection, case_id)
            orders = {item.id: holds.of_item(connection, item.id) for item in items}
            prior = [
                one
                for one in cases_on_record.of_account(connection, case.account_id)
                if one.id != case_id
            ]
        referrals = self._platform.register.for_case(case_id)
        return {
            "case": case,
            "items": items,
            "decisions": decisions,
            "orders": orders,
            "prior": prior,
            "referrals": [(one, completeness(one.draft)) for one in referrals],
            "timeline": self._platform.audit.entries(case_id, 50),
            "views": self._platform.viewing.of_case(case_id),
            "open": case.state is CaseState.OPEN,
        }

    def _decided_rows(self) -> list[dict[str, Any]]:
        query = (
            sa.select(cases)
            .where(cases.c.state == CaseState.DECIDED.value)
            .order_by(cases.c.decided_at.desc())
            .limit(_DECIDED_SHOWN)
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


def _finding(asker: Asker) -> Finding:
    grounds = _chosen(Grounds, asker.field("grounds"))
    fields = asker.fields
    return Finding(
        _chosen(Outcome, asker.field("outcome")),
        grounds,
        Observed(
            _chosen(Subject, fields.get("subject", Subject.CANNOT_TELL)),
            _chosen(Age, fields.get("age", Age.CANNOT_TELL)),
            _chosen(Conduct, fields.get("conduct", Conduct.CANNOT_TELL)),
            "list" if grounds is Grounds.LISTED_COPY else "reviewer",
        ),
        fields.get("note", "").strip(),
        fields.get("urgent_reason", "").strip() or None,
    )


def _chosen(words: type[Word], said: str) -> Word:
    try:
        return words(said)
    except ValueError:
        raise InvalidInput("A choice of the form is unknown.", "Load the page again.") from None


def _count(said: str) -> int:
    if not said.isdigit():
        raise InvalidInput("The form's item count is no number.", "Load the page again.")
    return int(said)
