"""The simulated host platform's books: posts, questions and orders, in one SQLite file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATES = {"hold": "withheld", "remove": "removed", "restore": "published"}
_TABLES = """
CREATE TABLE IF NOT EXISTS posts (id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, data BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
    settled INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL, told TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS questions (number INTEGER PRIMARY KEY, at TEXT NOT NULL,
    post TEXT NOT NULL, status INTEGER, verdict TEXT, hold INTEGER);
CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY, at TEXT NOT NULL,
    id TEXT NOT NULL, verb TEXT, post TEXT, status INTEGER, fault TEXT);
CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, at TEXT NOT NULL, verb TEXT NOT NULL,
    post TEXT NOT NULL, state_before TEXT NOT NULL, state_after TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (id TEXT PRIMARY KEY, at TEXT NOT NULL, appeal TEXT NOT NULL,
    answer TEXT NOT NULL);
"""
_ALL = {
    "posts": "SELECT id, account, name, state, settled, at FROM posts ORDER BY at, id",
    "questions": "SELECT * FROM questions ORDER BY number",
    "deliveries": "SELECT * FROM deliveries ORDER BY number",
    "effects": "SELECT * FROM effects ORDER BY rowid",
    "answers": "SELECT * FROM answers ORDER BY rowid",
}
Row = dict[str, Any]
_VERDICTS = {"match", "possible", "clean", "unscreened"}


class Books:
    """What the platform knows. One thread uses it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)

    def add(
        self, post: str, account: str, name: str, media_type: str, data: bytes, told: Row
    ) -> bool:
        """Store a pending post; say whether it is new. `told`: what else is known of it."""
        added = self._connection.execute(
            "INSERT OR IGNORE INTO posts (id, account, name, type, data, at, told) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (post, account, name, media_type, data, _now(), json.dumps(told)),
        )
        return added.rowcount == 1

    def post(self, post: str) -> Row | None:
        """Return a post with its bytes."""
        row = self._connection.execute("SELECT * FROM posts WHERE id = ?", (post,)).fetchone()
        return None if row is None else dict(row)

    def unsettled(self) -> list[str]:
        """Return the posts that nobody has answered for yet, oldest first."""
        rows = self._connection.execute("SELECT id FROM posts WHERE settled = 0 ORDER BY at")
        return [row["id"] for row in rows]

    def asked(self, post: str) -> int:
        """Note that a question goes out."""
        cursor = self._connection.execute(
            "INSERT INTO questions (at, post) VALUES (?, ?)", (_now(), post)
        )
        return int(cursor.lastrowid or 0)

    def answered(self, number: int, post: str, status: int | None, answer: Row) -> None:
        """Publish a post that need not be held; withhold it on any other answer or none.

        An order that came in the meantime has settled the post: the answer changes nothing then.
        """
        verdict, hold = answer.get("verdict"), answer.get("hold")
        clean = verdict in {"clean", "possible"} and hold is False
        understood = verdict in {"match", "possible", "clean", "unscreened"} and isinstance(
            hold, bool
        )
        with self._transaction():
            self._connection.execute(
                "UPDATE questions SET status = ?, verdict = ?, hold = ? WHERE number = ?",
                (status, str(verdict) if verdict else None, bool(hold), number),
            )
            self._connection.execute(
                "UPDATE posts SET state = ?, settled = ? WHERE id = ? AND settled = 0",
                ("published" if clean else "withheld", int(understood), post),
            )

    def delivered(self, order: str, verb: str | None, post: str | None, fault: str | None) -> int:
        """Note that a delivery arrived, whatever it is worth."""
        cursor = self._connection.execute(
            "INSERT INTO deliveries (at, id, verb, post, fault) VALUES (?, ?, ?, ?, ?)",
            (_now(), order, verb, post, fault),
        )
        return int(cursor.lastrowid or 0)

    def judged(self, number: int, status: int) -> None:
        """Note the status that a delivery was answered with."""
        self._connection.execute(
            "UPDATE deliveries SET status = ? WHERE number = ?", (status, number)
        )

    def obey(self, order: str, verb: str, post: str) -> bool:
        """Carry out an order once. Returns False for a post that does not exist."""
        with self._transaction():
            row = self._connection.execute(
                "SELECT state FROM posts WHERE id = ?", (post,)
            ).fetchone()
            if row is None:
                return False
            fresh = self._connection.execute(
                "INSERT OR IGNORE INTO effects VALUES (?, ?, ?, ?, ?, ?)",
                (order, _now(), verb, post, row["state"], STATES[verb]),
            ).rowcount
            if fresh:
                self._connection.execute(
                    "UPDATE posts SET state = ?, settled = 1 WHERE id = ?", (STATES[verb], post)
                )
            return True

    def appeal_answered(self, order: str, appeal: str, answer: str) -> None:
        """Note what became of an account's appeal, once for each order."""
        self._connection.execute(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", (order, _now(), appeal, answer)
        )

    def all(self) -> dict[str, list[Row]]:
        """Return everything but the pictures."""
        return {
            name: [dict(row) for row in self._connection.execute(query)]
            for name, query in _ALL.items()
        }

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
