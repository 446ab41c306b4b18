"""A simulated outside party as a child process: start, ask, trouble, kill, start again.

with cybertipline(tmp_path) as authority:
    authority.fault("drop_after", call="finish")
    ...
    assert authority.books()["reports"][0]["state"] == "finished"
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

USER, PASSWORD = "reporter", "a password for tests"
_READY = "listening on "
_START_SECONDS = 90.0
_STOP_SECONDS = 5.0


class Simulator:
    """One simulated party on a free port of loopback. It keeps port and books over a restart."""

    def __init__(self, module: str, state: Path, arguments: Sequence[str] = ()) -> None:
        self.module = module
        self.file = state
        self.log = state.with_suffix(".log")
        self.url = ""
        self._arguments = tuple(arguments)
        self._port = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=30, trust_env=False)
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._child is not None, "it does not run"
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start, on the port it had before, and wait until it listens."""
        assert not self.alive, "it runs already"
        with self.log.open("ab") as errors:
            self._child = subprocess.Popen(
                [
                    *(sys.executable, "-m", f"tutela.simulators.{self.module}"),
                    *("--port", str(self._port), "--state", str(self.file), *self._arguments),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        try:
            self.url = self._ready()
        except BaseException:
            self.kill()
            raise
        self._port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """Kill with SIGKILL, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._reap()

    def restart(self) -> None:
        """Kill and start again on the same port with the same books."""
        self.kill()
        self.start()

    def wait_gone(self) -> int:
        """Wait until the child has ended by itself, as after a `crash`; return its status."""
        assert self._child is not None, "it does not run"
        return self._reap()

    def close(self) -> None:
        """Stop politely, then by force."""
        self._client.close()
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._reap()
        except subprocess.TimeoutExpired:
            self.kill()

    def books(self) -> dict[str, Any]:
        """Return everything it has on its books."""
        return self._control("GET", "books")

    def fault(self, kind: str, **how: object) -> None:
        """Queue a misbehaviour: call, nth, times, when, status, code, seconds, pid (faults.py)."""
        self._control("POST", "faults", {"kind": kind, **how})

    def pending(self) -> list[dict[str, Any]]:
        """Return the faults that have not struck yet."""
        found: list[dict[str, Any]] = self._control("GET", "faults")["pending"]
        return found

    def forget_faults(self) -> None:
        """Behave again."""
        self._control("DELETE", "faults")

    def _control(self, method: str, what: str, body: object = None) -> dict[str, Any]:
        response = self._client.request(method, f"{self.url}/_control/{what}", json=body)
        assert response.is_success, f"{self.module} control: {response.status_code} {response.text}"
        answer: dict[str, Any] = response.json()
        return answer

    def _ready(self) -> str:
        """Read the ready line without waiting for ever on a child that says nothing."""
        assert self._child is not None
        assert self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        text, end = b"", time.monotonic() + _START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not text.endswith(b"\n"):
                left = end - time.monotonic()
                chunk = os.read(pipe, 4096) if left > 0 and selector.select(left) else b""
                if not chunk:
                    raise RuntimeError(f"{self.module} did not start: {self.log.read_text()}")
                text += chunk
        line = text.decode().splitlines()[0]
        assert line.startswith(_READY), line
        return line.removeprefix(_READY)

    def _reap(self) -> int:
        assert self._child is not None
        status = self._child.wait(_STOP_SECONDS)
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._child = None
        return status


class SimulatedCyberTipline(Simulator):
    """The authority. `api` is the address that Tutela is given, `auth` its credentials."""

    auth = (USER, PASSWORD)

    def __init__(self, folder: Path) -> None:
        arguments = ("--user", USER, "--password", PASSWORD)
        super().__init__("cybertipline", folder / "cybertipline.db", arguments)

    @property
    def api(self) -> str:
        """The API's base address."""
        return f"{self.url}/ispws"

    def reports(self, state: str | None = None) -> list[dict[str, Any]]:
        """Return the reports, or those in one state: open, finished, retracted, expired."""
        found = self.books()["reports"]
        return [report for report in found if state in {None, report["state"]}]

    def calls(self) -> list[dict[str, Any]]:
        """Return every call that arrived, with its answer code and fault."""
        found: list[dict[str, Any]] = self._control("GET", "calls")["calls"]
        return found

    def advance(self, seconds: float) -> None:
        """Move the authority's clock on."""
        self._control("POST", "clock", {"advance_seconds": seconds})

    def swap(self, one: str | None, other: str | None = None) -> None:
        """Change the order that the schema wants of two neighbours; None: as documented."""
        self._control("POST", "schema", {"swap": [one, other] if one else None})

    def rights(self, **rights: bool) -> None:
        """Give or take our rights there: `use`, `submit`, `update`."""
        self._control("POST", "rights", rights)


class SimulatedNca(Simulator):
    """The UK's authority, as the shipped mapping file assumes it. `token` opens it."""

    token = PASSWORD

    def __init__(self, folder: Path) -> None:
        super().__init__("nca", folder / "nca.db", ("--token", PASSWORD))

    def reports(self, state: str | None = None) -> list[dict[str, Any]]:
        """Return the reports, or those in one state: open, submitted, cancelled, expired."""
        found = self.books()["reports"]
        return [report for report in found if state in {None, report["state"]}]

    def advance(self, seconds: float) -> None:
        """Move the authority's clock on."""
        self._control("POST", "clock", {"advance_seconds": seconds})


class SimulatedWitness(Simulator):
    """An outside witness of the audit log whose key is `log_key`. `key` is its own."""

    def __init__(self, folder: Path, log_key: str) -> None:
        super().__init__("witness", folder / "witness.json", ("--log-key", log_key))

    @property
    def key(self) -> str:
        """Return its key: NAME+HASH+KEY."""
        key: str = self.books()["key"]
        return key

    def remember(self, size: int, root: str | None = None) -> None:
        """Let it have signed another checkpoint; `root`: in base64."""
        self._control("POST", "remember", {"size": size, **({"root": root} if root else {})})


class SimulatedHost(Simulator):
    """The host platform. `webhook` is the address that Tutela is given."""

    def __init__(
        self,
        folder: Path,
        tutela: str,
        token: str,
        secret: bytes,
        *,
        patience: float = 20.0,
        retry: float = 0.1,
    ) -> None:
        token_file, secret_file = folder / "host-token", folder / "host-secret"
        token_file.write_text(token)
        secret_file.write_text(secret.hex())
        arguments = (
            *("--tutela", tutela, "--token-file", str(token_file)),
            *("--webhook-secret-file", str(secret_file)),
            *("--patience", str(patience), "--retry", str(retry)),
        )
        super().__init__("host_platform", folder / "host_platform.db", arguments)

    @property
    def webhook(self) -> str:
        """The address of the webhook."""
        return f"{self.url}/tutela/webhook"

    def knows(self, **context: object) -> None:
        """Let it know more than it said with its uploads, for when it is asked."""
        self._control("POST", "knows", context)

    def post(self, data: bytes, account: str, name: str = "picture.png", post: str = "") -> str:
        """Upload as a user; return the post's id."""
        response = self._client.post(
            f"{self.url}/posts",
            files={"file": (name, data, "image/png")},
            data={"account": account, **({"id": post} if post else {})},
        )
        assert response.status_code == httpx.codes.ACCEPTED, response.text
        identity: str = response.json()["id"]
        return identity

    def state(self, post: str) -> str:
        """Return a post's state: pending, published, withheld, removed."""
        state: str = self._client.get(f"{self.url}/posts/{post}").json()["state"]
        return state

    def shows(self, post: str) -> bool:
        """Whether a reader can see the picture."""
        return self._client.get(f"{self.url}/media/{post}").status_code == httpx.codes.OK

    def wait_for(self, post: str, state: str, seconds: float = 10.0) -> None:
        """Wait until a post is in a state."""
        end = time.monotonic() + seconds
        while (found := self.state(post)) != state:
            assert time.monotonic() < end, f"the post is {found}, not {state}"
            time.sleep(0.02)


def cybertipline(folder: Path) -> SimulatedCyberTipline:
    """Start a simulated CyberTipline with its books in a folder."""
    return SimulatedCyberTipline(folder)


def host_platform(folder: Path, tutela: str, token: str, secret: bytes) -> SimulatedHost:
    """Start a simulated host platform with its books in a folder."""
    return SimulatedHost(folder, tutela, token, secret)
