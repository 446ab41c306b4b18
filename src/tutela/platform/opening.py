"""Opening what may be anything: a file, or something that only has a file's name."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from tutela.platform.walk import NOT_A_FILE, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20


def opened(path: Path) -> tuple[int, int] | str:
    """Return a descriptor and the size in bytes, or why there is none."""
    try:
        # Without waiting: between the look and the opening, a pipe may have taken its place.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return UNREADABLE
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor, status.st_size
    os.close(descriptor)
    return NOT_A_FILE


def chunks(descriptor: int) -> Iterator[bytes]:
    """Yield what an open file holds, and close it. Raises `OSError`."""
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk
