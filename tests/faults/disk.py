"""A small disk that can be filled: a tmpfs where root may mount, otherwise nothing to fill."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MIB = 1 << 20


class Disk:
    """The file system that a home, and a database, lie on."""

    def __init__(self, folder: Path, *, own: bool) -> None:
        self.folder = folder
        self.own = own
        """Whether it is a file system of its own, so that filling it hurts nobody else."""
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no byte free."""
        assert self.own
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            for size in (_MIB, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(root: Path, name: str, mebibytes: int) -> Iterator[Disk]:
    """Mount a tmpfs if that is allowed; otherwise give a plain folder."""
    folder = root / name
    folder.mkdir()
    options = f"size={mebibytes}m,mode=755"
    mounted = (
        os.geteuid() == 0
        and shutil.which("mount") is not None
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tutela-faults", str(folder)],
            check=False,
            capture_output=True,
        ).returncode
        == 0
    )
    try:
        yield Disk(folder, own=mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
