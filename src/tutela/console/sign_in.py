"""Getting in: sign-in with two factors, one-time sign-ins, enrolment, leaving."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import segno
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela.console.pages import COOKIE, HOME
from tutela.errors import InvalidInput, NotSignedIn, TooManyAttempts

if TYPE_CHECKING:
    from starlette.requests import Request

    from tutela.access.accounts import Account, Enrolment
    from tutela.console.pages import Pages


class SignInPages:
    """The pages before a session stands."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._platform = pages.platform

    async def form(self, _request: Request) -> Response:
        """Show the sign-in form."""
        return self._pages.page("sign_in.html", problem=None)

    async def submit(self, request: Request) -> Response:
        """Check name, password and code."""
        fields = await self._pages.form(request)
        try:
            account = await run_in_threadpool(
                self._platform.accounts.authenticate,
                fields.get("name", ""),
                fields.get("password", ""),
                fields.get("code", ""),
            )
        except (NotSignedIn, TooManyAttempts) as problem:
            return self._pages.page("sign_in.html", status=problem.http_status, problem=problem)
        return await self._started(account)

    async def leave(self, request: Request) -> Response:
        """End the session."""
        await self._pages.form(request)
        word = request.cookies.get(COOKIE)
        if word:
            await run_in_threadpool(self._platform.sessions.end, word)
        answer = self._pages.back(f"{HOME}sign-in")
        answer.delete_cookie(COOKIE, path="/console")
        return answer

    async def one_time(self, request: Request) -> Response:
        """Show what a one-time sign-in leads to. Looking does not use it up."""
        token = request.path_params["token"]
        account, enrolment = await run_in_threadpool(self._opened, token)
        return self._page(token, account, enrolment, None)

    async def use_one_time(self, request: Request) -> Response:
        """Enrol and sign in; in a demonstration, sign in at once."""
        token = request.path_params["token"]
        fields = await self._pages.form(request)
        account, enrolment = await run_in_threadpool(self._opened, token)
        if not self._platform.sign_ins.direct:
            try:
                await run_in_threadpool(
                    self._platform.accounts.enrol,
                    account.id,
                    fields.get("password", ""),
                    enrolment.sealed,
                    fields.get("code", ""),
                )
            except InvalidInput as problem:
                return self._page(token, account, enrolment, problem)
        await run_in_threadpool(self._platform.sign_ins.use, token)
        await run_in_threadpool(self._platform.sessions.end_all, account)
        return await self._started(account)

    async def qr(self, request: Request) -> Response:
        """Draw the second factor's QR code for an authenticator."""
        _account, enrolment = await run_in_threadpool(self._opened, request.path_params["token"])
        out = io.BytesIO()
        segno.make(enrolment.address).save(out, kind="svg", scale=5, border=4, light="white")
        return Response(out.getvalue(), media_type="image/svg+xml")

    def _opened(self, token: str) -> tuple[Account, Enrolment]:
        opened = self._platform.sign_ins.open(token)
        instance = self._platform.settings.instance
        offer = self._platform.accounts.reopen_offer(opened.account, instance, opened.offer)
        return opened.account, offer

    def _page(
        self, token: str, account: Account, enrolment: Enrolment, problem: InvalidInput | None
    ) -> Response:
        return self._pages.page(
            "one_time.html",
            status=problem.http_status if problem else 200,
            token=token,
            account=account,
            secret=enrolment.secret,
            direct=self._platform.sign_ins.direct,
            problem=problem,
        )

    async def _started(self, account: Account) -> Response:
        word = await run_in_threadpool(self._platform.sessions.start, account)
        answer = self._pages.back(HOME)
        answer.set_cookie(
            COOKIE,
            word,
            path="/console",
            httponly=True,
            samesite="strict",
            secure=self._platform.settings.address.startswith("https://"),
        )
        return answer
