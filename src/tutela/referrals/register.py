"""The referrals on record, and their transitions: each a row before the call it announces."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.case import cases
from tutela.errors import Conflict, LeaseLost, NotFound
from tutela.referrals.draft import Nature, ReferralDraft, packed, unpacked
from tutela.referrals.obligations.deadline import Deadline
from tutela.referrals.referral import FileState, Referral, ReferralFile, State
from tutela.storage import duties
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog, Change
    from tutela.storage.duties import Duty

REFERRAL = "referral"

referrals = sa.Table(
    "referrals",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("decision_id", Id, sa.ForeignKey("decisions.id"), nullable=False),
    sa.Column("authority", sa.String(40), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("draft", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("approved_at", Instant),
    sa.Column("approved_by", sa.String(80)),
    sa.Column("number", sa.String(80)),
    sa.Column("reports_opened", sa.Integer, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("filed_at", Instant),
    sa.Column("problem", sa.String(500)),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("nature", sa.String(16), nullable=False),
    sa.Column("follows", Id, sa.ForeignKey("referrals.id")),
    sa.Column("recalled", sa.Boolean, nullable=False),
    sa.Column("approvals", sa.JSON, nullable=False),
    sa.Column("aware_at", Instant, nullable=False),
    sa.Column("warn_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False, index=True),
    sa.Column("warned_at", Instant),
    sa.Column("missed_at", Instant),
    # One referral of a decision to an authority, and those that follow it, each in its turn.
    sa.UniqueConstraint("decision_id", "authority", "ordinal"),
)

referral_files = sa.Table(
    "referral_files",
    metadata,
    sa.Column("referral_id", Id, sa.ForeignKey("referrals.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("evidence_id", Id, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("receiver_file_id", sa.String(80)),
)


feedback = sa.Table(
    "referral_feedback",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("referral_id", Id, sa.ForeignKey("referrals.id"), nullable=False, index=True),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

_AT_REST = frozenset({State.DRAFTED, State.APPROVED, State.BY_HAND, State.ALARMED})
"""No call is in flight; a worker that is about to make one finds the state changed."""
_AT_AN_END = frozenset({State.FILED, State.ACKNOWLEDGED, State.WITHDRAWN})


class Recalled(Exception):
    """The referral was withdrawn or recalled since it was looked at."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What an authority answered to a filed referral, and when."""

    at: datetime
    said: str


class Register:
    """Reads referrals, and moves them; every move carries its audit entry."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def draft(
        self,
        change: Change,
        *,
        case_id: str,
        decision_id: str,
        authority: str,
        draft: ReferralDraft,
        deadline: Deadline,
        follows: Referral | None = None,
    ) -> str:
        """Put a draft on record in the caller's change; return its id."""
        identity = new_id("ref", change.now)
        nature = draft.follows.nature if draft.follows else Nature.ORIGINAL
        text = packed(draft)
        earlier = sa.select(sa.func.count()).where(
            referrals.c.decision_id == decision_id, referrals.c.authority == authority
        )
        change.connection.execute(
            referrals.insert().values(
                id=identity,
                case_id=case_id,
                decision_id=decision_id,
                authority=authority,
                state=State.DRAFTED.value,
                draft=text,
                created_at=change.now,
                reports_opened=0,
                fence=0,
                ordinal=change.connection.scalar(earlier) or 0,
                nature=nature.value,
                follows=follows.id if follows else None,
                recalled=False,
                approvals=[],
                **asdict(deadline),
            )
        )
        self._put_files(change, identity, draft)
        change.record(
            Action.REFERRAL_DRAFTED,
            identity,
            case=case_id,
            authority=authority,
            files=len(draft.files),
            nature=nature.value,
            follows=follows.id if follows else None,
            draft=_digest(text),
            obligations=[one.obligation for one in draft.bases],
        )
        return identity

    def redraft(self, change: Change, referral: Referral, draft: ReferralDraft) -> None:
        """Put a draft that waits for approval anew. Nothing when it says the same as before."""
        text = packed(draft)
        if draft == referral.draft:
            return
        redrafted = change.connection.execute(
            referrals.update()
            .where(referrals.c.id == referral.id, referrals.c.state == State.DRAFTED.value)
            .values(draft=text)
        )
        if redrafted.rowcount != 1:
            return
        change.connection.execute(
            referral_files.delete().where(referral_files.c.referral_id == referral.id)
        )
        self._put_files(change, referral.id, draft)
        change.record(Action.REFERRAL_REDRAFTED, referral.id, draft=_digest(text))

    def _put_files(self, change: Change, referral_id: str, draft: ReferralDraft) -> None:
        rows = [
            {
                "referral_id": referral_id,
                "place": place,
                "evidence_id": one.evidence_id,
                "state": FileState.PENDING.value,
            }
            for place, one in enumerate(draft.files)
        ]
        if rows:
            change.connection.execute(referral_files.insert(), rows)

    def approve(
        self,
        change: Change,
        referral_id: str,
        people: int = 1,
        not_before: datetime | None = None,
    ) -> bool:
        """Approve a draft, which goes out once so many people have; say whether it does.

        It leaves at `not_before` at the earliest. What alarmed goes out again for one. Raises
        `Conflict` unless it is drafted or alarmed, and when the same person approves twice.
        """
        row = _locked(change.connection, referral_id)
        state = State(row.state)
        if state not in {State.DRAFTED, State.ALARMED}:
            raise Conflict(
                "The referral is approved, on its way or at an end already.",
                "Look at its state.",
            )
        who = str(change.actor)
        if state is State.DRAFTED and people > 1:
            if who in row.approvals:
                raise Conflict("You have approved it.", "Another person must approve it, too.")
            approvals = [*row.approvals, who]
            self._put(change, referral_id, approvals=approvals)
            if len(approvals) < people:
                change.record(
                    Action.REFERRAL_SECONDED, referral_id, approvals=len(approvals), needed=people
                )
                return False
        # An alarm may have left a report open: with a number there is something to ask about.
        again = State.QUESTIONING if row.number else State.APPROVED
        change.connection.execute(
            referrals.update()
            .where(referrals.c.id == referral_id)
            .values(
                state=again.value,
                approved_at=change.now,
                approved_by=who,
                problem=None,
            )
        )
        urgent = unpacked(row.draft).urgent_reason is not None
        due = max(change.now, not_before or change.now)
        duties.enqueue(change.connection, REFERRAL, referral_id, due, urgent=urgent)
        duties.reopen(change.connection, REFERRAL, referral_id, due)
        change.record(Action.REFERRAL_APPROVED, referral_id, urgent=urgent)
        return True

    def recall(self, change: Change, referral: Referral) -> None:
        """Withdraw what has not begun to leave; have what is on its way stopped if it can be."""
        row = _locked(change.connection, referral.id)
        state = State(row.state)
        if state is State.ALARMED and row.number:
            # It may have left a report open: that is asked for, and retracted.
            self._put(change, referral.id, state=State.QUESTIONING.value, recalled=True)
            duties.reopen(change.connection, REFERRAL, referral.id, change.now)
            change.record(Action.REFERRAL_RECALLED, referral.id, case=referral.case_id)
        elif state in _AT_REST:
            self._put(change, referral.id, state=State.WITHDRAWN.value)
            change.record(Action.REFERRAL_WITHDRAWN, referral.id, case=referral.case_id)
        elif state not in _AT_AN_END:
            self._put(change, referral.id, recalled=True)
            change.record(Action.REFERRAL_RECALLED, referral.id, case=referral.case_id)

    def submitted(self, change: Change, referral_id: str, receipt: str) -> None:
        """Record that a person filed it, and under which number. Raises `Conflict`, `NotFound`."""
        row = _locked(change.connection, referral_id)
        if State(row.state) is not State.BY_HAND:
            raise Conflict("The referral does not wait to be filed by hand.", "Look at its state.")
        self._put(
            change,
            referral_id,
            state=State.FILED.value,
            number=receipt,
            filed_at=change.now,
            problem=None,
        )
        change.record(Action.REFERRAL_SUBMITTED, referral_id, number=receipt)
        change.record(Action.REFERRAL_FILED, referral_id, number=receipt, learnt_by_asking=False)

    def acknowledge(self, change: Change, referral_id: str, said: str) -> None:
        """Record what the authority answered to a filed referral. Raises `Conflict`, `NotFound`."""
        row = _locked(change.connection, referral_id)
        if State(row.state) not in {State.FILED, State.ACKNOWLEDGED}:
            raise Conflict("The referral is not filed.", "Look at its state.")
        self._put(change, referral_id, state=State.ACKNOWLEDGED.value)
        change.connection.execute(
            feedback.insert().values(
                id=new_id("fbk", change.now), referral_id=referral_id, said=said, at=change.now
            )
        )
        change.record(Action.REFERRAL_ACKNOWLEDGED, referral_id)

    def feedback_on(self, referral_id: str) -> tuple[Feedback, ...]:
        """Return what the authority answered, oldest first."""
        query = (
            sa.select(feedback.c.at, feedback.c.said)
            .where(feedback.c.referral_id == referral_id)
            .order_by(feedback.c.at, feedback.c.id)
        )
        with self._audit.database.reading() as connection:
            return tuple(Feedback(*row) for row in connection.execute(query))

    def _put(self, change: Change, referral_id: str, **values: object) -> None:
        change.connection.execute(
            referrals.update().where(referrals.c.id == referral_id).values(**values)
        )

    def take(self, change: Change, duty: Duty) -> None:
        """Fence off every earlier worker. Raises `LeaseLost` if a later one has it."""
        taken = change.connection.execute(
            referrals.update()
            .where(referrals.c.id == duty.subject, referrals.c.fence <= duty.fence)
            .values(fence=duty.fence)
        )
        _only_mine(taken.rowcount)

    def move(
        self,
        change: Change,
        duty: Duty,
        state: State,
        since: State | None = None,
        **values: object,
    ) -> None:
        """Write a transition under the duty's fence and lengthen its lease.

        With `since`, only from that state and if not recalled: for what cannot be taken back.
        Raises `LeaseLost`, `Recalled`.
        """
        mine = (referrals.c.id == duty.subject) & (referrals.c.fence == duty.fence)
        allowed = mine
        if since is not None:
            allowed &= (referrals.c.state == since.value) & referrals.c.recalled.is_(False)
        moved = change.connection.execute(
            referrals.update().where(allowed).values(state=state.value, **values)
        )
        if moved.rowcount != 1:
            found = change.connection.scalar(sa.select(sa.func.count()).where(mine))
            _only_mine(found or 0)
            raise Recalled(duty.subject)
        duties.renew(change.connection, duty, change.now)

    def move_file(
        self, change: Change, duty: Duty, place: int, state: FileState, **values: object
    ) -> None:
        """Write where one file stands; `move` in the same change holds the fence."""
        change.connection.execute(
            referral_files.update()
            .where(referral_files.c.referral_id == duty.subject, referral_files.c.place == place)
            .values(state=state.value, **values)
        )

    def forget_files(self, change: Change, duty: Duty) -> None:
        """Set every file back to pending: a new report starts from nothing."""
        change.connection.execute(
            referral_files.update()
            .where(referral_files.c.referral_id == duty.subject)
            .values(state=FileState.PENDING.value, receiver_file_id=None)
        )

    def load(self, referral_id: str) -> Referral:
        """Return one referral. Raises `NotFound`."""
        with self._audit.database.reading() as connection:
            return load(connection, referral_id)

    def for_case(self, case_id: str) -> tuple[Referral, ...]:
        """Return a case's referrals, oldest first."""
        with self._audit.database.reading() as connection:
            return of_case(connection, case_id)

    def receipts_on(
        self, connection: sa.Connection, account_id: str, authority: str
    ) -> tuple[str, ...]:
        """Return the numbers of the reports filed with an authority on an account, in order."""
        query = (
            sa.select(referrals.c.number)
            .join(cases, cases.c.id == referrals.c.case_id)
            .where(
                cases.c.account_id == account_id,
                referrals.c.authority == authority,
                referrals.c.state.in_((State.FILED.value, State.ACKNOWLEDGED.value)),
            )
            .order_by(referrals.c.filed_at, referrals.c.id)
        )
        return tuple(row.number for row in connection.execute(query))

    def draft_digest(self, referral_id: str) -> str:
        """Return the SHA-256 of the draft as it is stored. Raises `NotFound`."""
        query = sa.select(referrals.c.draft).where(referrals.c.id == referral_id)
        with self._audit.database.reading() as connection:
            text = connection.scalar(query)
        if text is None:
            raise _no_such()
        return _digest(text)

    def waiting_approval(self) -> tuple[Referral, ...]:
        """Return the drafts that wait for a person, urgent ones first."""
        with self._audit.database.reading() as connection:
            found = select(connection, referrals.c.state == State.DRAFTED.value)
        return tuple(sorted(found, key=lambda one: not one.urgent))

    def counts(self) -> dict[State, int]:
        """Return how many referrals are in each state."""
        query = sa.select(referrals.c.state, sa.func.count()).group_by(referrals.c.state)
        with self._audit.database.reading() as connection:
            found = {State(state): number for state, number in connection.execute(query)}
        return {state: found.get(state, 0) for state in State}

    def all(self) -> tuple[Referral, ...]:
        """Return every referral, oldest first."""
        with self._audit.database.reading() as connection:
            return select(connection, sa.true())


def load(connection: sa.Connection, referral_id: str) -> Referral:
    """Return one referral as this connection sees it. Raises `NotFound`."""
    found = select(connection, referrals.c.id == referral_id)
    if not found:
        raise _no_such()
    return found[0]


def of_case(connection: sa.Connection, case_id: str) -> tuple[Referral, ...]:
    """Return a case's referrals, oldest first, as this connection sees them."""
    return select(connection, referrals.c.case_id == case_id)


def _no_such() -> NotFound:
    return NotFound("There is no such referral.", "Check the identifier.")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _locked(connection: sa.Connection, referral_id: str) -> sa.Row[Any]:
    row = connection.execute(
        sa.select(referrals).where(referrals.c.id == referral_id).with_for_update()
    ).first()
    if row is None:
        raise _no_such()
    return row


def _only_mine(rows: int) -> None:
    if rows != 1:
        raise LeaseLost(
            "Another worker has taken this referral over.",
            "Nothing to do: the other one carries it on.",
        )


def select(connection: sa.Connection, where: sa.ColumnElement[bool]) -> tuple[Referral, ...]:
    """Return the referrals of a condition on `referrals`, oldest first."""
    rows = connection.execute(
        sa.select(referrals)
        .where(where)
        .order_by(referrals.c.created_at, referrals.c.ordinal, referrals.c.id)
    ).all()
    files: dict[str, list[ReferralFile]] = {row.id: [] for row in rows}
    ids = sorted(files)
    for start in range(0, len(ids), 500):
        query = (
            sa.select(referral_files)
            .where(referral_files.c.referral_id.in_(ids[start : start + 500]))
            .order_by(referral_files.c.place)
        )
        for row in connection.execute(query):
            files[row.referral_id].append(
                ReferralFile(row.place, row.evidence_id, FileState(row.state), row.receiver_file_id)
            )
    return tuple(_referral(row, tuple(files[row.id])) for row in rows)


def _referral(row: sa.Row[Any], files: tuple[ReferralFile, ...]) -> Referral:
    return Referral(
        row.id,
        row.case_id,
        row.decision_id,
        row.authority,
        State(row.state),
        unpacked(row.draft),
        files,
        row.created_at,
        row.approved_at,
        row.approved_by,
        row.number,
        row.reports_opened,
        row.filed_at,
        row.problem,
        Deadline(row.aware_at, row.warn_at, row.due_at),
        Nature(row.nature),
        row.follows,
        row.recalled,
        tuple(row.approvals),
    )
