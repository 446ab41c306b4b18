"""A simulated host platform: people post pictures, Tutela says what may be seen.

Run as `python -m tutela.simulators.host_platform`. It publishes only what Tutela calls clean, stays
shut when there is no answer, obeys signed orders once, and misbehaves when told to under /_control.
It shares no code with Tutela: it is written from the published interface (docs/decisions/0004).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tutela.simulators import host_platform_page as page
from tutela.simulators.faults import Fault, Faults, perform
from tutela.simulators.host_platform_asker import OPAQUE, Asker
from tutela.simulators.host_platform_books import STATES, Books
from tutela.simulators.serving import HangUp, control, serve, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

_TELL = "tell"
_ANSWER = "answer"
_WEBHOOK = "webhook"
_STALE_SECONDS = 300
_RECEIVED = "received, being processed"
_ID = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_PICTURES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/heic"}
)
_MOST_WEBHOOK_BYTES = 64 * 1024


class HostPlatform:
    """The web application, and the loop that asks Tutela about posts."""

    def __init__(
        self,
        books: Books,
        address: str,
        asker: Asker,
        secret: bytes,
    ) -> None:
        self._books = books
        self._address = address
        self._asker = asker
        self._secret = secret
        self._faults = Faults(frozenset({_WEBHOOK}))

    def app(self) -> Starlette:
        """Return the application."""

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            asking = asyncio.create_task(self._asker.run(self._address))
            yield
            asking.cancel()

        return Starlette(
            lifespan=lifespan,
            routes=[
                Route("/", self._index),
                Route("/posts", self._post, methods=["POST"]),
                Route("/posts/{id}", self._state),
                Route("/media/{id}", self._media),
                Route("/tutela/webhook", self._webhook, methods=["POST"]),
                Route("/_control/books", control(self._show_books)),
                Route("/_control/knows", control(self._learn), methods=["POST"]),
                *self._faults.routes(),
            ],
        )

    async def _post(self, request: Request) -> Response:
        """Take a user's picture. The answer, and how long it takes, tell nothing of a verdict."""
        async with request.form() as form:
            file, account, wanted = form.get("file"), form.get("account"), form.get("id")
            if not isinstance(file, UploadFile) or not isinstance(account, str) or not account:
                return JSONResponse({"error": "a file and an account are needed"}, 422)
            post = str(wanted or f"post-{uuid.uuid4().hex[:12]}")
            if not _ID.fullmatch(post):
                return JSONResponse({"error": "the id has other than letters and digits"}, 422)
            told = _members(form.get("told"))
            if told is None:
                return JSONResponse({"error": "what is told is no JSON object"}, 422)
            name, kind = file.filename or "picture", file.content_type or OPAQUE
            self._books.add(post, account, name, kind, await file.read(), told)
        self._asker.wake()
        return JSONResponse({"id": post, "message": _RECEIVED}, 202)

    async def _webhook(self, request: Request) -> Response:
        """Obey a signed order. The same id again is answered, and has no second effect."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return HangUp()
        fault = self._faults.take(_WEBHOOK)
        order = _order(body)
        number = self._books.delivered(
            request.headers.get("Tutela-Webhook-Id", ""),
            order.get("verb"),
            order.get("external_id"),
            fault.kind if fault else None,
        )

        def act() -> Response:
            status = self._judge(request, body, order)
            self._books.judged(number, status)
            return JSONResponse({"status": status}, status)

        def refuse(fault: Fault) -> Response:
            status = fault.status or 503
            self._books.judged(number, status)
            return JSONResponse({"status": status}, status)

        return await perform(fault, act, refuse)

    def _judge(self, request: Request, body: bytes, order: dict[str, str]) -> int:
        """Return the status of an order, obeyed when it is 200."""
        identity = request.headers.get("Tutela-Webhook-Id", "")
        stamp = request.headers.get("Tutela-Webhook-Timestamp", "")
        signed = b".".join((identity.encode("latin-1"), stamp.encode("latin-1"), body))
        expected = "v1=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        given = request.headers.get("Tutela-Webhook-Signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode("latin-1")):
            return 401
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > _STALE_SECONDS:
            return 400
        if not order or order["id"] != identity:
            return 400
        if order["verb"] == _TELL:
            self._asker.tell(order["item_id"], json.loads(body).get("wanted", []))
            return 200
        if order["verb"] == _ANSWER:
            told = json.loads(body)
            self._books.appeal_answered(identity, str(told.get("appeal")), str(told.get("answer")))
            return 200
        if order["verb"] not in STATES:
            return 400
        obeyed = self._books.obey(identity, order["verb"], order["external_id"])
        return 200 if obeyed else 404

    async def _learn(self, request: Request) -> Response:
        """Take what the platform is to know when it is asked: members of an upload's context."""
        self._asker.known = await told(request)
        return JSONResponse(self._asker.known)

    async def _state(self, request: Request) -> Response:
        post = self._books.post(request.path_params["id"])
        if post is None:
            return JSONResponse({"error": "no such post"}, 404)
        return JSONResponse({name: post[name] for name in ("id", "account", "name", "state", "at")})

    async def _media(self, request: Request) -> Response:
        """Return a published picture, and nothing of any other."""
        post = self._books.post(request.path_params["id"])
        if post is None or post["state"] != "published":
            return Response("not published", 404, {"Cache-Control": "no-store"}, "text/plain")
        # What a user calls a picture may be a page with a script: it is never served as one.
        kind = post["type"] if post["type"] in _PICTURES else OPAQUE
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(post["data"], 200, headers, kind)

    async def _index(self, _request: Request) -> Response:
        return page.index(self._books.all()["posts"])

    async def _show_books(self, _request: Request) -> Response:
        return JSONResponse(self._books.all())


def _members(told: object) -> dict[str, Any] | None:
    """Return the members of a context that come with a post; None for what is none."""
    try:
        members = json.loads(told) if isinstance(told, str) else {}
    except ValueError:
        return None
    return members if isinstance(members, dict) else None


def _order(body: bytes) -> dict[str, str]:
    """Return an order's four words, or nothing for anything that is none."""
    try:
        order = json.loads(body[:_MOST_WEBHOOK_BYTES])
        found = {name: order[name] for name in ("id", "verb", "external_id", "item_id")}
    except (ValueError, KeyError, TypeError):
        return {}
    return found if all(isinstance(word, str) for word in found.values()) else {}


def main() -> None:
    """Listen on loopback, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description="A simulated host platform on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="the file of its books")
    parser.add_argument("--tutela", required=True, help="Tutela's address")
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--webhook-secret-file", type=Path, required=True, help="in hex")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for one question")
    parser.add_argument("--retry", type=float, default=1.0, help="seconds between questions")
    given = parser.parse_args()
    books = Books(given.state)
    token = given.token_file.read_text().strip()
    secret = bytes.fromhex(given.webhook_secret_file.read_text().strip())

    def build(address: str) -> Starlette:
        asker = Asker(books, given.tutela, token, given.patience, given.retry)
        return HostPlatform(books, address, asker, secret).app()

    serve(given.port, build)


if __name__ == "__main__":
    main()
