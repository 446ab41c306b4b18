"""Watches every transaction of every test: no table changes without an entry of the audit log.

What a test itself writes, to forge or to prepare, is left alone. What the code may write without
an entry stands in `BOOKKEEPING`, column by column, with the reason; who adds to it argues there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from types import FrameType

ALL = frozenset({"*"})
BOOKKEEPING: dict[str, frozenset[str]] = {
    # When something is owed, by whom it is worked on, whether it is done. What it does is audited.
    "duties": ALL,
    # Signs of life say nothing that happened.
    "heartbeats": ALL,
    # Counted before the attempt is judged; what is refused is an entry.
    "sign_in_attempts": ALL,
    # Leases and leave to look: the claim and the grant were entries, and so is the opening.
    "cases": frozenset({"leased_until"}),
    "views": frozenset({"used_at", "shown_at"}),
    "view_tiles": frozenset({"used_at", "shown_at"}),
    # Last use, and that a code or word was used up: the sign-in itself is an entry.
    "accounts": frozenset({"last_step"}),
    "sessions": frozenset({"seen_at"}),
    "api_tokens": frozenset({"last_used_at"}),
    "sign_ins": frozenset({"used_at"}),
    "passkeys": frozenset({"uses", "last_used_at"}),
    "answered_challenges": ALL,
    "recovery_codes": frozenset({"used_at"}),
    # A check is of nothing: dealing and ending it are entries, holding it and typing are not.
    "golden_checks": frozenset({"lease", "leased_until", "typed"}),
    # What is typed and not decided does nothing; the decision is an entry.
    "typed_decisions": ALL,
    # Whose turn it is to ask the provider again; what it answers is an entry.
    "identities": frozenset({"checked_at"}),
    # Alembic's own.
    "alembic_version": ALL,
}
_SOURCE = str(Path(__file__).parents[1] / "src")
_WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?(.*)', re.DOTALL)
_SET = re.compile(r"\bSET\s+(.*?)(?:\s+WHERE\b|$)", re.DOTALL)
_COLUMN = re.compile(r'"?(\w+)"?\s*=')
_INNER = ("sqlalchemy", "contextlib", "storage/database.py")


class UnauditedWrite(AssertionError):
    """A transaction changed what it had to record, and recorded nothing."""


def unaudited(statement: str) -> str | None:
    """Return the table that a statement changes, if that change needs an entry."""
    found = _WRITE.match(statement)
    if found is None or found[2].startswith(("audit_", "test_")):
        return None
    allowed = BOOKKEEPING.get(found[2], frozenset())
    if allowed is ALL:
        return None
    if found[1] == "UPDATE":
        changed = _SET.search(found[3])
        if changed is not None and set(_COLUMN.findall(changed[1])) <= allowed:
            return None
    return found[2]


def watch() -> None:
    """Listen to every engine from now on."""
    sa.event.listen(sa.Engine, "begin", _begun)
    sa.event.listen(sa.Engine, "before_cursor_execute", _executed)
    sa.event.listen(sa.Engine, "commit", _committed)


def _begun(connection: sa.Connection) -> None:
    connection.info["tutela_ours"] = _is_ours()
    connection.info["tutela_changed"] = set()
    connection.info["tutela_recorded"] = False


def _executed(
    connection: sa.Connection, _cursor: Any, statement: str, _values: Any, _context: Any, _many: Any
) -> None:
    if statement.lstrip().startswith("INSERT INTO audit_entries"):
        connection.info["tutela_recorded"] = True
    elif (table := unaudited(statement)) is not None:
        connection.info.setdefault("tutela_changed", set()).add(table)


def _committed(connection: sa.Connection) -> None:
    told = connection.info
    changed = told.get("tutela_changed")
    if told.get("tutela_ours") and changed and not told["tutela_recorded"]:
        raise UnauditedWrite(
            f"{', '.join(sorted(changed))} changed without an audit entry: use AuditLog.change, or "
            "argue in tests/audited_changes.py why it is bookkeeping"
        )


def _is_ours() -> bool:
    """Say whether code of the package began the transaction: no test, and no migration."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if not any(part in name for part in _INNER):
            return name.startswith(_SOURCE) and not name.endswith("storage/upgrading.py")
        frame = frame.f_back
    return False
