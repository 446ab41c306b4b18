"""A simulated identity provider on loopback, in a thread of the test."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from tutela import server
from tutela.simulators.identity_provider import IdentityProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT, SECRET = "tutela", "a secret for tests"


@contextmanager
def provider() -> Iterator[IdentityProvider]:
    """Serve a provider; yield it, to lie and to look at."""
    simulated = IdentityProvider(CLIENT, SECRET)
    opened = server.listen("127.0.0.1", 0)
    simulated.address = f"http://127.0.0.1:{opened.getsockname()[1]}"
    config = uvicorn.Config(simulated.application(), log_level="critical", access_log=False)
    config.timeout_graceful_shutdown = 1
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    try:
        yield simulated
    finally:
        running.should_exit = True
        thread.join()
        opened.close()
