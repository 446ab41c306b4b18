"""Looking at evidence: asked for, granted, shown once, ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela.access.roles import Permission
from tutela.access.second_person import Verb
from tutela.cases import case as cases_on_record
from tutela.cases import queue
from tutela.cases.case import CaseState
from tutela.cases.viewing import GRANT, Fidelity
from tutela.console.pages import HOME, back, from_htmx
from tutela.errors import InvalidInput, LeaseLost

_CASE = re.compile(r"cas_[0-9A-Z]{26}")
_MOMENT = re.compile(r"-?[0-9]{1,16}")

if TYPE_CHECKING:
    from starlette.requests import Request

    from tutela.console.pages import Asker, Pages


class LookingPages:
    """The only way to a picture: a grant for one file, one fidelity, once, for seconds."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def ask(self, request: Request) -> Response:
        """Give leave to look at one file."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        case_id, item_id = request.path_params["case"], asker.field("item")
        fidelity = _fidelity(asker.field("fidelity"))
        if fidelity is Fidelity.ORIGINAL:
            await self._pages.require(asker, Permission.EVIDENCE_VIEW_FULL)
        await run_in_threadpool(self._check_holder, asker, case_id)
        if fidelity is Fidelity.ORIGINAL:
            approvals = self._platform.approvals
            await run_in_threadpool(approvals.spend, asker.actor, Verb.VIEW_ORIGINAL, item_id)
        grant = await run_in_threadpool(
            self._platform.viewing.grant,
            asker.actor,
            case_id,
            item_id,
            fidelity,
            asker.fields.get("purpose", "").strip(),
            _moment(asker.fields.get("moment", "")),
        )
        if from_htmx(request):
            return self._pages.page(
                "_shown.html",
                asker,
                view=grant.id,
                fidelity=fidelity,
                seconds=int(GRANT.total_seconds()),
                tile=None,
            )
        shown = urlencode({"item": item_id, "view": grant.id, "fidelity": fidelity.value})
        return back(f"{HOME}cases/{case_id}?{shown}#stage")

    async def picture(self, request: Request) -> Response:
        """Give the granted rendering, once."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        png = await run_in_threadpool(
            self._platform.viewing.render,
            asker.actor,
            request.path_params["view"],
            asker.session.account.pseudonym,
        )
        return Response(png, media_type="image/png")

    async def end(self, request: Request) -> Response:
        """Record that the picture is hidden again."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        view = request.path_params["view"]
        await run_in_threadpool(self._platform.viewing.end, asker.actor, view)
        case_id = asker.fields.get("case", "")
        if from_htmx(request) or not _CASE.fullmatch(case_id):
            return Response(status_code=204)
        return back(f"{HOME}cases/{case_id}")

    def _check_holder(self, asker: Asker, case_id: str) -> None:
        """Only who holds an open case looks at its files; a decided one has no holder."""
        if self._platform.golden.is_check(case_id):
            # Whose it is and whether it is held `Viewing` asks for itself.
            return
        with self._platform.database.reading() as connection:
            case = cases_on_record.load(connection, case_id)
        if case.state is not CaseState.OPEN:
            return
        if case.lease is None:
            raise LeaseLost("You do not hold this case.", "Claim it, then look.")
        queue.check(case, asker.actor, case.lease, self._platform.clock())


def _moment(said: str) -> int | None:
    """Return which frame of a film is asked for; None for the strip."""
    if not said:
        return None
    if not _MOMENT.fullmatch(said):
        raise InvalidInput("That is no moment of a film.", "Choose a frame that is offered.")
    return int(said)


def _fidelity(said: str) -> Fidelity:
    try:
        return Fidelity(said)
    except ValueError:
        raise InvalidInput(
            "There is no such rung.", f"Use one of: {', '.join(Fidelity)}."
        ) from None
