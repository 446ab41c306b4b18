"""What a person types into a decision, kept on the server as they type it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela.access.roles import Permission
from tutela.decisions.typed import Page, overtaken
from tutela.errors import InvalidInput, Overtaken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from tutela.console.pages import Asker, Pages
    from tutela.decisions.typed import Typed

_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class Form:
    """What a page of the form starts with: what is in it, its name as a writer, what it has seen.

    `overtaken`: another page has other words, and the person must choose.
    """

    fields: Mapping[str, str]
    writer: str
    seen: int
    overtaken: bool = False


class TypedPages:
    """Where the form sends what is typed."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def keep(self, request: Request) -> Response:
        """Keep what a page holds; 409 where another page of the person has other words."""
        asker = await self._pages.asker(request, Permission.CASE_DECIDE)
        await run_in_threadpool(
            self._platform.typed.keep,
            request.path_params["case"],
            asker.actor,
            asker.fields,
            page_of(asker.fields),
            self._platform.clock(),
            over=asker.fields.get("over") == "1",
        )
        return Response(status_code=204)


def form_of(asker: Asker, kept: Typed, *, overtaken: bool = False) -> Form:
    """Return what the form on a page starts with: what was just sent, or what is kept."""
    if "outcome" in asker.fields or "note" in asker.fields:
        sent = page_of(asker.fields)
        return Form(asker.fields, sent.writer, sent.seen, overtaken)
    return Form(kept.fields, secrets.token_hex(8), kept.revision)


def check(kept: Typed, fields: Mapping[str, str]) -> None:
    """Raise `Overtaken` where a decision is sent from a page that has not seen the newest words."""
    said_so = fields.get("over") == "1"
    if kept.at is not None and not said_so and overtaken(kept, page_of(fields), fields):
        raise Overtaken(
            "Other words were typed about this case on another page of yours.",
            "Nothing was decided. Choose which words to keep, then decide.",
        )


def page_of(fields: Mapping[str, str]) -> Page:
    """Return which page of the form sends these fields, and what it has seen."""
    return Page(
        fields.get("writer", ""), _number(fields, "stroke", "1"), _number(fields, "seen", "0")
    )


def _number(fields: Mapping[str, str], name: str, otherwise: str) -> int:
    said = fields.get(name, otherwise)
    if not (said.isascii() and said.isdigit() and len(said) <= _LONGEST_NUMBER):
        raise InvalidInput(f"The form's {name} is no number.", "Load the page again.")
    return int(said)
