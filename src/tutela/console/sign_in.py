"""Getting in: sign-in with two factors, one-time sign-ins, enrolment, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from tutela.access.refusals import Refusal
from tutela.access.single_sign_on import STARTED
from tutela.console.pages import COOKIE, HOME, back
from tutela.errors import InvalidInput, NotFound, NotSignedIn, TooManyAttempts

if TYPE_CHECKING:
    from starlette.requests import Request

    from tutela.access.accounts import Account, Enrolment
    from tutela.access.single_sign_on import SingleSignOn
    from tutela.console.pages import Pages

BEGUN = "tutela_sign_on"


class SignInPages:
    """The pages before a session stands."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def form(self, request: Request) -> Response:
        """Show the sign-in form."""
        return self._pages.stranger_page(request, "sign_in.html", problem=None)

    async def submit(self, request: Request) -> Response:
        """Check name, password and code."""
        fields = await self._pages.stranger(request)
        try:
            account = await run_in_threadpool(
                self._platform.accounts.authenticate,
                fields.get("name", ""),
                fields.get("password", ""),
                fields.get("code", ""),
            )
        except (NotSignedIn, TooManyAttempts) as problem:
            status = problem.http_status
            return self._pages.stranger_page(request, "sign_in.html", status, problem=problem)
        return await self._started(request, account)

    async def passkey(self, request: Request) -> Response:
        """Sign in whose passkey answered this page."""
        fields = await self._pages.stranger(request)
        try:
            account = await run_in_threadpool(
                self._platform.passkeys.authenticate, fields["csrf"], fields.get("answer", "")
            )
        except NotSignedIn as problem:
            status = problem.http_status
            return self._pages.stranger_page(request, "sign_in.html", status, problem=problem)
        return await self._started(request, account)

    async def sign_on(self, request: Request) -> Response:  # noqa: ARG002
        """Send the browser to the identity provider."""
        address, kept = await run_in_threadpool(self._provider().begin)
        answer = RedirectResponse(address, 303)
        # Comes along when the provider sends the browser back, which `strict` would not.
        answer.set_cookie(
            BEGUN,
            kept,
            max_age=int(STARTED.total_seconds()),
            path="/console/sign-on",
            httponly=True,
            samesite="lax",
            secure=self._pages.secure,
        )
        return answer

    async def signed_on(self, request: Request) -> Response:
        """Take the browser back from the identity provider."""
        asked = request.query_params
        account = await run_in_threadpool(
            self._provider().finish,
            request.cookies.get(BEGUN, ""),
            asked.get("state", ""),
            asked.get("code", ""),
        )
        started = await self._started(request, account)
        # A page of ours that goes on by itself: what another site started carries no strict cookie.
        answer = self._pages.stranger_page(request, "signed_on.html")
        for name, value in started.raw_headers:
            if name == b"set-cookie":
                answer.raw_headers.append((name, value))
        answer.delete_cookie(BEGUN, path="/console/sign-on")
        return answer

    async def signed_out(self, request: Request) -> Response:
        """Take the identity provider's word that it has logged somebody out: its back channel.

        The call comes from the provider itself, with no cookie and no page of ours behind it; the
        signature is its only proof. OpenID Connect Back-Channel Logout 1.0 §2.5-2.8.
        """
        fields = await self._pages.foreign_form(request)
        headers = {"Cache-Control": "no-store"}
        try:
            token = fields.get("logout_token", "")
            await run_in_threadpool(self._provider().log_out, token)
        except (NotSignedIn, NotFound):
            return JSONResponse({"error": "invalid_request"}, 400, headers)
        return Response(status_code=200, headers=headers)

    def _provider(self) -> SingleSignOn:
        if self._platform.single_sign_on is None:
            raise NotFound("There is no identity provider here.", "Sign in with your password.")
        return self._platform.single_sign_on

    async def leave(self, request: Request) -> Response:
        """End the session."""
        await self._pages.asker(request, None)
        await run_in_threadpool(self._platform.sessions.end, request.cookies[COOKIE])
        answer = back(f"{HOME}sign-in")
        answer.delete_cookie(COOKIE, path="/console")
        return answer

    async def one_time(self, request: Request) -> Response:
        """Show what a one-time sign-in leads to. Looking does not use it up."""
        account, enrolment = await run_in_threadpool(self._opened, request.path_params["token"])
        return self._page(request, account, enrolment, None)

    async def use_one_time(self, request: Request) -> Response:
        """Enrol and sign in; in a demonstration, sign in at once."""
        fields = await self._pages.stranger(request)
        token = request.path_params["token"]
        account, enrolment = await run_in_threadpool(self._opened, token)
        if self._platform.sign_ins.direct:
            await run_in_threadpool(self._platform.sign_ins.use, token)
            return await self._started(request, account)
        try:
            account = await run_in_threadpool(
                self._platform.sign_ins.enrol,
                token,
                fields.get("password", ""),
                fields.get("code", ""),
            )
        except InvalidInput as problem:
            return self._page(request, account, enrolment, problem)
        return await self._started(request, account)

    def _opened(self, token: str) -> tuple[Account, Enrolment]:
        try:
            opened = self._platform.sign_ins.open(token)
        except NotSignedIn:
            self._platform.refusals.note(Refusal.ONE_TIME_UNKNOWN)
            raise
        instance = self._platform.settings.instance
        offer = self._platform.accounts.reopen_offer(opened.account, instance, opened.offer)
        return opened.account, offer

    def _page(
        self,
        request: Request,
        account: Account,
        enrolment: Enrolment,
        problem: InvalidInput | None,
    ) -> Response:
        direct = self._platform.sign_ins.direct
        return self._pages.stranger_page(
            request,
            "one_time.html",
            problem.http_status if problem else 200,
            account=account,
            # In the page itself, so that no second address serves the secret.
            qr=None if direct else _qr(enrolment.address),
            secret=None if direct else _grouped(enrolment.secret),
            direct=direct,
            problem=problem,
        )

    async def _started(self, request: Request, account: Account) -> Response:
        earlier = request.cookies.get(COOKIE)
        if earlier:
            await run_in_threadpool(self._platform.sessions.end, earlier)
        word = await run_in_threadpool(self._platform.sessions.start, account)
        answer = back(HOME)
        self._pages.set_cookie(answer, COOKIE, word)
        return answer


def _qr(address: str) -> str:
    return segno.make(address, micro=False).svg_inline(scale=4, border=3, light="#fff", dark="#000")


def _grouped(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
