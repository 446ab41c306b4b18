"""Revealing a spot: each tile asked for, granted, shown once, while its view lasts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela.access.roles import Permission
from tutela.cases.rendering import Spot
from tutela.console.pages import HOME, back, from_htmx
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.requests import Request

    from tutela.console.pages import Pages

_CASE, _ITEM = re.compile(r"cas_[0-9A-Z]{26}"), re.compile(r"itm_[0-9A-Z]{26}")
_THOUSANDTHS = re.compile(r"[0-9]{1,4}")


class RevealingPages:
    """Tiles of a picture that is shown as `reveal`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._revealing = pages.platform.revealing

    async def ask(self, request: Request) -> Response:
        """Give leave to see one tile."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        view = request.path_params["view"]
        spot = Spot(_thousandths(asker.field("across")), _thousandths(asker.field("down")))
        tile = await run_in_threadpool(self._revealing.ask, asker.actor, view, spot)
        if from_htmx(request):
            return self._pages.page("_tile.html", asker, view=view, tile=tile.id, left=tile.left)
        case_id, item_id = asker.fields.get("case", ""), asker.fields.get("item", "")
        if not (_CASE.fullmatch(case_id) and _ITEM.fullmatch(item_id)):
            return back(HOME)
        shown = {"item": item_id, "view": view, "fidelity": "reveal", "tile": tile.id}
        return back(f"{HOME}cases/{case_id}?{urlencode(shown)}#stage")

    async def picture(self, request: Request) -> Response:
        """Give the granted tile, once."""
        asker = await self._pages.asker(request, Permission.EVIDENCE_VIEW)
        png = await run_in_threadpool(
            self._revealing.render,
            asker.actor,
            request.path_params["view"],
            request.path_params["tile"],
            asker.session.account.pseudonym,
        )
        return Response(png, media_type="image/png")


def _thousandths(said: str) -> int:
    if not _THOUSANDTHS.fullmatch(said):
        raise InvalidInput("The spot is no number.", "Say both as 0 to 1000.")
    return int(said)
