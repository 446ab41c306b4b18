"""What an audit entry says: a closed vocabulary and one canonical byte form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Detail = str | int | bool | None | list[str]
"""What a detail may hold: identifiers, counts, words of closed vocabularies; nothing personal."""


class Action(StrEnum):
    """Every action that can be recorded. docs/reference/audit.md describes each."""

    INSTANCE_CREATED = "instance.created"
    ITEM_SCREENED = "item.screened"
    ITEM_AMENDED = "item.amended"
    ITEM_HELD = "item.held"
    HOST_ORDERED = "host.ordered"
    HOST_CONFIRMED = "host.confirmed"
    HOST_REFUSED = "host.refused"
    HOST_ORDER_UNDONE = "host.order_undone"
    LIST_IMPORTED = "list.imported"
    LIST_REFUSED = "list.refused"
    LIST_STAGED = "list.staged"
    LIST_ACCEPTED = "list.accepted"
    LIST_DECLINED = "list.declined"
    LIST_PINNED = "list.pinned"
    LIST_SWITCHED_OFF = "list.switched_off"
    LIST_SWITCHED_ON = "list.switched_on"
    LIST_FLAG_ACCEPTED = "list.flag_accepted"
    LIST_FLAG_REFUSED = "list.flag_refused"
    LIST_REFERENCE_ADDED = "list.reference_added"
    LIST_REFERENCE_REMOVED = "list.reference_removed"
    LIST_SAMPLED = "list.sampled"
    LIST_JUDGED = "list.judged"
    LIST_DISTRUSTED = "list.distrusted"
    LIST_TRUSTED = "list.trusted"
    LIST_POLICY_SET = "list.policy_set"
    LIST_REMOVED = "list.removed"
    LIST_ENTRY_REMOVED = "list.entry_removed"
    EVIDENCE_SEALED = "evidence.sealed"
    EVIDENCE_OPENED = "evidence.opened"
    EVIDENCE_REFUSED = "evidence.refused"
    EVIDENCE_EXPORTED = "evidence.exported"
    EVIDENCE_SWEPT = "evidence.swept"
    EVIDENCE_DESTROYED = "evidence.destroyed"
    EVIDENCE_ERASED = "evidence.erased"
    DESTRUCTION_REFUSED = "evidence.destruction_refused"
    LEGAL_HOLD_PLACED = "evidence.legal_hold_placed"
    LEGAL_HOLD_RELEASED = "evidence.legal_hold_released"
    KEY_ROTATED = "key.rotated"
    KEY_REWRAPPED = "key.rewrapped"
    KEY_RETIRED = "key.retired"
    KEY_LOCKED = "key.locked"
    KEY_SPLIT = "key.split"
    KEY_RESTORED = "key.restored"
    CASE_OPENED = "case.opened"
    CASE_GREW = "case.grew"
    CASE_ATTACHED = "case.attached"
    CASE_CLAIMED = "case.claimed"
    CASE_RELEASED = "case.released"
    CASE_SKIPPED = "case.skipped"
    CASE_HANDED_OVER = "case.handed_over"
    CASE_SECOND_OPINION = "case.second_opinion"
    CASE_ESCALATED = "case.escalated"
    CASE_SPLIT = "case.split"
    CASE_DECIDED = "case.decided"
    CASE_REVERSED = "case.reversed"
    CASE_UNDONE = "case.undone"
    CASE_EVIDENCE_UNAVAILABLE = "case.evidence_unavailable"
    CASE_EVIDENCE_AVAILABLE = "case.evidence_available"
    REVIEW_DRAWN = "review.drawn"
    REVIEW_TAKEN = "review.taken"
    REVIEW_DONE = "review.done"
    GOLDEN_INSTALLED = "golden.installed"
    GOLDEN_REMOVED = "golden.removed"
    GOLDEN_DEALT = "golden.dealt"
    GOLDEN_ANSWERED = "golden.answered"
    GOLDEN_PASSED_ON = "golden.passed_on"
    GOLDEN_WITHDRAWN = "golden.withdrawn"
    APPEAL_RECEIVED = "appeal.received"
    APPEAL_REPEATED = "appeal.repeated"
    APPEAL_TAKEN = "appeal.taken"
    APPEAL_ANSWERED = "appeal.answered"
    VIEW_GRANTED = "view.granted"
    VIEW_ENDED = "view.ended"
    VIEW_TILE_GRANTED = "view.tile_granted"
    VIEW_REFUSED = "view.refused"
    EXPOSURE_STOPPED = "exposure.stopped"
    EXPOSURE_RESUMED = "exposure.resumed"
    EXPOSURE_OVERRIDDEN = "exposure.overridden"
    PREFERENCES_CHANGED = "exposure.preferences"
    REFERRAL_DRAFTED = "referral.drafted"
    REFERRAL_REDRAFTED = "referral.redrafted"
    REFERRAL_SECONDED = "referral.seconded"
    REFERRAL_APPROVED = "referral.approved"
    REFERRAL_WITHDRAWN = "referral.withdrawn"
    REFERRAL_RECALLED = "referral.recalled"
    REFERRAL_ACKNOWLEDGED = "referral.acknowledged"
    REFERRAL_OPENING = "referral.opening"
    REFERRAL_OPENED = "referral.opened"
    REFERRAL_FILE_SENDING = "referral.file_sending"
    REFERRAL_FILE_SENT = "referral.file_sent"
    REFERRAL_FILE_DESCRIBING = "referral.file_describing"
    REFERRAL_FILE_DESCRIBED = "referral.file_described"
    REFERRAL_FINISHING = "referral.finishing"
    REFERRAL_FILED = "referral.filed"
    REFERRAL_QUESTIONED = "referral.questioned"
    REFERRAL_RESTARTED = "referral.restarted"
    REFERRAL_RETRYING = "referral.retrying"
    REFERRAL_DUE_SOON = "referral.due_soon"
    REFERRAL_OVERDUE = "referral.overdue"
    PRESERVATION_STARTED = "preservation.started"
    PRESERVATION_LIFTED = "preservation.lifted"
    REFERRAL_BY_HAND = "referral.by_hand"
    REFERRAL_EXPORTED = "referral.exported"
    REFERRAL_SUBMITTED = "referral.submitted"
    REFERRAL_VERIFIED = "referral.verified"
    REFERRAL_LETTERS_OPENED = "referral.letters_opened"
    REFERRAL_ALARMED = "referral.alarmed"
    AUDIT_READ = "audit.read"
    AUDIT_PROVED = "audit.proved"
    CHECKPOINT_WITNESSED = "checkpoint.witnessed"
    CHECKPOINT_DISPUTED = "checkpoint.disputed"
    ALARM_RAISED = "alarm.raised"
    ALARM_CLEARED = "alarm.cleared"
    ALARM_ACKNOWLEDGED = "alarm.acknowledged"
    ALARMS_TOLD = "alarm.told"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_ENROLLED = "account.enrolled"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    PSEUDONYM_OPENED = "account.pseudonym_opened"
    ROLES_CHANGED = "account.roles_changed"
    SIGN_IN_ISSUED = "account.sign_in_issued"
    ACCOUNT_VOUCHED = "account.vouched"
    ACCOUNT_UNVOUCHED = "account.unvouched"
    ACCOUNT_LOGGED_OUT = "account.logged_out"
    PASSKEY_ADDED = "account.passkey_added"
    PASSKEY_REMOVED = "account.passkey_removed"
    RECOVERY_MADE = "account.recovery_made"
    RECOVERY_USED = "account.recovery_used"
    CONSOLE_CHANGED = "account.preferences_changed"
    SIGNED_IN = "account.signed_in"
    SIGN_IN_REFUSED = "account.sign_in_refused"
    SIGNED_OUT = "account.signed_out"
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    ACCESS_REFUSED = "access.refused"
    CALLERS_REFUSED = "access.callers_refused"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_CONFIRMED = "approval.confirmed"
    APPROVAL_REFUSED = "approval.refused"
    APPROVAL_USED = "approval.used"
    APPROVAL_WAIVED = "approval.waived"
    SET_UP_CLOSED = "approval.set_up_closed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: a person's or machine's account id, or a part of this system."""

    kind: Literal["person", "machine", "system"]
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its place in the log, when, who, what, about which subject."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]

    def canonical(self) -> bytes:
        """Return the bytes whose Merkle leaf hash enters the tree: JSON, sorted, compact, UTF-8.

        Numbers are integers only, so no two writers can disagree on their form (RFC 8785 §3.2.2).
        """
        return _CANONICAL.encode(
            {
                "action": self.action,
                "actor": self.actor,
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "details": self.details,
                "seq": self.seq,
                "subject": self.subject,
                "v": 1,
            }
        ).encode()
