"""What a scan has done so far, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.platform.walk import Found

Row = dict[str, Any]


class Journal:
    """An append-only file of finished lines, valid for one scan's terms.

    The terms are whatever changes verdicts: paths, lists, policy. A journal of other terms is
    not used. A torn last line, from a kill half-way, is dropped.
    """

    def __init__(self, folder: Path, terms: object) -> None:
        words = json.dumps(terms, sort_keys=True, default=str)
        self._path = folder / f"{sha256(words.encode()).hexdigest()[:32]}.ndjson"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._done = self._read()
        self.resumed = len(self._done)
        self._file: IO[str] = self._path.open("a", encoding="utf-8", errors="surrogateescape")

    def _read(self) -> dict[str, tuple[int, int, Row]]:
        done: dict[str, tuple[int, int, Row]] = {}
        if not self._path.exists():
            return done
        whole = 0
        with self._path.open("rb") as file:
            for raw in file:
                try:
                    size, mtime_ns, row = json.loads(raw)
                    done[row["path"]] = (size, mtime_ns, row)
                except (ValueError, KeyError, TypeError):
                    break
                whole += len(raw)
        with self._path.open("r+b") as file:
            file.truncate(whole)
        return done

    def line(self, found: Found) -> Row | None:
        """Return the finished line of an unchanged file, or None."""
        size, mtime_ns, row = self._done.get(str(found.path), (-1, -1, {}))
        return row if (size, mtime_ns) == (found.size, found.mtime_ns) else None

    def keep(self, found: Found, row: Row) -> None:
        """Remember a finished line; it survives the process from here on."""
        self._file.write(json.dumps([found.size, found.mtime_ns, row]) + "\n")
        self._file.flush()

    def finish(self) -> None:
        """Forget the journal: the scan is complete."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the journal for the next run."""
        self._file.close()
