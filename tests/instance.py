"""A whole instance in a temporary home, as `tutela init` makes it, and one that serves."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from tests.parsers import shared_pool
from tests.pictures import encoded, scene

from tutela import bootstrap, installation, server
from tutela import settings as settings_file
from tutela.access.gate import OPERATOR_OF_THE_MACHINE, SHELL, Principal
from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.access.roles import Role
    from tutela.bootstrap import Platform

LISTED = encoded(scene(1, 400, 300), "JPEG", quality=90)
OTHER = encoded(scene(2, 400, 300), "JPEG", quality=90)
BROKEN = LISTED[: len(LISTED) // 2]


def near_copy() -> bytes:
    """Return the listed picture at half the size: other bytes, nearly the same hash."""
    return encoded(scene(1, 400, 300).resize((200, 150)), "PNG")


@contextmanager
def instance(folder: Path, database_url: str, **given: object) -> Iterator[Platform]:
    """Make a home with one list that holds one benign picture, and open it.

    What a decision brings about leaves at once, and none is drawn to be judged twice, unless a
    test asks for it: a draw in twenty tests would be another story there.
    """
    given.setdefault("grace", {"seconds": 0})
    given.setdefault("second_review", {"share": 0})
    home = folder / "home"
    settings = settings_file.load(home, database_url=database_url, **given)
    installation.create_home(settings, "administrator")
    platform = bootstrap.open_platform(settings, pool=shared_pool())
    printed = fingerprint(LISTED, DecodeLimits())
    line = f"id,sha256,pdq\nlisted,{printed.digests.sha256},{printed.pictures[0].pdq}\n"
    platform.lists.import_file(SHELL, "known", line.encode())
    try:
        yield platform
    finally:
        platform.close()


def token(platform: Platform, *roles: Role) -> str:
    """Return an API token of a new account with these roles."""
    name = f"machine-{len(platform.accounts.all())}"
    account = platform.accounts.create(SHELL, name, roles)
    own = Principal(account.actor, account.permissions)
    caller = own if account.kind == "person" else OPERATOR_OF_THE_MACHINE
    return platform.tokens.issue(caller, account.id, "a test").token


@contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serve a platform on loopback, worker included; yield its address."""
    opened = server.listen("127.0.0.1", 0)
    running = uvicorn.Server(server.configured(platform))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    while not running.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        opened.close()
