"""A simulated counterparty as a child process, with its books and its faults at hand."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from pathlib import Path

_READY = "listening on "


class Simulator:
    """`python -m MODULE` on loopback. Survives `kill` and `restart` on the same port and state."""

    def __init__(self, module: str, state: Path, *args: str, port: int = 0) -> None:
        self._module = module
        self._args = ("--state", str(state), *args)
        self.url = ""
        self._start(port)

    def _start(self, port: int) -> None:
        command = [sys.executable, "-m", self._module, "--port", str(port), *self._args]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        assert line.startswith(_READY), f"{self._module} said {line!r}"
        self.url = line.removeprefix(_READY).strip()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/_control/books").json()
        return found

    def fault(self, **fault: Any) -> None:
        httpx.post(f"{self.url}/_control/faults", json=fault).raise_for_status()

    def advance(self, seconds: float) -> None:
        body = {"advance_seconds": seconds}
        httpx.post(f"{self.url}/_control/clock", json=body).raise_for_status()

    def finished(self) -> list[dict[str, Any]]:
        return [one for one in self.books()["reports"] if one["state"] == "finished"]

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()

    def restart(self) -> None:
        port = self.port
        self.kill()
        self._close_pipe()
        self._start(port)

    def close(self) -> None:
        self._child.terminate()
        self._child.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._child.stdout is not None:
            self._child.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()
