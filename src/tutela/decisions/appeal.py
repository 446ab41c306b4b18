"""An appeal: an account says that a decision was wrong, and a fresh pair of eyes answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.errors import Conflict, LeaseLost, NotFound, Refused
from tutela.storage.database import Id, Instant, metadata, serialise
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from tutela.audit.entry import Actor
    from tutela.audit.log import Change
    from tutela.decisions.decision import Decision

TAKEN = timedelta(minutes=15)
"""For so long nobody else can answer an appeal that somebody has taken."""
LONGEST = 3000

appeals = sa.Table(
    "appeals",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("item_id", Id, sa.ForeignKey("items.id"), nullable=False),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("decision_id", Id, sa.ForeignKey("decisions.id"), nullable=False),
    # What the host platform calls it: sent again, it is the same appeal.
    sa.Column("external_id", sa.String(255), nullable=False),
    sa.Column("text", sa.String(LONGEST), nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("taken_by", sa.String(80)),
    sa.Column("taken_until", Instant),
    sa.Column("answer", sa.String(16)),
    sa.Column("answered_by", sa.String(80)),
    sa.Column("answered_at", Instant),
    sa.Column("note", sa.Text, nullable=False),
    sa.UniqueConstraint("item_id", "external_id"),
    sa.Index("ix_appeals_answer_received_at", "answer", "received_at"),
)


class Answer(StrEnum):
    """What became of an appeal."""

    UPHELD = "upheld"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal against the decision that stood when it came. `note` is for colleagues."""

    id: str
    item_id: str
    case_id: str
    decision_id: str
    external_id: str
    text: str
    received_at: datetime
    taken_by: str | None
    taken_until: datetime | None
    answer: Answer | None
    answered_by: str | None
    answered_at: datetime | None
    note: str

    def holder(self, now: datetime) -> str | None:
        """Return who has taken it, until that is over."""
        return self.taken_by if self.taken_until is not None and self.taken_until > now else None


def is_fresh(parts: Collection[str], actor: Actor) -> bool:
    """Say whether a person is none of those who had a part in deciding the case."""
    return str(actor) not in parts


def receive(
    change: Change, item_id: str, case_id: str, decision: Decision, external_id: str, text: str
) -> Appeal:
    """Put an appeal on record, once for what the host platform calls it."""
    serialise(change.connection, "appeal", item_id)
    known = _one(
        change.connection, (appeals.c.item_id == item_id) & (appeals.c.external_id == external_id)
    )
    if known is not None:
        change.record(Action.APPEAL_REPEATED, case_id, appeal=known.id)
        return known
    made = new_id("apl", change.now)
    change.connection.execute(
        appeals.insert().values(
            id=made,
            item_id=item_id,
            case_id=case_id,
            decision_id=decision.id,
            external_id=external_id,
            text=text,
            received_at=change.now,
            note="",
        )
    )
    change.record(Action.APPEAL_RECEIVED, case_id, appeal=made, decision=decision.id)
    return load(change.connection, made)


def take(change: Change, appeal: Appeal, parts: Collection[str]) -> None:
    """Give an appeal to the person who acts. `parts`: who decided. Raises `Refused`, `Conflict`."""
    if not is_fresh(parts, change.actor):
        raise Refused(
            "You have decided this case: somebody else answers its appeal.", "Take another one."
        )
    if appeal.answer is not None:
        raise Conflict("The appeal is answered.", "Open it to see how.")
    if appeal.holder(change.now) not in {None, str(change.actor)}:
        raise Conflict("Another person has this appeal now.", "Take another one.")
    _put(
        change.connection,
        appeal.id,
        taken_by=str(change.actor),
        taken_until=change.now + TAKEN,
    )
    change.record(Action.APPEAL_TAKEN, appeal.case_id, appeal=appeal.id)


def answer(change: Change, appeal: Appeal, said: Answer, note: str) -> None:
    """Put the answer of whoever has taken it on record. Raises `Conflict`, `LeaseLost`."""
    if appeal.answer is not None:
        raise Conflict("The appeal is answered.", "Open it to see how.")
    if appeal.holder(change.now) != str(change.actor):
        raise LeaseLost("You do not hold this appeal.", "Take it, then answer.")
    settle(change, appeal, said, note)


def settle(change: Change, appeal: Appeal, said: Answer, note: str) -> None:
    """Write an answer: also of those that fall with another one's."""
    _put(
        change.connection,
        appeal.id,
        answer=said.value,
        answered_by=str(change.actor),
        answered_at=change.now,
        note=note,
        taken_by=None,
        taken_until=None,
    )
    change.record(Action.APPEAL_ANSWERED, appeal.case_id, appeal=appeal.id, answer=said.value)


def load(connection: sa.Connection, appeal_id: str, *, locked: bool = False) -> Appeal:
    """Return one appeal. Raises `NotFound`."""
    found = _one(connection, appeals.c.id == appeal_id, locked=locked)
    if found is None:
        raise NotFound("There is no such appeal.", "Check the identifier.")
    return found


def of_case(connection: sa.Connection, case_id: str) -> list[Appeal]:
    """Return the appeals about a case, oldest first."""
    query = sa.select(appeals).where(appeals.c.case_id == case_id)
    return _all(connection, query)


def unanswered(connection: sa.Connection) -> list[Appeal]:
    """Return what waits for an answer, oldest first."""
    return _all(connection, sa.select(appeals).where(appeals.c.answer.is_(None)))


def count(connection: sa.Connection) -> int:
    """Return how many wait for an answer."""
    query = sa.select(sa.func.count()).where(appeals.c.answer.is_(None))
    return connection.execute(query.select_from(appeals)).scalar_one()


def answered(connection: sa.Connection, limit: int = 50) -> list[Appeal]:
    """Return the newest answers, newest first."""
    query = (
        sa.select(appeals)
        .where(appeals.c.answer.is_not(None))
        .order_by(appeals.c.answered_at.desc(), appeals.c.id.desc())
        .limit(limit)
    )
    return [_appeal(row) for row in connection.execute(query)]


def _all(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> list[Appeal]:
    ordered = query.order_by(appeals.c.received_at, appeals.c.id)
    return [_appeal(row) for row in connection.execute(ordered)]


def _one(
    connection: sa.Connection, which: sa.ColumnElement[bool], *, locked: bool = False
) -> Appeal | None:
    query = sa.select(appeals).where(which)
    row = connection.execute(query.with_for_update() if locked else query).first()
    return None if row is None else _appeal(row)


def _put(connection: sa.Connection, appeal_id: str, **values: object) -> None:
    connection.execute(appeals.update().where(appeals.c.id == appeal_id).values(**values))


def _appeal(row: sa.Row[tuple[object, ...]]) -> Appeal:
    values = dict(row._mapping)
    said = values["answer"]
    return Appeal(**{**values, "answer": Answer(said) if said else None})
