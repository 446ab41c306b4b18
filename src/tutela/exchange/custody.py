"""The custody record of one piece of evidence: every audited event about it, to be read anywhere.

Gathered from the audit log by what entries are about: the evidence, its item, what its case and its
referrals did with it. Nothing is left out by choice; `Event.entry` is the log's own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.attachment import attachments
from tutela.content import item as items_on_record
from tutela.content.item import items
from tutela.evidence import record
from tutela.referrals.register import referrals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.audit.entry import Entry
    from tutela.audit.log import AuditLog

_ALL = 1_000_000
_OF_THE_CASE = frozenset(
    {
        Action.CASE_OPENED,
        Action.CASE_GREW,
        Action.CASE_CLAIMED,
        Action.CASE_RELEASED,
        Action.CASE_DECIDED,
        Action.CASE_REVERSED,
        Action.CASE_ATTACHED,
        Action.PRESERVATION_STARTED,
        Action.PRESERVATION_LIFTED,
    }
)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What the evidence belongs to, by their ids."""

    evidence: str
    item: str
    case: str | None
    referrals: tuple[str, ...] = ()


def belonging(connection: sa.Connection, evidence_id: str) -> tuple[Subjects, str | None]:
    """Return what evidence belongs to, and its media type where it is known. Raises `NotFound`."""
    found = record.load(connection, evidence_id)
    case_id, media_type = None, None
    for item in items_on_record.select(connection, items.c.evidence_id == evidence_id):
        case_id, media_type = item.case_id, item.media_type
    if case_id is None:
        case_id = connection.scalar(
            sa.select(attachments.c.case_id).where(attachments.c.evidence_id == evidence_id)
        )
    query = sa.select(referrals.c.id).where(referrals.c.case_id == case_id)
    made = tuple(row.id for row in connection.execute(query.order_by(referrals.c.id)))
    return Subjects(evidence_id, found.item_id, case_id, made), media_type


def events(audit: AuditLog, of: Subjects) -> list[Entry]:
    """Return every entry about the evidence, oldest first."""
    found = {entry.seq: entry for entry in audit.entries(of.evidence, _ALL)}
    found |= {entry.seq: entry for entry in audit.entries(of.item, _ALL)}
    if of.case is not None:
        found |= {entry.seq: entry for entry in _of_case(audit.entries(of.case, _ALL), of)}
    for referral in of.referrals:
        found |= {entry.seq: entry for entry in _about(audit.entries(referral, _ALL), of)}
    return [found[seq] for seq in sorted(found)]


def document(of: Subjects, listed: Iterable[Entry]) -> dict[str, Any]:
    """Return the record as JSON: what it is about, and the events."""
    return {
        "format": "tutela-custody/1",
        "evidence": of.evidence,
        "item": of.item,
        "case": of.case,
        "referrals": list(of.referrals),
        "events": [
            {
                "entry": entry.seq,
                "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "by": entry.actor,
                "action": entry.action,
                "about": entry.subject,
                "details": entry.details,
            }
            for entry in listed
        ],
    }


def text(of: Subjects, listed: Iterable[Entry]) -> str:
    """Return the record as people read it, one event a line."""
    lines = [
        f"Custody of {of.evidence} (item {of.item}, case {of.case or 'none'}).",
        "Times are UTC. The first number is the entry's place in the audit log; its proof is in "
        "audit/ under that number.",
        "",
    ]
    for entry in listed:
        details = ", ".join(
            f"{name} {_shown(value)}" for name, value in sorted(entry.details.items())
        )
        lines.append(
            f"{entry.seq:>9}  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor:<40} "
            f"{entry.action:<28} {entry.subject}" + (f"  ({details})" if details else "")
        )
    return "\n".join(lines) + "\n"


def _of_case(entries: Iterable[Entry], of: Subjects) -> Iterator[Entry]:
    for entry in entries:
        about = entry.details.get("item")
        if about == of.item or (about is None and entry.action in _OF_THE_CASE):
            yield entry


def _about(entries: Iterable[Entry], of: Subjects) -> Iterator[Entry]:
    whole = (Action.REFERRAL_DRAFTED, Action.REFERRAL_APPROVED, Action.REFERRAL_FILED)
    for entry in entries:
        if entry.action in whole or entry.details.get("evidence") == of.evidence:
            yield entry


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "none" if value is None else str(value)
