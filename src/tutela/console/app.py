"""The console's application: routes, security headers, error pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tutela.access.refusals import Refusal, Refusals
from tutela.access.roles import Permission
from tutela.cases.passing import Way
from tutela.console.account import AccountPages
from tutela.console.alarms import AlarmPages
from tutela.console.appeals import AppealPages
from tutela.console.approvals import ApprovalPages
from tutela.console.availability import AvailabilityPages
from tutela.console.case import CasePages
from tutela.console.doors import ANYBODY, SIGNED_IN, form, page
from tutela.console.exposure import ExposurePages
from tutela.console.golden import GoldenPages
from tutela.console.language import chosen
from tutela.console.lists import ListPages
from tutela.console.looking import LookingPages
from tutela.console.obligations import ObligationPages
from tutela.console.pages import Pages
from tutela.console.passing import PassingPages
from tutela.console.policies import PolicyPages
from tutela.console.preferences import PreferencePages
from tutela.console.queue import QueuePages
from tutela.console.record import RecordPages
from tutela.console.referrals import ReferralPages
from tutela.console.revealing import RevealingPages
from tutela.console.reviews import ReviewPages
from tutela.console.roster import RosterPages
from tutela.console.sentences import speak
from tutela.console.setting_pages import SettingPages
from tutela.console.sign_in import SignInPages
from tutela.console.splitting import SplittingPages
from tutela.console.team import TeamPages
from tutela.console.typed import TypedPages
from tutela.console.undoing import UndoingPages
from tutela.errors import NotFound, TutelaError, UsageError

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tutela.bootstrap import Platform

_STATIC = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 3600
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
    "Cache-Control": "no-store",
}


def console_app(platform: Platform) -> Starlette:
    """Return the console of one platform; mount it at /console."""
    pages = Pages(platform)
    signing, case = SignInPages(pages), CasePages(pages)
    golden = GoldenPages(pages, case)
    queue, either = QueuePages(pages, golden), golden.either
    looking, referrals, record = LookingPages(pages), ReferralPages(pages), RecordPages(pages)
    passing, approvals = PassingPages(pages), ApprovalPages(pages)
    lists, account = ListPages(pages), AccountPages(pages)

    alarms, settings = AlarmPages(pages), SettingPages(pages)
    typed, undoing = TypedPages(pages), UndoingPages(pages)
    preferences, appeals = PreferencePages(pages), AppealPages(pages)
    reviews = ReviewPages(pages)
    day, team = ExposurePages(pages), TeamPages(pages)
    roster = RosterPages(pages)
    revealing, available = RevealingPages(pages), AvailabilityPages(pages)

    async def on_error(request: Request, problem: Exception) -> Response:
        return await pages.error(request, _ours(problem))

    return Starlette(
        routes=[
            page("/", queue.start, SIGNED_IN),
            page("/sign-in", signing.form, ANYBODY),
            form("/sign-in", signing.submit, ANYBODY),
            form("/sign-out", signing.leave, SIGNED_IN),
            page("/one-time/{token}", signing.one_time, ANYBODY),
            form("/one-time/{token}", signing.use_one_time, ANYBODY),
            page("/queue", queue.queue, Permission.CASE_READ),
            form("/next", queue.next, Permission.CASE_DECIDE),
            page("/decided", queue.decided, Permission.CASE_READ),
            page("/cases/{case}", either(case.case, golden.case), Permission.CASE_READ),
            page(
                "/cases/{case}/present", either(case.present, golden.present), Permission.CASE_READ
            ),
            form("/cases/{case}/claim", either(case.claim, golden.claim), Permission.CASE_DECIDE),
            form(
                "/cases/{case}/release",
                either(case.release, golden.release),
                Permission.CASE_DECIDE,
            ),
            form("/cases/{case}/renew", either(case.renew, golden.renew), Permission.CASE_DECIDE),
            form(
                "/cases/{case}/skip",
                either(passing.skip, golden.passed_on(Way.SKIPPED)),
                Permission.CASE_DECIDE,
            ),
            form(
                "/cases/{case}/hand-over",
                either(passing.hand_over, golden.passed_on(Way.HANDED_OVER)),
                Permission.CASE_DECIDE,
            ),
            form(
                "/cases/{case}/second-opinion",
                either(passing.ask_second, golden.passed_on(Way.SECOND_OPINION)),
                Permission.CASE_DECIDE,
            ),
            form(
                "/cases/{case}/escalate",
                either(passing.escalate, golden.passed_on(Way.ESCALATED)),
                Permission.CASE_READ,
            ),
            form("/cases/{case}/split", SplittingPages(pages).split, Permission.CASE_DECIDE),
            form(
                "/cases/{case}/decide", either(case.decide, golden.decide), Permission.CASE_DECIDE
            ),
            form("/cases/{case}/typed", either(typed.keep, golden.typed), Permission.CASE_DECIDE),
            form("/cases/{case}/undo", undoing.undo, Permission.CASE_DECIDE),
            form("/cases/{case}/reverse", case.reverse, Permission.CASE_DECIDE),
            form("/cases/{case}/views", looking.ask, Permission.EVIDENCE_VIEW),
            page("/views/{view}", looking.picture, Permission.EVIDENCE_VIEW),
            form("/views/{view}/end", looking.end, Permission.EVIDENCE_VIEW),
            form("/views/{view}/tiles", revealing.ask, Permission.EVIDENCE_VIEW),
            page("/views/{view}/tiles/{tile}", revealing.picture, Permission.EVIDENCE_VIEW),
            page("/cases/{case}/availability", available.state, Permission.CASE_READ),
            form("/cases/{case}/recheck", available.recheck, Permission.EVIDENCE_VIEW),
            page("/referrals", referrals.all, Permission.CASE_READ),
            page("/referrals/{referral}", referrals.panel, Permission.CASE_READ),
            form("/referrals/{referral}/approve", referrals.approve, Permission.REFERRAL_APPROVE),
            form("/referrals/{referral}/ask", referrals.ask, Permission.CASE_DECIDE),
            form("/passkey", signing.passkey, ANYBODY),
            page("/sign-on", signing.sign_on, ANYBODY),
            page("/sign-on/back", signing.signed_on, ANYBODY),
            form("/sign-on/out", signing.signed_out, ANYBODY),
            page("/account", account.all, SIGNED_IN),
            form("/account/passkeys", account.add, SIGNED_IN),
            form("/account/passkeys/{passkey}/remove", account.remove, SIGNED_IN),
            form("/account/recovery", account.recovery, SIGNED_IN),
            page("/reviews", reviews.all, Permission.CASE_DECIDE),
            page("/reviews/{review}", reviews.one, Permission.CASE_DECIDE),
            form("/reviews/{review}/take", reviews.take, Permission.CASE_DECIDE),
            form("/reviews/{review}/say", reviews.say, Permission.CASE_DECIDE),
            page("/agreement", reviews.agreement, Permission.TEAM_OVERSEE),
            form("/golden/install", golden.install, Permission.TEAM_OVERSEE),
            form("/golden/{set}/remove", golden.remove, Permission.TEAM_OVERSEE),
            page("/appeals", appeals.all, Permission.CASE_READ),
            page("/appeals/{appeal}", appeals.one, Permission.CASE_READ),
            form("/appeals/{appeal}/take", appeals.take, Permission.CASE_DECIDE),
            form("/appeals/{appeal}/uphold", appeals.uphold, Permission.CASE_DECIDE),
            form("/appeals/{appeal}/reverse", appeals.reverse, Permission.CASE_DECIDE),
            page("/preferences", preferences.all, SIGNED_IN),
            form("/preferences/theme", preferences.theme, SIGNED_IN),
            form("/preferences/language", preferences.language, SIGNED_IN),
            form("/preferences/keys", preferences.keys, SIGNED_IN),
            form("/preferences/keys/reset", preferences.reset, SIGNED_IN),
            form("/preferences/keys/left", preferences.left, SIGNED_IN),
            page("/approvals", approvals.all, SIGNED_IN),
            form("/approvals", approvals.ask, SIGNED_IN),
            form("/approvals/{approval}/confirm", approvals.confirm, SIGNED_IN),
            form("/approvals/{approval}/refuse", approvals.refuse, SIGNED_IN),
            page("/lists", lists.all, Permission.LIST_MANAGE),
            form("/lists/pending/{delivery}/accept", lists.accept, Permission.LIST_MANAGE),
            form("/lists/pending/{delivery}/refuse", lists.refuse, Permission.LIST_MANAGE),
            form("/lists/{list}/flagged/accept", lists.accept_entry, Permission.LIST_MANAGE),
            form("/lists/{list}/flagged/refuse", lists.refuse_entry, Permission.LIST_MANAGE),
            form("/lists/{list}/off", lists.off, Permission.LIST_MANAGE),
            form("/lists/{list}/on", lists.on, Permission.LIST_MANAGE),
            page("/obligations", ObligationPages(pages).all, SIGNED_IN),
            page("/policies", PolicyPages(pages).all, Permission.LIST_MANAGE),
            form("/policies", PolicyPages(pages).lay_down, Permission.LIST_MANAGE),
            page("/alarms", alarms.all, Permission.ALARM_HANDLE),
            form("/alarms/{alarm}/acknowledge", alarms.acknowledge, Permission.ALARM_HANDLE),
            page("/day", day.mine, Permission.CASE_READ),
            page("/day/meter", day.meter, Permission.CASE_READ),
            form("/day/stop", day.stop, Permission.CASE_READ),
            form("/day/resume", day.resume, Permission.CASE_READ),
            form("/day/opt-outs", day.opt_out, Permission.CASE_READ),
            page("/team", team.all, Permission.TEAM_OVERSEE),
            form("/team/override", team.override, Permission.TEAM_OVERSEE),
            page("/settings", settings.all, Permission.ACCOUNT_MANAGE),
            page("/accounts", roster.all, Permission.ACCOUNT_MANAGE),
            form("/accounts/add", roster.add, Permission.ACCOUNT_MANAGE),
            form("/accounts/grant", roster.grant, Permission.ACCOUNT_MANAGE),
            form("/accounts/revoke", roster.revoke, Permission.ACCOUNT_MANAGE),
            form("/accounts/sign-in", roster.sign_in, Permission.ACCOUNT_MANAGE),
            form("/accounts/end-sessions", roster.end, Permission.ACCOUNT_MANAGE),
            form("/accounts/disable", roster.disable, Permission.ACCOUNT_MANAGE),
            form("/accounts/enable", roster.enable, Permission.ACCOUNT_MANAGE),
            form("/accounts/tokens/{token}/revoke", roster.revoke_token, Permission.ACCOUNT_MANAGE),
            page("/audit", record.audit, Permission.AUDIT_READ),
            form("/audit/verify", record.verify, Permission.AUDIT_READ),
            Mount("/static", StaticFiles(directory=_STATIC), name="static"),
        ],
        middleware=[Middleware(_Shield, _hosts(platform), platform.refusals, secure=pages.secure)],
        exception_handlers={TutelaError: on_error, HTTPException: on_error, Exception: on_error},
    )


def _ours(problem: Exception) -> TutelaError:
    if isinstance(problem, TutelaError):
        return problem
    if isinstance(problem, HTTPException):
        if problem.status_code == NotFound.http_status:
            return NotFound("There is no such page.", "Go back to the queue.")
        return UsageError(f"{problem.detail}.", "Go back to the queue.")
    return TutelaError("Something unforeseen happened.", "Try again; report it if it stays.")


def _hosts(platform: Platform) -> frozenset[str]:
    """Return the host names we answer to: a name pointed at us by somebody else is refused."""
    settings = platform.settings
    own = urlsplit(settings.address).hostname or ""
    return frozenset({own, settings.listen_host, "localhost", "127.0.0.1", "::1"})


class _Shield:
    """Answers only to our own host names, and puts the security headers on every answer."""

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str], refusals: Refusals, *, secure: bool
    ) -> None:
        self._app = app
        self._refusals = refusals
        self._hosts = hosts
        self._headers = dict(_HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = f"max-age={_YEAR}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(self._headers)
        if scope["path"].removeprefix(scope.get("root_path", "")).startswith("/static/"):
            # No data in these: browsers may keep them, and ask whether they changed.
            headers["Cache-Control"] = "no-cache"

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in headers.items()
                        if name.lower().encode() not in present
                    ),
                ]
            await send(message)

        speak(chosen(None, _header(scope, b"accept-language")))
        if _host(scope) in self._hosts:
            await self._app(scope, receive, with_headers)
        else:
            if due := self._refusals.counted(Refusal.HOST_UNKNOWN):
                await run_in_threadpool(self._refusals.write, due)
            refusal = PlainTextResponse(
                "This instance does not go by that host name. Set public_url in its settings.\n",
                UsageError.http_status,
            )
            await refusal(scope, receive, with_headers)


def _host(scope: Scope) -> str:
    try:
        return urlsplit(f"//{_header(scope, b'host')}").hostname or ""
    except ValueError:
        return ""


def _header(scope: Scope, name: bytes) -> str:
    said: bytes = dict(scope["headers"]).get(name, b"")
    return said.decode("latin-1")
