"""The simulated CyberTipline's books: one SQLite file that survives a killed process."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tutela.simulators.cybertipline_answers import Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.simulators.cybertipline_upload import Upload

_AFTER_OPENING = timedelta(hours=24)
_AFTER_CHANGE = timedelta(hours=1)
_BEFORE_FIRST = 100_000_000
_TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reports (id INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL,
    opened_at TEXT NOT NULL, changed_at TEXT NOT NULL, expires_at TEXT NOT NULL,
    finished_at TEXT, xml TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (file_id TEXT PRIMARY KEY, report INTEGER NOT NULL,
    name TEXT NOT NULL, media_type TEXT NOT NULL, bytes INTEGER NOT NULL, md5 TEXT NOT NULL,
    received_at TEXT NOT NULL, details TEXT, described INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS files_of_report ON files (report);
CREATE INDEX IF NOT EXISTS open_reports ON reports (state, expires_at);
CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY, at TEXT NOT NULL, call TEXT NOT NULL,
    report INTEGER, code INTEGER, fault TEXT);
"""
_CLOSED = {
    "finished": Code.ALREADY_FINISHED,
    "retracted": Code.ALREADY_RETRACTED,
    "expired": Code.REPORT_DOES_NOT_EXIST,
}
_Row = dict[str, Any]


class Books:
    """Reports, their files and every call. One thread uses it. Raises `Refusal`, `sqlite3.Error`.

    An open report is deleted 24 hours after its opening or 1 hour after its last change, whichever
    is later. The books remember it as expired; to callers it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        # What is committed must outlive a killed process, not a power cut.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)
        self._connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'reports', ? "
            "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'reports')",
            (_BEFORE_FIRST,),
        )

    def setting(self, name: str, otherwise: Any) -> Any:
        """Return a kept setting."""
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,))
        found = row.fetchone()
        return otherwise if found is None else json.loads(found["value"])

    def keep(self, name: str, value: Any) -> None:
        """Keep a setting."""
        self._connection.execute(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2",
            (name, json.dumps(value)),
        )

    def now(self) -> datetime:
        """Return the simulator's time: the machine's, advanced."""
        return datetime.now(UTC) + timedelta(seconds=self.setting("advanced_seconds", 0.0))

    def advance(self, seconds: float) -> None:
        """Move the simulator's time on."""
        self.keep("advanced_seconds", self.setting("advanced_seconds", 0.0) + seconds)

    def called(self, call: str, fault: str | None) -> int:
        """Note that a call arrived, before anything else is done with it."""
        cursor = self._connection.execute(
            "INSERT INTO calls (at, call, fault) VALUES (?, ?, ?)", (_text(self.now()), call, fault)
        )
        return int(cursor.lastrowid or 0)

    def answered(self, number: int, code: int, report: int | None) -> None:
        """Note the answer that a call was to have."""
        self._connection.execute(
            "UPDATE calls SET code = ?, report = ? WHERE id = ?", (code, report, number)
        )

    def open_report(self, xml: str) -> int:
        """Open a report and return its number. Numbers are never used twice."""
        now = self.now()
        cursor = self._connection.execute(
            "INSERT INTO reports (state, opened_at, changed_at, expires_at, xml) "
            "VALUES ('open', ?, ?, ?, ?)",
            (_text(now), _text(now), _text(now + _AFTER_OPENING), xml),
        )
        return int(cursor.lastrowid or 0)

    def add_file(self, report: int, upload: Upload, md5: str) -> str:
        """Add an uploaded file to an open report and return its id, 32 hex characters."""
        file_id = uuid.uuid4().hex
        with self._change(report) as now:
            self._connection.execute(
                "INSERT INTO files (file_id, report, name, media_type, bytes, md5, received_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (file_id, report, upload.name, upload.media_type, upload.size, md5, now),
            )
        return file_id

    def describe(self, report: int, file_id: str, xml: str) -> None:
        """Keep the details of an open report's file; later details replace earlier ones."""
        with self._change(report):
            found = self._connection.execute(
                "UPDATE files SET details = ?, described = described + 1 "
                "WHERE file_id = ? AND report = ?",
                (xml, file_id, report),
            ).rowcount
            if not found:
                raise Refusal(Code.FILE_DOES_NOT_EXIST)

    def finish(self, report: int) -> tuple[str, ...]:
        """File a report for good and return its files' ids."""
        with self._change(report) as now:
            self._connection.execute(
                "UPDATE reports SET state = 'finished', finished_at = ? WHERE id = ?", (now, report)
            )
            files = self._connection.execute(
                "SELECT file_id FROM files WHERE report = ? ORDER BY rowid", (report,)
            )
            return tuple(row["file_id"] for row in files)

    def retract(self, report: int) -> None:
        """Cancel an open report."""
        with self._change(report):
            self._connection.execute(
                "UPDATE reports SET state = 'retracted' WHERE id = ?", (report,)
            )

    def expire(self, report: int) -> None:
        """Delete an open report before its time."""
        self._connection.execute(
            "UPDATE reports SET state = 'expired' WHERE id = ? AND state = 'open'", (report,)
        )

    def reports(self) -> list[_Row]:
        """Return all reports with their files, oldest first."""
        self._sweep()
        files: dict[int, list[_Row]] = {}
        for row in self._connection.execute("SELECT * FROM files ORDER BY rowid"):
            file = dict(row)
            files.setdefault(file.pop("report"), []).append(file)
        found = self._connection.execute("SELECT * FROM reports ORDER BY id")
        return [{**dict(row), "files": files.get(row["id"], [])} for row in found]

    def calls(self) -> list[_Row]:
        """Return every call, oldest first. No code: it had no effect and no answer of its own."""
        return [dict(row) for row in self._connection.execute("SELECT * FROM calls ORDER BY id")]

    def counts(self) -> dict[str, int]:
        """Return the number of calls that arrived, by call."""
        rows = self._connection.execute("SELECT call, count(*) AS n FROM calls GROUP BY call")
        return {row["call"]: row["n"] for row in rows}

    @contextlib.contextmanager
    def _change(self, report: int) -> Iterator[str]:
        """Change an open report in one transaction; it is kept for at least another hour."""
        self._sweep()
        now = self.now()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            row = self._connection.execute(
                "SELECT state FROM reports WHERE id = ?", (report,)
            ).fetchone()
            if row is None:
                raise Refusal(Code.REPORT_DOES_NOT_EXIST)
            if row["state"] != "open":
                raise Refusal(_CLOSED[row["state"]])
            yield _text(now)
            self._connection.execute(
                "UPDATE reports SET changed_at = ?1, expires_at = max(expires_at, ?2) "
                "WHERE id = ?3",
                (_text(now), _text(now + _AFTER_CHANGE), report),
            )
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _sweep(self) -> None:
        self._connection.execute(
            "UPDATE reports SET state = 'expired' WHERE state = 'open' AND expires_at <= ?",
            (_text(self.now()),),
        )


def _text(at: datetime) -> str:
    # One width always, so that texts compare as the times do.
    return at.isoformat(timespec="microseconds")
