"""One process that serves: the API, the console, health, and the worker beside them."""

from __future__ import annotations

import socket
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount, Route

from tutela.api.app import api_app
from tutela.api.problem import problem_of
from tutela.console.app import console_app
from tutela.errors import TutelaError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.bootstrap import Platform


def application(platform: Platform) -> Starlette:
    """Return the whole web application; its workers run as long as it is served."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_request: Request) -> Response:
        try:
            await run_in_threadpool(platform.prove_ready)
        except TutelaError as problem:
            return problem_of(problem)
        confined = platform.parsing.prove_ready()
        return JSONResponse({"status": "ready", "decoding": "confined" if confined else "INSECURE"})

    async def home(_request: Request) -> Response:
        return RedirectResponse("/console/", status_code=303)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        stop = threading.Event()
        workers = [
            threading.Thread(target=platform.worker.run, args=(stop,), name=f"worker-{number}")
            for number in range(platform.settings.duties.workers)
        ]
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

    return Starlette(
        routes=[
            Route("/", home),
            Route("/healthz", alive),
            Route("/readyz", ready),
            Mount("/api/v1", api_app(platform)),
            Mount("/console", console_app(platform)),
        ],
        lifespan=lifespan,
    )


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one. Raises `Unavailable`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, because the event loop turns off Nagle's delay only for what says that it is TCP.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as problem:
        opened.close()
        raise Unavailable(
            f"Port {port} on {host} cannot be listened on.",
            "Stop what uses it, or set another listen_port.",
        ) from problem
    return opened


def serve(platform: Platform, opened: socket.socket) -> None:
    """Serve on an open socket until told to stop."""
    config = uvicorn.Config(
        application(platform),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[opened])
