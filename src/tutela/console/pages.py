"""What every page shares: who asks, what they may, forms, templates, errors."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from tutela.access.roles import Permission
from tutela.audit.entry import Action
from tutela.errors import InvalidInput, NotSignedIn, Refused, TutelaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.access.sessions import Session
    from tutela.bootstrap import Platform

COOKIE = "tutela_session"
HOME = "/console/"
_SERVER_ERROR = 500
_LONGEST_FORM = 64 * 1024
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asker:
    """A signed-in person and the fields of the form they sent, if any."""

    session: Session
    fields: Mapping[str, str]

    def may(self, permission: Permission) -> bool:
        """Say whether the person's roles allow it."""
        return permission in self.session.account.permissions

    def field(self, name: str) -> str:
        """Return a form field. Raises `InvalidInput` when it is missing."""
        try:
            return self.fields[name]
        except KeyError:
            raise InvalidInput(f"The form lacks {name}.", "Load the page again.") from None


class Pages:
    """The common part of all pages."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["moment"] = lambda at: f"{at:%Y-%m-%d %H:%M:%S}"
        self._templates.filters["age"] = self._age
        self._templates.filters["plainly"] = lambda word: str(word).replace("_", " ")

    async def asker(self, request: Request, permission: Permission) -> Asker:
        """Return who asks, or raise `NotSignedIn` or `Refused`; refusals are recorded.

        A POST must come from our own pages and carry the session's CSRF word.
        """
        word = request.cookies.get(COOKIE)
        session = await run_in_threadpool(self.platform.sessions.find, word)
        fields: Mapping[str, str] = {}
        if request.method == "POST":
            fields = await self.form(request)
            given = fields.get("csrf") or request.headers.get("X-CSRF") or ""
            if not secrets.compare_digest(given, session.csrf):
                raise Refused("This form is not from your session.", "Load the page again.")
        if permission not in session.account.permissions:
            await run_in_threadpool(
                self.platform.audit.note,
                session.account.actor,
                Action.ACCESS_REFUSED,
                session.account.id,
                permission=permission.value,
            )
            raise Refused("Your role does not allow this.", "Ask an administrator.")
        return Asker(session, fields)

    async def form(self, request: Request) -> dict[str, str]:
        """Return the text fields of a form sent from our own pages."""
        if not _from_here(request):
            raise Refused("This form comes from another site.", "Use the console's own pages.")
        if int(request.headers.get("Content-Length") or 0) > _LONGEST_FORM:
            raise UsageError("The form is too long.", "Shorten the note.")
        async with request.form(max_files=0) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}

    def page(
        self, name: str, asker: Asker | None = None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Render a template."""
        text = self._templates.get_template(name).render(
            asker=asker,
            me=asker.session.account if asker else None,
            csrf=asker.session.csrf if asker else "",
            Permission=Permission,
            demo=self.platform.settings.demo,
            **values,
        )
        return HTMLResponse(text, status)

    async def error(self, request: Request, problem: TutelaError) -> Response:
        """Answer an error: a page with the remedy, JSON to our scripts, sign-in where needed."""
        if problem.http_status >= _SERVER_ERROR:
            _log.error("console.failed", problem=problem.code)
        if "application/json" in request.headers.get("Accept", ""):
            return JSONResponse(
                {"what": problem.what, "remedy": problem.remedy}, problem.http_status
            )
        if isinstance(problem, NotSignedIn) and "/one-time/" not in request.url.path:
            if request.method == "GET":
                return RedirectResponse(f"{HOME}sign-in", 303)
            return self.page("sign_in.html", status=problem.http_status, problem=problem)
        return self.page("error.html", status=problem.http_status, problem=problem)

    @staticmethod
    def back(path: str) -> RedirectResponse:
        """Send the browser to a page after a form."""
        return RedirectResponse(path, 303)

    def _age(self, at: datetime) -> str:
        minutes = int((self.platform.clock() - at).total_seconds() // 60)
        if minutes < 60:  # noqa: PLR2004
            return f"{minutes} min"
        return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"  # noqa: PLR2004


def _from_here(request: Request) -> bool:
    """Say whether the browser states that a form came from our own pages.

    Browsers that know it say so in Sec-Fetch-Site, which pages cannot forge; older ones send
    Origin. What is no browser sends neither and has no session of a person to abuse.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")
