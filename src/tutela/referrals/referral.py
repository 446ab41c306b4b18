"""The state machine of a referral: what stands, what comes next, and what doubt means.

    drafted → approved → opening → open ⇄ files | details → finishing → filed → acknowledged
                 ↑                                 └────────┬─────┘
                 └──────────── questioning ←── doubt ───────┘
                                    └── recalled, and not finished → withdrawn

An authority without an interface is served by hand: approved → by_hand → filed, once a person has
given the receipt number.

`opening`, `files`, `details`, `finishing` and `questioning` each say that a call is in flight. A
worker that finds a referral in one of them does not know how that call ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tutela.referrals.draft import Nature

if TYPE_CHECKING:
    from tutela.referrals.draft import ReferralDraft
    from tutela.referrals.obligations.deadline import Deadline


class State(StrEnum):
    """Where a referral stands."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    OPENING = "opening"
    OPEN = "open"
    FILES = "files"
    DETAILS = "details"
    FINISHING = "finishing"
    BY_HAND = "by_hand"
    QUESTIONING = "questioning"
    FILED = "filed"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    ALARMED = "alarmed"


class FileState(StrEnum):
    """Where one file of an open report stands."""

    PENDING = "pending"
    SENT = "sent"
    DESCRIBED = "described"


class Step(StrEnum):
    """What a worker does next."""

    OPEN = "open"
    SEND_FILE = "send_file"
    DESCRIBE_FILE = "describe_file"
    FINISH = "finish"
    ASK = "ask"
    BEGIN_AGAIN = "begin_again"
    LET_GO = "let_go"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ReferralFile:
    """One file of a referral, by its place in the draft."""

    place: int
    evidence_id: str
    state: FileState
    receiver_file_id: str | None


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral as it stands. `number` is the receiver's, of the report now open or filed.

    `follows`: the referral that it supplements, corrects or withdraws. `recalled`: the decision was
    reversed while it was on its way, so it is to be stopped if it still can be.
    """

    id: str
    case_id: str
    decision_id: str
    authority: str
    state: State
    draft: ReferralDraft
    files: tuple[ReferralFile, ...]
    created_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    number: str | None
    reports_opened: int
    filed_at: datetime | None
    problem: str | None
    deadline: Deadline
    nature: Nature = Nature.ORIGINAL
    follows: str | None = None
    recalled: bool = False
    approvals: tuple[str, ...] = ()

    @property
    def receipt_number(self) -> str | None:
        """Return the number only once it is a receipt: an open report is not filed."""
        return self.number if self.state in {State.FILED, State.ACKNOWLEDGED} else None

    @property
    def urgent(self) -> bool:
        """Say whether a child may be in danger now."""
        return self.draft.urgent_reason is not None


_IN_DOUBT = {State.FILES, State.DETAILS, State.FINISHING, State.QUESTIONING}


def next_step(referral: Referral) -> tuple[Step, ReferralFile | None]:
    """Return what to do next, and with which file."""
    if referral.recalled and referral.state in {State.APPROVED, State.OPENING}:
        return Step.LET_GO, None
    if referral.state is State.APPROVED:
        return Step.OPEN, None
    if referral.state is State.OPENING:
        # No number came back, so there is nothing to ask about. A report that was opened all the
        # same is never finished, and its receiver deletes it.
        return Step.BEGIN_AGAIN, None
    if referral.state in _IN_DOUBT:
        return Step.ASK, None
    if referral.state is State.OPEN and referral.recalled:
        return Step.ASK, None
    if referral.state is State.OPEN:
        return _next_of_open(referral.files)
    return Step.NOTHING, None


def _next_of_open(files: tuple[ReferralFile, ...]) -> tuple[Step, ReferralFile | None]:
    for one in files:
        if one.state is FileState.PENDING:
            return Step.SEND_FILE, one
        if one.state is FileState.SENT:
            return Step.DESCRIBE_FILE, one
    return Step.FINISH, None
