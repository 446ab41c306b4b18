"""One process that serves: the API, the console, health, and the worker beside them."""

from __future__ import annotations

import socket
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route

from tutela.access.gate import require
from tutela.access.refusals import Refusal
from tutela.access.roles import Permission
from tutela.api.app import api_app
from tutela.api.problem import plain_http, problem_of
from tutela.bootstrap import Part
from tutela.console.app import console_app
from tutela.crowd import Crowd
from tutela.errors import NotSignedIn, TutelaError, Unavailable
from tutela.gate import Gate
from tutela.patience import patient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.bootstrap import Platform

_BACKLOG = 2048
"""Callers who may wait to be let in; the number that uvicorn asks for, too."""


def application(platform: Platform) -> Starlette:
    """Return the web application of a platform's part; its workers run as long as it is served.

    Where uploads are only taken there is no console, and nothing owed is worked on.
    """
    whole = platform.part is Part.ALL

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_request: Request) -> Response:
        try:
            await run_in_threadpool(platform.prove_ready)
        except TutelaError as problem:
            return problem_of(problem)
        confined = platform.parsing.prove_ready()
        decoding = "confined" if confined else "INSECURE"
        return JSONResponse({"status": "ready", "part": platform.part, "decoding": decoding})

    async def metrics(request: Request) -> Response:
        try:
            text = await run_in_threadpool(_metrics, platform, request.headers.get("Authorization"))
        except TutelaError as problem:
            return problem_of(problem)
        return PlainTextResponse(text, media_type=CONTENT_TYPE_LATEST)

    async def home(_request: Request) -> Response:
        return RedirectResponse("/console/", status_code=303)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        stop = threading.Event()
        workers = [
            threading.Thread(target=platform.worker.run, args=(stop,), name=f"worker-{number}")
            for number in range(platform.settings.duties.workers if whole else 1)
        ]
        if whole:
            urgent = {"urgent_only": True}
            workers.append(
                threading.Thread(
                    target=platform.worker.run, args=(stop,), kwargs=urgent, name="worker-urgent"
                )
            )
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            stop.set()
            for worker in workers:
                await run_in_threadpool(worker.join)

    people = [Route("/", home), Mount("/console", console_app(platform))]
    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            Mount("/api/v1", api_app(platform)),
            *(people if whole else ()),
        ],
        middleware=[Middleware(Gate, platform.settings.rates, refusals=platform.refusals)],
        exception_handlers={HTTPException: plain_http},
        lifespan=lifespan,
    )


def _metrics(platform: Platform, authorization: str | None) -> bytes:
    """Return the metrics to a token that may read them; a refusal is audited."""
    scheme, _, word = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        platform.refusals.note(Refusal.TOKEN_MISSING)
        raise NotSignedIn("No token came with the request.", "Send `Authorization: Bearer …`.")
    caller = platform.tokens.authenticate(word.strip())
    require(platform.audit, caller, Permission.METRICS_READ)
    return platform.meters.text()


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one. Raises `Unavailable`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, because the event loop turns off Nagle's delay only for what says that it is TCP.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        # Before anybody is told of the port: who calls at once waits, and is not refused.
        opened.listen(_BACKLOG)
    except OSError as problem:
        opened.close()
        raise Unavailable(
            f"Port {port} on {host} cannot be listened on.",
            "Stop what uses it, or set another listen_port.",
        ) from problem
    return opened


def configured(platform: Platform) -> uvicorn.Config:
    """Return how a platform is served, the same in tests as in service."""
    proxies = platform.settings.trusted_proxies
    return uvicorn.Config(
        application(platform),
        http=patient(Crowd(platform.settings.rates.connections_each, proxies)),
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )


def serve(platform: Platform, opened: socket.socket) -> None:
    """Serve on an open socket until told to stop."""
    uvicorn.Server(configured(platform)).run(sockets=[opened])
