"""A simulated host platform: people post pictures, Tutela says what may be seen.

Run as `python -m tutela.simulators.host_platform`. It publishes only what Tutela calls clean, and
obeys signed orders. Its control interface under /_control shows its books and makes it misbehave.
It shares no code with Tutela.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import html
import json
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
import uuid
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

_STALE_SECONDS = 300
_RETRY_SECONDS = 1.0
_PATIENCE = 60.0
_STATES = {"hold": "withheld", "remove": "removed", "restore": "published"}
_TABLES = """
CREATE TABLE IF NOT EXISTS posts (id TEXT PRIMARY KEY, account TEXT, name TEXT, type TEXT,
    data BLOB, state TEXT, answered INTEGER DEFAULT 0, at TEXT);
CREATE TABLE IF NOT EXISTS deliveries (at TEXT, id TEXT, verb TEXT, post TEXT, status INTEGER);
CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, at TEXT, verb TEXT, post TEXT);
"""


class Books:
    """What the platform knows, in a SQLite file that survives it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(_TABLES)

    def write(self, query: str, *values: object) -> int:
        with self._lock:
            return self._connection.execute(query, values).rowcount

    def read(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, values)]

    def obey(self, order: dict[str, Any]) -> None:
        """Carry out an order once: the effect and its id in one transaction."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                fresh = self._connection.execute(
                    "INSERT OR IGNORE INTO effects VALUES (?, ?, ?, ?)",
                    (order["id"], _now(), order["verb"], order["external_id"]),
                ).rowcount
                if fresh:
                    self._connection.execute(
                        "UPDATE posts SET state = ? WHERE id = ?",
                        (_STATES[order["verb"]], order["external_id"]),
                    )
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise


class HostPlatform:
    """The web application and the loop that asks Tutela about pending posts."""

    def __init__(self, books: Books, tutela: str, token: str, secret: bytes) -> None:
        self.books = books
        self._tutela = tutela.rstrip("/")
        self._token = token
        self._secret = secret
        self._faults: deque[dict[str, Any]] = deque()
        self._client = httpx.AsyncClient(timeout=_PATIENCE, trust_env=False)

    def app(self) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            again = asyncio.create_task(self._ask_again())
            yield
            again.cancel()

        return Starlette(
            lifespan=lifespan,
            routes=[
                Route("/", self.page),
                Route("/posts", self.post, methods=["POST"]),
                Route("/posts/{id}", self.state),
                Route("/media/{id}", self.media),
                Route("/tutela/webhook", self.webhook, methods=["POST"]),
                Route("/_control/books", self.show_books),
                Route("/_control/faults", self.add_fault, methods=["POST"]),
            ],
        )

    async def post(self, request: Request) -> Response:
        """Take a user's picture; the answer never tells what was found."""
        async with request.form() as form:
            file, account, wanted = form["file"], str(form["account"]), form.get("id")
            if isinstance(file, str):
                return JSONResponse({"error": "file is missing"}, 400)
            data = await file.read()
            name, kind = file.filename or "picture", file.content_type or ""
        identity = str(wanted or f"post-{uuid.uuid4().hex[:12]}")
        self.books.write(
            "INSERT OR IGNORE INTO posts (id, account, name, type, data, state, at) "
            "VALUES (?, ?, ?, ?, ?, 'pending', ?)",
            *(identity, account, name, kind, data, _now()),
        )
        await self._ask(identity, str(request.base_url))
        return JSONResponse({"id": identity, "message": "received, being processed"}, 202)

    async def _ask(self, identity: str, base: str) -> None:
        """Ask Tutela about one post. Whatever goes wrong, it stays unpublished."""
        (post,) = self.books.read("SELECT * FROM posts WHERE id = ?", identity)
        context = {
            "external_id": identity,
            "account": {
                "id": post["account"],
                "screen_name": f"{post['account']}-name",
                "email": f"{post['account']}@example.org",
                "ip": "192.0.2.17",
                "ip_at": post["at"],
                "port": 40123,
            },
            "place": {"url": f"{base}media/{identity}"},
            "uploaded_at": post["at"],
            "original_name": post["name"],
        }
        try:
            answer = await self._client.post(
                f"{self._tutela}/api/v1/items",
                files={"file": (post["name"], post["data"], "application/octet-stream")},
                data={"context": json.dumps(context)},
                headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": identity},
            )
            found = answer.json() if answer.status_code == httpx.codes.OK else {}
        except (httpx.HTTPError, ValueError):
            found = {}
        clean = found.get("verdict") == "clean" and found.get("hold") is False
        self.books.write(
            "UPDATE posts SET state = ?, answered = ? WHERE id = ? AND state IN "
            "('pending', 'withheld') AND answered = 0",
            *("published" if clean else "withheld", int("verdict" in found), identity),
        )

    async def _ask_again(self) -> None:
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            for row in self.books.read("SELECT id FROM posts WHERE answered = 0"):
                await self._ask(row["id"], "http://127.0.0.1/")

    async def webhook(self, request: Request) -> Response:
        """Obey a signed order; obeying the same id again has no second effect."""
        body = await request.body()
        fault = self._faults.popleft() if self._faults else {}
        kind = fault.get("kind")
        if kind == "stall":
            await asyncio.sleep(float(fault.get("seconds", 1)))
        if kind == "kill_client_before":
            os.kill(int(fault["pid"]), signal.SIGKILL)
        if kind in {"drop_before", "kill_client_before"}:
            return _Dropped()
        status = (
            fault["status"]
            if kind == "refuse"
            else await run_in_threadpool(self._obeyed, request, body)
        )
        with contextlib.suppress(ValueError, KeyError):
            order = json.loads(body)
            self.books.write(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?)",
                *(_now(), order["id"], order["verb"], order["external_id"], status),
            )
        if kind == "kill_client_after":
            os.kill(int(fault["pid"]), signal.SIGKILL)
        if kind in {"drop_after", "kill_client_after"}:
            return _Dropped()
        return JSONResponse({"status": status}, status)

    def _obeyed(self, request: Request, body: bytes) -> int:
        headers = request.headers
        identity = headers.get("Tutela-Webhook-Id", "")
        stamp = headers.get("Tutela-Webhook-Timestamp", "")
        signed = b".".join((identity.encode(), stamp.encode(), body))
        expected = "v1=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, headers.get("Tutela-Webhook-Signature", "")):
            return 401
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > _STALE_SECONDS:
            return 400
        try:
            order = json.loads(body)
            verb, post = order["verb"], order["external_id"]
        except (ValueError, KeyError, TypeError):
            return 400
        if order.get("id") != identity or verb not in _STATES:
            return 400
        if not self.books.read("SELECT id FROM posts WHERE id = ?", post):
            return 404
        self.books.obey(order)
        return 200

    async def state(self, request: Request) -> Response:
        """Return one post's state."""
        rows = self.books.read(
            "SELECT id, account, name, state FROM posts WHERE id = ?", request.path_params["id"]
        )
        return JSONResponse(rows[0]) if rows else JSONResponse({"error": "no such post"}, 404)

    async def media(self, request: Request) -> Response:
        """Return a published picture, and nothing of any other."""
        rows = self.books.read(
            "SELECT type, data FROM posts WHERE id = ? AND state = 'published'",
            request.path_params["id"],
        )
        if not rows:
            return Response("not published", 404)
        return Response(rows[0]["data"], media_type=rows[0]["type"] or "application/octet-stream")

    async def show_books(self, _request: Request) -> Response:
        """Return everything on the books but the pictures."""
        return JSONResponse(
            {
                "posts": self.books.read("SELECT id, account, name, state, at FROM posts"),
                "deliveries": self.books.read("SELECT * FROM deliveries"),
                "effects": self.books.read("SELECT * FROM effects ORDER BY at"),
            }
        )

    async def add_fault(self, request: Request) -> Response:
        """Queue misbehaviour for the next webhooks."""
        fault = await request.json()
        self._faults.extend([fault] * int(fault.get("times", 1)))
        return JSONResponse({"queued": len(self._faults)})

    async def page(self, _request: Request) -> Response:
        """Show the posts as their readers see them."""
        cards = "".join(_card(post) for post in self.books.read("SELECT * FROM posts ORDER BY at"))
        return HTMLResponse(_PAGE.replace("<!--posts-->", cards))


class _Dropped(Response):
    """Closes the connection without an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002
        # Ending without having sent anything makes the server close the connection.
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"1000")],
            }
        )
        raise ConnectionAbortedError


def _card(post: dict[str, Any]) -> str:
    name, account = html.escape(post["name"]), html.escape(post["account"])
    shown = (
        f'<img src="/media/{html.escape(post["id"])}" alt="a published picture">'
        if post["state"] == "published"
        else "<div class=gone>not shown</div>"
    )
    return (
        f"<article>{shown}<p><b>{name}</b><br>{account}</p>"
        f'<span class="{post["state"]}">{post["state"]}</span></article>'
    )


_PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>Example Social (simulated)</title>
<meta http-equiv=refresh content=3><style>
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;
color:#1f2933;background:#f6f7f9}main{display:grid;gap:1rem;
grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))}
article{background:#fff;border-radius:.6rem;padding:.8rem;box-shadow:0 1px 3px #0002}
img,.gone{width:100%;height:9rem;object-fit:cover;border-radius:.4rem;background:#e4e7eb;
display:grid;place-items:center;color:#616e7c}p{margin:.6rem 0}
span{padding:.1rem .6rem;border-radius:1rem;background:#e4e7eb}
.published{background:#d3f0dc}.removed{background:#f5d6d6}.withheld{background:#fbe9c6}
</style><h1>Example Social</h1><p>A simulated host platform. It shows only what Tutela called
clean or a person restored.</p><main><!--posts--></main></html>"""


def _now() -> str:
    return datetime.now(UTC).isoformat()


def main() -> None:
    """Listen, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--tutela", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--webhook-secret-file", type=Path, required=True, help="hex")
    told = parser.parse_args()
    host = HostPlatform(
        Books(told.state),
        told.tutela,
        told.token_file.read_text().strip(),
        bytes.fromhex(told.webhook_secret_file.read_text().strip()),
    )
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("127.0.0.1", told.port))
    opened.listen(128)
    sys.stdout.write(f"listening on http://127.0.0.1:{opened.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(host.app(), log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[opened])


if __name__ == "__main__":
    main()
