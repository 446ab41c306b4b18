"""The laboratory's side of a simulated party: one loopback socket, and rude ways to end an answer.

This is apparatus, not behaviour: what a party does over HTTP is written apart in each party's file.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

_LOOPBACK = "127.0.0.1"
_OWN_NAMES = frozenset({_LOOPBACK, "localhost"})
_BACKLOG = 512
_transports: MutableMapping[tuple[str, int], asyncio.Transport] = {}


class _Connection(H11Protocol):
    """Keeps the transport at hand, so that an answer can be left out or given twice."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport by the caller's address."""
        super().connection_made(transport)
        if self.client is not None:
            _transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self.client is not None:
            _transports.pop(self.client, None)
        super().connection_lost(exc)


class HangUp(Response):
    """Closes the connection without one byte of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """End the connection."""
        transport = _transports.get(tuple(scope["client"]))
        if transport is not None:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class Twice(Response):
    """Sends the whole answer, and then the whole answer once more on the same connection."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and answer again."""
        transport = _transports.get(tuple(scope["client"]))
        await self._answer(scope, receive, send)
        if transport is not None and not transport.is_closing():
            transport.write(_on_the_wire(self._answer))


def _on_the_wire(answer: Response) -> bytes:
    line = f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}\r\n".encode()
    headers = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return line + headers + b"\r\n" + bytes(answer.body)


def control(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Shield a control endpoint from web pages: own host name only, and JSON to change anything.

    A page elsewhere could otherwise make a visitor's browser queue a fault that kills a process.
    """

    async def shielded(request: Request) -> Response:
        if request.url.hostname not in _OWN_NAMES:
            return JSONResponse({"error": "control is for loopback names only"}, 403)
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if request.method == "POST" and kind != "application/json":
            return JSONResponse({"error": "control takes application/json"}, 415)
        try:
            return await endpoint(request)
        except (ValueError, TypeError, KeyError) as problem:
            return JSONResponse({"error": str(problem)}, 400)

    return shielded


async def told(request: Request) -> dict[str, Any]:
    """Return a control request's JSON object. Raises `ValueError` on anything else."""
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("a JSON object is expected")
    return body


def serve(port: int, build: Callable[[str], Starlette]) -> None:
    """Bind, build the application for the address, say the address on stdout, serve until told."""
    # Without the protocol named, asyncio leaves Nagle's delay on: 40 ms for every answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((_LOOPBACK, port))
        opened.listen(_BACKLOG)
        address = f"http://{_LOOPBACK}:{opened.getsockname()[1]}"
        config = uvicorn.Config(
            build(address),
            http=_Connection,
            ws="none",
            loop="asyncio",
            proxy_headers=False,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        # Connections queue from here on: who reads the line may call at once.
        sys.stdout.write(f"listening on {address}\n")
        sys.stdout.flush()
        server.run(sockets=[opened])
