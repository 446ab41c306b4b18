"""`tutela serve` as a process, while strangers drip, crowd and hurry: honest callers are served.

Attackers come from 127.0.0.2, the honest from 127.0.0.1: what is counted, is counted by address.
"""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from tests.instance import OTHER, instance, token

from tutela.access.roles import Role
from tutela.patience import HEAD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY_SECONDS, EACH = 6, 120
ATTACKER = "127.0.0.2"
HEADS, BODIES, CROWD = 100, 40, 600
MOST = 10.0
"""Seconds that an honest call may take while the attack lasts; this machine is shared."""
FILES = 400
"""Open files that the server may have: fewer than the crowd that comes."""


class Server:
    """A running `tutela serve`, and two tokens for it."""

    def __init__(self, address: str, honest: str, slow: str) -> None:
        self.address = address
        self.honest, self.slow = honest, slow
        parts = urlsplit(address)
        self.there = (str(parts.hostname), int(parts.port or 0))

    def attack(self, raw: bytes) -> socket.socket:
        """Connect from the attacker's address and say something."""
        line = socket.create_connection(self.there, 20, source_address=(ATTACKER, 0))
        line.sendall(raw)
        return line

    def times(self, number: int) -> list[float]:
        """Call and upload as an honest host does; return how long each call took."""
        took = []
        headers = {"Authorization": f"Bearer {self.honest}"}
        for place in range(number):
            context = json.dumps({"external_id": f"h{place}", "account": {"id": "a"}})
            begun = time.monotonic()
            answer = httpx.get(f"{self.address}/healthz", trust_env=False, timeout=30)
            assert answer.status_code == 200
            took.append(time.monotonic() - begun)
            begun = time.monotonic()
            answer = httpx.post(
                f"{self.address}/api/v1/items",
                headers=headers,
                files={"file": ("a.jpg", OTHER)},
                data={"context": context},
                trust_env=False,
                timeout=60,
            )
            assert answer.status_code == 200, answer.text
            took.append(time.monotonic() - begun)
        return took


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("slow")
    home = folder / "home"
    with instance(folder, f"sqlite:///{home}/tutela.db") as platform:
        words = [token(platform, Role.INTAKE) for _ in range(2)]
    (home / "settings.toml").write_text(
        f"[rates]\nbody_seconds = {BODY_SECONDS}\nconnections_each = {EACH}\n"
        "strangers_a_minute = 60\n"
    )
    serve = [sys.executable, "-m", "tutela", "--home", str(home), "serve", "--port", "0"]
    command = ["sh", "-c", 'ulimit -n "$1"; shift; exec "$@"', "sh", str(FILES), *serve]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=(folder / "errors").open("w"),
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("listening on "), (folder / "errors").read_text()
        try:
            made = Server(said.removeprefix("listening on ").strip(), *words)
            made.times(1)
            yield made
        finally:
            process.terminate()


def _figures(name: str, took: list[float]) -> None:
    middle, worst = statistics.median(took), max(took)
    print(f"{name}: {len(took)} honest calls, median {middle * 1000:.0f} ms, max {worst:.2f} s")
    assert worst < MOST, name


@contextmanager
def _dripping(lines: list[socket.socket], ended: dict[socket.socket, float]) -> Iterator[None]:
    """Send a byte a second on each line until it is closed; note when that was."""
    stop, begun = threading.Event(), time.monotonic()

    def drip() -> None:
        for line in lines:
            line.settimeout(0.001)
        while not stop.wait(1.0):
            for line in lines:
                if line in ended:
                    continue
                try:
                    line.sendall(b"a")
                    # Whatever comes is the answer that ends it, or the end itself.
                    line.recv(4096)
                    ended[line] = time.monotonic() - begun
                except TimeoutError:
                    continue
                except OSError:
                    ended[line] = time.monotonic() - begun

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_heads_and_bodies_that_drip_hold_up_nobody_and_are_ended(server: Server) -> None:
    quiet = server.times(3)
    head = b"GET /api/v1/cases HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
    body = (
        b"POST /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
        b"Authorization: Bearer " + server.slow.encode() + b"\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    )
    ended: dict[socket.socket, float] = {}
    with ExitStack() as stack:
        heads = [stack.enter_context(server.attack(head)) for _ in range(HEADS - BODIES)]
        bodies = [stack.enter_context(server.attack(body)) for _ in range(BODIES)]
        with _dripping([*heads, *bodies], ended):
            _figures("quiet", quiet)
            _figures(f"{len(heads)} heads and {BODIES} bodies at 1 byte/s", server.times(4))
            end = time.monotonic() + HEAD_SECONDS + MOST
            while len(ended) < HEADS and time.monotonic() < end:
                time.sleep(0.2)
    assert len(ended) == HEADS, f"{HEADS - len(ended)} are still held"
    print(f"ended: heads by {max(ended[one] for one in heads):.0f} s", end=", ")
    print(f"bodies by {max(ended[one] for one in bodies):.0f} s")
    assert max(ended[one] for one in bodies) < HEAD_SECONDS


def test_a_crowd_of_connections_leaves_room_for_others(server: Server) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(server.attack(b"GET / HTTP/1.1\r\n")) for _ in range(CROWD)]
        _figures(f"{CROWD} idle connections, {FILES} open files", server.times(3))
        held = sum(_is_open(line) for line in lines)
        print(f"of {CROWD} connections from one address {held} were kept")
        assert held <= EACH


def test_who_guesses_tokens_in_haste_is_put_off_and_nobody_else(server: Server) -> None:
    transport = httpx.HTTPTransport(local_address=ATTACKER)
    said: list[int] = []
    with httpx.Client(transport=transport, base_url=server.address, trust_env=False) as attacker:

        def guess() -> None:
            for place in range(150):
                word = {"Authorization": f"Bearer tut_{place}"}
                said.append(attacker.get("/api/v1/cases", headers=word, timeout=30).status_code)

        thread = threading.Thread(target=guess)
        thread.start()
        took = server.times(3)
        thread.join()
    _figures("150 guessed tokens in haste", took)
    print(f"guesses answered: {said.count(401)} x 401, {said.count(429)} x 429")
    assert 0 < said.count(401) <= 75
    assert said.count(401) + said.count(429) == len(said)


def _is_open(line: socket.socket) -> bool:
    line.settimeout(0.01)
    try:
        return bool(line.recv(1))
    except TimeoutError:
        return True
    except OSError:
        return False
