"""The gate before everything that is served: how often, how many at once, how slowly.

Counted in this process's memory (docs/decisions/0023-rates-in-memory.md): a token under its
digest, strangers under their address. A token that was good before is not held up by what
strangers at the same address do.
"""

from __future__ import annotations

import asyncio
import math
import time
import traceback
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

import structlog
from starlette.concurrency import run_in_threadpool

from tutela.access.rates import Buckets, Rate, client_of
from tutela.access.refusals import Refusal
from tutela.api.problem import problem_of
from tutela.errors import TooManyRequests, TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any

    from starlette.types import ASGIApp, Receive, Scope, Send

    from tutela.access.refusals import Refusals
    from tutela.settings import Rates

_log = structlog.get_logger()
_API, _UPLOADS = "/api/v1/", "/api/v1/items"
_SIGN_INS = (
    "/console/sign-in",
    "/console/one-time/",
    "/console/passkey",
    "/console/sign-on/out",
)
_UNAUTHORISED = 401
_MINUTE = 60.0


class Gate:
    """Lets a request on, or answers 429 with `Retry-After`; a body that never ends gets 408.

    What breaks behind it was answered there, and ends here: by its kind and place, because a
    server's own report would put the message, and with it a path or a name, into the log.
    """

    def __init__(
        self,
        app: ASGIApp,
        rates: Rates,
        clock: Callable[[], float] = time.monotonic,
        *,
        refusals: Refusals,
    ) -> None:
        self._app = app
        self._refusals = refusals
        self._rates = rates
        self._clock = clock
        most = rates.callers
        self._uploads = Buckets(Rate(rates.uploads_a_second, rates.uploads_burst), most)
        self._calls = Buckets(Rate(rates.calls_a_second, rates.calls_burst), most)
        per_minute = (rates.strangers_a_minute, rates.sign_ins_a_minute)
        self._strangers, self._sign_ins = (
            Buckets(Rate(some / _MINUTE, some), most) for some in per_minute
        )
        self._known = Buckets(Rate(0, 1), most)
        self._at_once: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._let_on(scope, receive, send)
        except Exception as problem:  # noqa: BLE001 - the last place that sees it
            _log.error("server.defect", problem=type(problem).__name__, at=_place(problem))

    async def _let_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        patient = _Patient(receive, self._rates.body_seconds)
        path, posts = scope["path"], scope["method"] == "POST"
        if path.startswith(_API):
            await self._api(scope, patient, send, upload=posts and path == _UPLOADS)
        elif posts and path.startswith(_SIGN_INS):
            wait = self._sign_ins.take(_client(scope), self._clock())
            await self._passed(wait, scope, patient, send)
        else:
            await self._app(scope, patient, send)

    async def _api(self, scope: Scope, receive: Receive, send: Send, *, upload: bool) -> None:
        caller, now = _token(scope), self._clock()
        if caller is None or not self._known.knows(caller):
            await self._stranger(scope, receive, send, caller)
            return
        wait = (self._uploads if upload else self._calls).take(caller, now)
        if not upload or wait:
            await self._passed(wait, scope, receive, send)
            return
        if self._at_once[caller] >= self._rates.uploads_at_once:
            await self._passed(1.0, scope, receive, send)
            return
        self._at_once[caller] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._at_once[caller] -= 1
            if not self._at_once[caller]:
                del self._at_once[caller]

    async def _stranger(
        self, scope: Scope, receive: Receive, send: Send, caller: str | None
    ) -> None:
        """Let on somebody who has not shown a good token yet, and count what comes of it."""
        client = _client(scope)
        if wait := self._strangers.wait(client, self._clock()):
            await self._passed(wait, scope, receive, send)
            return

        async def watched(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == _UNAUTHORISED:
                    self._strangers.take(client, self._clock())
                elif caller is not None and message["status"] != TooManyRequests.http_status:
                    self._known.take(caller, self._clock())
            await send(message)

        await self._app(scope, receive, watched)

    async def _passed(self, wait: float, scope: Scope, receive: Receive, send: Send) -> None:
        if not wait:
            await self._app(scope, receive, send)
            return
        if due := self._refusals.counted(Refusal.TOO_OFTEN):
            await run_in_threadpool(self._refusals.write, due)
        answer = problem_of(
            TooManyRequests(
                "This caller comes too often.", "Wait as long as Retry-After says, then ask again."
            )
        )
        answer.headers["Retry-After"] = str(math.ceil(wait))
        await answer(scope, receive, send)


class _Patient:
    """Receives a body for a limited time. Raises `TooSlow` when it is over."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._until: float | None = None
        self._whole = False

    async def __call__(self) -> MutableMapping[str, Any]:
        if self._whole:
            # What comes after the body is the end of the connection, and may take its time.
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._until = self._until or now + self._seconds
        try:
            message = await asyncio.wait_for(self._receive(), max(0.001, self._until - now))
        except TimeoutError:
            raise TooSlow(
                "The body of the request did not arrive in time.", "Send it again, faster."
            ) from None
        self._whole = not message.get("more_body", False)
        return message


def _place(problem: BaseException) -> str:
    """Return the innermost line of ours that an error passed through: module and number."""
    ours = [
        f"{frame.f_globals['__name__']}:{line}"
        for frame, line in traceback.walk_tb(problem.__traceback__)
        if str(frame.f_globals.get("__name__", "")).startswith("tutela.")
    ]
    return ours[-1] if ours else "elsewhere"


def _client(scope: Scope) -> str:
    return client_of(scope["client"][0]) if scope.get("client") else "nobody"


def _token(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return blake2b(value, digest_size=16).hexdigest()
    return None
