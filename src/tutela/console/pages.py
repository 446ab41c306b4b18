"""What every page shares: who asks, what they may, forms, templates, errors."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tutela.access import preferences
from tutela.access.gate import Principal, require
from tutela.access.preferences import Preferences, Theme
from tutela.access.refusals import Refusal
from tutela.access.roles import Permission
from tutela.cases import strip
from tutela.console import code_words, figures, keymap, language, sentences, words
from tutela.console.banner import Banner, banner
from tutela.console.doors import need_of
from tutela.decisions.decision import undoable
from tutela.errors import (
    InvalidInput,
    NotSignedIn,
    Refused,
    TooLarge,
    TutelaError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from starlette.requests import Request

    from tutela.access.sessions import Session
    from tutela.audit.entry import Actor
    from tutela.bootstrap import Platform
    from tutela.decisions.decision import Decision

UNCHOSEN = Preferences()
COOKIE = "tutela_session"
VISIT = "tutela_visit"
HOME = "/console/"
_PATH = "/console"
_SERVER_ERROR = 500
_WAYS_IN = ("/one-time/", "/sign-on/")
"""Who fails there is told why, rather than sent to the sign-in once more."""
_LONGEST_FORM = 64 * 1024
_MOST_FIELDS = 64
_FORM = "application/x-www-form-urlencoded"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asker:
    """A signed-in person, the fields of the form they sent, if any, and what alarms stand.

    `undoable`: their decisions of which nothing has left. `chosen`: what they prefer.
    """

    session: Session
    fields: Mapping[str, str]
    banner: Banner
    undoable: tuple[Decision, ...] = ()
    chosen: Preferences = UNCHOSEN

    @property
    def actor(self) -> Actor:
        """Return who acts in what follows."""
        return self.session.account.actor

    @property
    def principal(self) -> Principal:
        """Return who acts, with what they may."""
        account = self.session.account
        return Principal(account.actor, account.permissions)

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
        self.secure = platform.settings.address.startswith("https://")
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._templates.policies["ext.i18n.trimmed"] = True
        self._templates.install_gettext_callables(  # type: ignore[attr-defined]
            sentences._, sentences.ngettext, newstyle=True
        )
        self._templates.filters |= figures.FILTERS
        self._templates.filters["age"] = lambda at: figures.age(at, self.platform.clock())
        self._templates.filters["seconds_left"] = self._seconds_left
        self._templates.filters |= {
            "plainly": code_words.plain,
            "clock": strip.clock,
            "said": sentences._,
            "told": sentences.told,
            "isolated": sentences.isolated,
            "apart": sentences.apart,
        }
        self._templates.globals.update(
            words=words,
            keymap=keymap,
            Permission=Permission,
            spoken=sentences.spoken,
            languages=sentences.languages,
        )

    async def asker(self, request: Request, permission: Permission | None = None) -> Asker:
        """Return who asks, or raise `NotSignedIn` or `Refused`; the latter is recorded.

        The page's route says what it needs; `permission` is asked for beside that. A POST must
        come from our own pages and carry the session's CSRF word.
        """
        need = need_of(request)
        word = request.cookies.get(COOKIE)
        session = await run_in_threadpool(self.platform.sessions.find, word)
        fields: Mapping[str, str] = {}
        if request.method == "POST":
            fields = await self._form(request)
            await self._check_word(fields, session.csrf)
        asker = Asker(session, fields, *await run_in_threadpool(self._around, session))
        asked_for = request.headers.get("Accept-Language", "")
        sentences.speak(language.chosen(asker.chosen.language, asked_for))
        for one in dict.fromkeys((need, permission)):
            if one is not None:
                await self.require(asker, one)
        return asker

    def _around(self, session: Session) -> tuple[Banner, tuple[Decision, ...], Preferences]:
        """Return what every page shows around its own content."""
        account = session.account
        with self.platform.database.reading() as connection:
            own = undoable(connection, account.actor, self.platform.clock())
            chosen = preferences.of(connection, account.id)
        return banner(self.platform), tuple(own), chosen

    async def require(self, asker: Asker, permission: Permission) -> None:
        """Raise `Refused`, recorded, unless the person may do this."""
        await run_in_threadpool(require, self.platform.audit, asker.principal, permission)

    async def stranger(self, request: Request) -> Mapping[str, str]:
        """Return the form of somebody without a session; it must come from our own page."""
        fields = await self._form(request)
        await self._check_word(fields, _word_for(request.cookies.get(VISIT, "")))
        return fields

    def stranger_page(
        self, request: Request, name: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Render a template for somebody without a session."""
        visit = request.cookies.get(VISIT) or secrets.token_urlsafe(32)
        word, passkeys = _word_for(visit), self.platform.passkeys
        options = passkeys.ask(word) if passkeys.site.usable else None
        answer = self._rendered(
            name,
            status,
            asker=None,
            me=None,
            csrf=word,
            passkey_options=options,
            sign_on=self.platform.single_sign_on is not None,
            **values,
        )
        self.set_cookie(answer, VISIT, visit)
        return answer

    def page(self, name: str, asker: Asker, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a template for a signed-in person."""
        account, csrf = asker.session.account, asker.session.csrf
        key_of = keymap.keys_of(asker.chosen.keys)
        return self._rendered(
            name, status, asker=asker, me=account, csrf=csrf, key_of=key_of, **values
        )

    def _rendered(self, name: str, status: int, **values: Any) -> HTMLResponse:
        template = self._templates.get_template(name)
        return HTMLResponse(template.render(demo=self.platform.settings.demo, **values), status)

    async def error(self, request: Request, problem: TutelaError) -> Response:
        """Answer an error: a page with the remedy, a fragment to htmx, sign-in where needed."""
        if problem.http_status >= _SERVER_ERROR:
            _log.error("console.failed", problem=problem.code)
        lost = isinstance(problem, NotSignedIn) and not any(
            way in request.url.path for way in _WAYS_IN
        )
        if from_htmx(request):
            if lost:
                return Response(status_code=401, headers={"HX-Redirect": f"{HOME}sign-in"})
            return self._rendered("_problem.html", problem.http_status, problem=problem)
        if lost and request.method == "GET":
            return back(f"{HOME}sign-in")
        name = "sign_in.html" if lost else "error.html"
        worn = await run_in_threadpool(self._theme_of, request)
        return self.stranger_page(request, name, problem.http_status, problem=problem, worn=worn)

    def _theme_of(self, request: Request) -> str:
        """Return the colours of whoever meets an error; whatever fails, there is a page."""
        try:
            account = self.platform.sessions.find(request.cookies.get(COOKIE)).account
            with self.platform.database.reading() as connection:
                return preferences.of(connection, account.id).theme.value
        except (TutelaError, SQLAlchemyError):
            return Theme.SYSTEM.value

    def set_cookie(self, answer: Response, name: str, word: str) -> None:
        """Set a cookie that scripts cannot read and other sites cannot send."""
        answer.set_cookie(
            name, word, path=_PATH, httponly=True, samesite="strict", secure=self.secure
        )

    async def called(self) -> dict[str, str]:
        """Return what actors are called on pages: people by pseudonym, machines by name."""
        accounts = await run_in_threadpool(self.platform.accounts.all)
        return {
            str(one.actor): one.pseudonym if one.actor.kind == "person" else one.name
            for one in accounts
        }

    async def _form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form sent from our own pages."""
        if not _is_own(request):
            await run_in_threadpool(self.platform.refusals.note, Refusal.FORM_FOREIGN)
            raise Refused("This form comes from another site.", "Use the console's own pages.")
        return await self.foreign_form(request)

    async def _check_word(self, fields: Mapping[str, str], expected: str) -> None:
        if not secrets.compare_digest(fields.get("csrf", "").encode(), expected.encode()):
            await run_in_threadpool(self.platform.refusals.note, Refusal.FORM_WORD)
            raise Refused("This form is not from your session.", "Load the page again.")

    async def foreign_form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form that need not come from a page of ours."""
        if request.headers.get("Content-Type", "").partition(";")[0] != _FORM:
            raise UsageError("This is not a form.", "Use the console's own pages.")
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _LONGEST_FORM:
                    raise TooLarge("The form is too long.", "Shorten the note.")
        except ClientDisconnect as problem:
            # A page that is left while it sends what was typed: no defect of ours.
            raise UsageError("The form did not arrive whole.", "Send it again.") from problem
        try:
            return dict(
                parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            )
        except ValueError as problem:
            raise UsageError("The form cannot be read.", "Load the page again.") from problem

    def _seconds_left(self, until: datetime) -> int:
        """Return how long it is until an instant: a browser's clock may be another one."""
        return max(0, ceil((until - self.platform.clock()).total_seconds()))


def from_htmx(request: Request) -> bool:
    """Say whether a script of ours asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def back(path: str) -> RedirectResponse:
    """Send the browser to a page after a form."""
    return RedirectResponse(path, 303)


def _is_own(request: Request) -> bool:
    # Under our own no-referrer policy browsers send `Origin: null`, so Origin alone cannot tell
    # our pages from others; Sec-Fetch-Site can, and the form's word must be right in any case.
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "null")
    foreign = origin != "null" and urlsplit(origin).netloc != request.headers.get("Host")
    return site == "same-origin" and not foreign


def _word_for(visit: str) -> str:
    """Return the CSRF word for somebody without a session; none without a cookie."""
    return sha256(b"tutela visit " + visit.encode()).hexdigest() if visit else secrets.token_hex()
