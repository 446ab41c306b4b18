"""`tutela` in a process of its own, as people and machines use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tutela import bootstrap
from tutela import settings as settings_file
from tutela.access.gate import SHELL, Principal
from tutela.cli.shell_session import ShellSession

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.access.roles import Role


class Shell:
    """Runs `tutela` in a home."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._variables = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}

    def signed_in(self, name: str, role: Role) -> Principal:
        """Make a person, and let this shell be theirs from here on."""
        platform = bootstrap.open_platform(settings_file.load(self.home))
        made = platform.accounts.create(SHELL, name, (role,))
        kept = ShellSession(self.home, self._variables)
        kept.keep(platform.sessions.start(made))
        platform.close()
        return Principal(made.actor, made.permissions)

    def __call__(
        self, *words: str, status: int = 0, typed: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tutela", *words, "--home", str(self.home)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self._variables,
            input=typed,
        )
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done

    def rows(self, *words: str, status: int = 0) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self(*words, "--json", status=status).stdout.splitlines()
        ]
