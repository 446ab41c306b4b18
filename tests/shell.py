"""`tutela` in a process of its own, as people and machines use it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Shell:
    """Runs `tutela` in a home."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"

    def __call__(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tutela", *words, "--home", str(self.home)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done

    def rows(self, *words: str, status: int = 0) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self(*words, "--json", status=status).stdout.splitlines()
        ]
