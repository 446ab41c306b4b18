"""What a scan has done so far, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any

from tutela.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.platform.walk import Found

Row = dict[str, Any]


class Journal:
    """An append-only file of finished lines, valid for one scan's terms.

    The terms are whatever changes verdicts: `bulk.terms` gives them. A journal of other terms is
    not used. A torn last line, from a kill half-way, is dropped. Only places in the file are held
    in memory. Raises `Conflict` while another process runs the same scan.
    """

    def __init__(self, folder: Path, terms: object) -> None:
        words = json.dumps(terms, sort_keys=True, default=str)
        self._path = folder / f"{sha256(words.encode()).hexdigest()[:32]}.ndjson"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = _locked(self._path)
        self._done = self._read()
        self.resumed = len(self._done)

    def _read(self) -> dict[tuple[str, int, int], int]:
        """Return where the line of each finished file starts; cut off what cannot be read."""
        done: dict[tuple[str, int, int], int] = {}
        whole = 0
        for raw in self._file:
            try:
                path, size, mtime_ns, row = json.loads(raw)
                if not raw.endswith(b"\n") or not isinstance(row, dict):
                    break
                done[path, size, mtime_ns] = whole
            except (ValueError, TypeError):
                break
            whole += len(raw)
        self._file.truncate(whole)
        return done

    def line(self, found: Found) -> Row | None:
        """Return the finished line of an unchanged file, or None."""
        place = self._done.get((str(found.path), found.size, found.mtime_ns))
        if place is None or found.fault is not None:
            return None
        self._file.seek(place)
        row: Row = json.loads(self._file.readline())[3]
        return row

    def keep(self, found: Found, row: Row) -> None:
        """Remember a finished line; it survives the process from here on."""
        # ASCII only, so that a path that is not valid UTF-8 comes back as it was.
        line = json.dumps([str(found.path), found.size, found.mtime_ns, row]) + "\n"
        self._file.write(line.encode())
        self._file.flush()

    def finish(self) -> None:
        """Forget the journal: the scan is complete."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def close(self) -> None:
        """Leave the journal for the next run."""
        self._file.close()


def _locked(path: Path) -> IO[bytes]:
    while True:
        file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            file.close()
            raise Conflict(
                "The same scan is running already.", "Wait for it, or stop it and run this again."
            ) from problem
        # Whoever held the lock may just have removed the file: then it is nobody's journal.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.seek(0)
                return file
        file.close()
