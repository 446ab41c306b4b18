"""The console's application: routes, security headers, error pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tutela.console.casework import CaseworkPages
from tutela.console.pages import Pages
from tutela.console.record import RecordPages
from tutela.console.sign_in import SignInPages
from tutela.errors import NotFound, TutelaError, UsageError

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tutela.bootstrap import Platform

_STATIC = Path(__file__).parent / "static"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


def console_app(platform: Platform) -> Starlette:
    """Return the console of one platform; mount it at /console."""
    pages = Pages(platform)
    signing, casework, record = SignInPages(pages), CaseworkPages(pages), RecordPages(pages)

    async def on_error(request: Request, problem: Exception) -> Response:
        return await pages.error(request, _ours(problem))

    return Starlette(
        routes=[
            Route("/", casework.queue),
            Route("/decided", casework.decided),
            Route("/sign-in", signing.form),
            Route("/sign-in", signing.submit, methods=["POST"]),
            Route("/sign-out", signing.leave, methods=["POST"]),
            Route("/one-time/{token}", signing.one_time),
            Route("/one-time/{token}", signing.use_one_time, methods=["POST"]),
            Route("/one-time/{token}/qr.svg", signing.qr),
            Route("/cases/{case}", casework.case),
            Route("/cases/{case}/claim", casework.claim, methods=["POST"]),
            Route("/cases/{case}/release", casework.release, methods=["POST"]),
            Route("/cases/{case}/renew", casework.renew, methods=["POST"]),
            Route("/cases/{case}/decide", casework.decide, methods=["POST"]),
            Route("/cases/{case}/reverse", casework.reverse, methods=["POST"]),
            Route("/cases/{case}/items/{item}/views", casework.grant_view, methods=["POST"]),
            Route("/views/{view}.png", casework.picture),
            Route("/views/{view}/end", casework.end_view, methods=["POST"]),
            Route("/referrals/{referral}/approve", casework.approve, methods=["POST"]),
            Route("/audit", record.audit),
            Route("/audit/verify", record.verify, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(platform)),
            Middleware(_Headers),
        ],
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


def _hosts(platform: Platform) -> list[str]:
    """Return the host names we answer to: a name pointed at us by somebody else is refused."""
    settings = platform.settings
    own = urlsplit(settings.address).hostname or settings.listen_host
    return sorted({own, settings.listen_host, "localhost", "127.0.0.1", "[::1]"})


class _Headers:
    """Puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in _HEADERS.items()
                        if name.lower().encode() not in present
                    ),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)
