"""Where a shell keeps its sign-in: one file a home, for its owner's eyes only."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "TUTELA_TOKEN"  # noqa: S105 - the variable's name
"""The variable in which a machine brings its API token."""


class ShellSession:
    """The word of the signed-in person's session, for one home."""

    def __init__(self, home: Path, variables: Mapping[str, str] = os.environ) -> None:
        state = variables.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        name = sha256(str(home.absolute()).encode()).hexdigest()[:16]
        self._path = Path(state) / "tutela" / f"session-{name}"

    def read(self) -> str | None:
        """Return the word, or None where nobody is signed in."""
        try:
            return self._path.read_text()
        except OSError:
            return None

    def keep(self, word: str) -> None:
        """Keep a word, readable by its owner alone from the first byte."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(word)

    def drop(self) -> None:
        """Forget the word."""
        self._path.unlink(missing_ok=True)
