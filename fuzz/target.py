"""What a target is, and where they are: a module of `fuzz.targets` each."""

from __future__ import annotations

import importlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path(__file__).parent / "targets"


class Target(Protocol):
    """A module of `fuzz.targets`. What `run` raises is a finding."""

    def seeds(self) -> Iterator[bytes]:
        """Draw whole inputs, from which mutations start."""
        ...

    def run(self, data: bytes) -> None:
        """Read hostile bytes; pass over the errors that the parser is meant to raise."""
        ...


NAMES = sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__")


def load(name: str) -> Target:
    """Return a target by name."""
    return cast("Target", importlib.import_module(f"fuzz.targets.{name}"))


@cache
def scratch() -> Path:
    """Return a folder in memory, one a process, for the parsers that read files."""
    shared = Path("/dev/shm")
    base = shared if os.access(shared, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="tutela-fuzz-", dir=base))
