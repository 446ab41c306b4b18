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
    # A stack, not recursion: whoever fills a folder decides how deep it is.
    ahead = list(dict.fromkeys(paths))[::-1]
    while ahead:
        path = ahead.pop()
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                yield Found(path, status.st_size, status.st_mtime_ns)
            elif not stat.S_ISDIR(status.st_mode):
                yield Found(path, fault=NOT_A_FILE)
            elif (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                ahead.extend(path / name for name in _names(path))
        except OSError:
            yield Found(path, fault=UNREADABLE)


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 - names, not paths, are sorted
