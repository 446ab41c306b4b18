"""What can be alarmed about: a closed vocabulary, each with how grave it is and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Severity(StrEnum):
    """How soon a person should look."""

    CRITICAL = "critical"
    WARNING = "warning"


class Kind(StrEnum):
    """Every alarm there is. docs/reference/alarms.md describes each."""

    SCREENING_STOPPED = "screening-stopped"
    DECODING_FAILS = "decoding-fails"
    DECODING_UNCONFINED = "decoding-unconfined"
    LIST_OLD = "list-old"
    QUEUE_OLD = "queue-old"
    EVIDENCE_UNAVAILABLE = "evidence-unavailable"
    CLOCK_AT_RISK = "clock-at-risk"
    CLOCK_MISSED = "clock-missed"
    REFERRAL_STUCK = "referral-stuck"
    HOST_REFUSED = "host-refused"
    DUTIES_STUCK = "duties-stuck"
    WORKER_SILENT = "worker-silent"
    WITNESS_SILENT = "witness-silent"
    WITNESS_DISPUTES = "witness-disputes"
    DISK_FULL = "disk-full"


_WARNINGS = frozenset(
    {
        Kind.DECODING_UNCONFINED,
        Kind.LIST_OLD,
        Kind.QUEUE_OLD,
        Kind.CLOCK_AT_RISK,
        Kind.WITNESS_SILENT,
    }
)

TITLES = {
    Kind.SCREENING_STOPPED: "Nothing is being screened",
    Kind.DECODING_FAILS: "Many uploads cannot be decoded",
    Kind.DECODING_UNCONFINED: "Decoding is not confined",
    Kind.LIST_OLD: "A hash list has not been updated",
    Kind.QUEUE_OLD: "A case waits too long",
    Kind.EVIDENCE_UNAVAILABLE: "Evidence of open cases cannot be shown",
    Kind.CLOCK_AT_RISK: "A referral is due soon",
    Kind.CLOCK_MISSED: "A referral is overdue",
    Kind.REFERRAL_STUCK: "A referral is stuck",
    Kind.HOST_REFUSED: "The host platform refused an order",
    Kind.DUTIES_STUCK: "What is owed to the outside does not get done",
    Kind.WORKER_SILENT: "No worker works",
    Kind.WITNESS_SILENT: "No outside witness has signed for too long",
    Kind.WITNESS_DISPUTES: "An outside witness disputes the audit log",
    Kind.DISK_FULL: "The disk is nearly full",
}


def severity(kind: Kind) -> Severity:
    """Return how grave a kind is."""
    return Severity.WARNING if kind in _WARNINGS else Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong now. `subject`: the identifier of what it is about, or empty."""

    kind: Kind
    subject: str
    what: str

    @property
    def severity(self) -> Severity:
        """Return how grave it is."""
        return severity(self.kind)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A finding on record, from when it was raised until it cleared."""

    id: str
    kind: Kind
    subject: str
    what: str
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None

    @property
    def severity(self) -> Severity:
        """Return how grave it is."""
        return severity(self.kind)

    @property
    def title(self) -> str:
        """Return it in a few words."""
        return TITLES[self.kind]
