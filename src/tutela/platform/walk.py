"""Finding the files to scan: every one of them, or the reason why not."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNREADABLE = "unreadable"
NOT_A_FILE = "not_a_file"


@dataclass(frozen=True, slots=True)
class Found:
    """One path. `fault` is set when it cannot be screened at all; size in bytes."""

    path: Path
    size: int = 0
    mtime_ns: int = 0
    fault: str | None = None


def walk(paths: Iterable[Path]) -> Iterator[Found]:
    """Yield every file under the paths, in a stable order, each folder once.

    Links are followed; a link back up is not walked again. Devices, pipes and sockets are
    reported and never opened.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        yield from _under(path, seen)


def _under(path: Path, seen: set[tuple[int, int]]) -> Iterator[Found]:
    try:
        status = path.stat()
    except OSError:
        yield Found(path, fault=UNREADABLE)
        return
    if stat.S_ISREG(status.st_mode):
        yield Found(path, status.st_size, status.st_mtime_ns)
    elif stat.S_ISDIR(status.st_mode):
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            return
        seen.add(identity)
        try:
            names = sorted(os.listdir(path))
        except OSError:
            yield Found(path, fault=UNREADABLE)
            return
        for name in names:
            yield from _under(path / name, seen)
    else:
        yield Found(path, fault=NOT_A_FILE)
