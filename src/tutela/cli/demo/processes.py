"""The demonstration's processes: a platform, its host platform and an authority, on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from queue import Empty, Queue
from typing import IO, TYPE_CHECKING

from tutela.errors import Unavailable
from tutela.hashing import kernels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_READY = "listening on "
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class Process:
    """One child process that says `listening on ADDRESS` when it is ready."""

    def __init__(self, name: str, module: Sequence[str], log: Path) -> None:
        self.name = name
        with log.open("ab") as errors:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-P", "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=_environment(),
            )
        try:
            self.address = self._ready()
        except BaseException:
            self.stop()
            raise

    def _ready(self) -> str:
        lines: Queue[str] = Queue()
        threading.Thread(target=_drain, args=(self._child.stdout, lines), daemon=True).start()
        try:
            while True:
                line = lines.get(timeout=_START_SECONDS)
                if line.startswith(_READY):
                    return line.removeprefix(_READY).strip()
                if not line:
                    break
        except Empty:
            pass
        raise Unavailable(
            f"The demonstration's {self.name} did not start.", "See its log in the demo's home."
        )

    def alive(self) -> bool:
        """Say whether the process still runs."""
        return self._child.poll() is None

    def stop(self) -> None:
        """End the process, politely first."""
        self._child.terminate()
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def _environment() -> dict[str, str]:
    """Return the environment without the operator's settings: none of them is meant for these."""
    return {name: said for name, said in os.environ.items() if not _is_setting(name)}


def _is_setting(name: str) -> bool:
    return name.upper().startswith("TUTELA_") and name != kernels.CHOICE


def _drain(stream: IO[str] | None, lines: Queue[str]) -> None:
    if stream is not None:
        for line in stream:
            lines.put(line)
    lines.put("")
