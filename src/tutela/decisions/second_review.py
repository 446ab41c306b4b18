"""Second reviews: decisions drawn by a seed, judged once more by somebody who sees no first one.

What the second person says changes nothing by itself. Where it differs a lead looks, and reverses
the decision if it was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.decisions.decision import GROUNDS_FOR, Grounds, Outcome, decisions
from tutela.errors import Conflict, InvalidInput, LeaseLost, NotFound, Refused
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.entry import Actor
    from tutela.audit.log import Change
    from tutela.decisions.decision import Decision

TAKEN = timedelta(minutes=15)
_LONGEST = 4000

second_reviews = sa.Table(
    "second_reviews",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("decision_id", Id, sa.ForeignKey("decisions.id"), nullable=False, unique=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("drawn_at", Instant, nullable=False),
    sa.Column("taken_by", sa.String(80)),
    sa.Column("taken_until", Instant),
    sa.Column("outcome", sa.String(16)),
    sa.Column("grounds", sa.String(40)),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("reviewed_by", sa.String(80)),
    sa.Column("reviewed_at", Instant),
    sa.Index("ix_second_reviews_outcome_drawn_at", "outcome", "drawn_at"),
)


@dataclass(frozen=True, slots=True)
class Draw:
    """Which decisions are judged twice: a share of all, the same ones for the same seed."""

    share: float = 0.05
    seed: str = ""


NOTHING_DRAWN = Draw(0.0)


@dataclass(frozen=True, slots=True)
class SecondReview:
    """One decision that was drawn, and what the second person found, once they have."""

    id: str
    decision_id: str
    case_id: str
    drawn_at: datetime
    taken_by: str | None
    taken_until: datetime | None
    outcome: Outcome | None
    grounds: Grounds | None
    note: str
    reviewed_by: str | None
    reviewed_at: datetime | None

    def holder(self, now: datetime) -> str | None:
        """Return who has taken it, until that is over."""
        return self.taken_by if self.taken_until is not None and self.taken_until > now else None


@dataclass(frozen=True, slots=True)
class Pair:
    """The first and the second judgement of one case."""

    review: SecondReview
    first: str
    first_by: str


def is_drawn(draw: Draw, decision_id: str) -> bool:
    """Say whether a decision is judged twice. Nobody can tell it beforehand without the seed."""
    number = int.from_bytes(sha256(f"{draw.seed}\0{decision_id}".encode()).digest()[:8])
    return number < draw.share * 2**64


def put(change: Change, decision: Decision) -> None:
    """Put a drawn decision on record, in the change that makes it."""
    change.connection.execute(
        second_reviews.insert().values(
            id=new_id("rev", change.now),
            decision_id=decision.id,
            case_id=decision.case_id,
            drawn_at=change.now,
            note="",
        )
    )
    change.record(Action.REVIEW_DRAWN, decision.case_id, decision=decision.id)


def take(change: Change, review: SecondReview, parts: frozenset[str]) -> None:
    """Give a review to the person who acts. `parts`: who decided the case.

    Raises `Refused`, `Conflict`.
    """
    if str(change.actor) in parts:
        raise Refused("You have decided this case.", "Take another one.")
    if review.outcome is not None:
        raise Conflict("It was reviewed.", "Take another one.")
    if review.holder(change.now) not in {None, str(change.actor)}:
        raise Conflict("Another person reviews this now.", "Take another one.")
    _put(
        change.connection,
        review.id,
        taken_by=str(change.actor),
        taken_until=change.now + TAKEN,
    )
    change.record(Action.REVIEW_TAKEN, review.case_id, review=review.id)


def say(
    change: Change, review: SecondReview, outcome: Outcome, grounds: Grounds, note: str
) -> None:
    """Put on record what the second person found. Raises `LeaseLost`, `InvalidInput`."""
    if review.outcome is not None or review.holder(change.now) != str(change.actor):
        raise LeaseLost("You do not hold this review.", "Take it, then say what you found.")
    if grounds not in GROUNDS_FOR[outcome] or len(note) > _LONGEST:
        raise InvalidInput(
            "The outcome, its grounds or the note cannot be taken.",
            f"Choose grounds that carry the outcome, and at most {_LONGEST} characters.",
        )
    _put(
        change.connection,
        review.id,
        outcome=outcome.value,
        grounds=grounds.value,
        note=note,
        reviewed_by=str(change.actor),
        reviewed_at=change.now,
        taken_by=None,
        taken_until=None,
    )
    change.record(Action.REVIEW_DONE, review.case_id, review=review.id, decision=review.decision_id)


def load(connection: sa.Connection, review_id: str, *, locked: bool = False) -> SecondReview:
    """Return one review. Raises `NotFound`."""
    query = sa.select(second_reviews).where(second_reviews.c.id == review_id)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise NotFound("There is no such review.", "Check the identifier.")
    return _review(row)


def waiting(connection: sa.Connection, person: Actor, now: datetime) -> list[SecondReview]:
    """Return what a person can review, the oldest first: nothing they decided, nothing undone."""
    mine = decisions.alias("mine")
    query = (
        sa.select(second_reviews)
        .join(decisions, decisions.c.id == second_reviews.c.decision_id)
        .where(
            second_reviews.c.outcome.is_(None),
            decisions.c.undone_at.is_(None),
            sa.or_(decisions.c.leaves_at.is_(None), decisions.c.leaves_at <= now),
            ~sa.exists().where(
                mine.c.case_id == second_reviews.c.case_id, mine.c.decided_by == str(person)
            ),
        )
        .order_by(second_reviews.c.drawn_at, second_reviews.c.id)
        .limit(100)
    )
    return [_review(row) for row in connection.execute(query)]


def pairs(connection: sa.Connection, newest: int = 1000) -> list[Pair]:
    """Return the newest cases that were judged twice, newest first."""
    query = (
        sa.select(second_reviews, decisions.c.outcome.label("first"), decisions.c.decided_by)
        .join(decisions, decisions.c.id == second_reviews.c.decision_id)
        .where(second_reviews.c.outcome.is_not(None), decisions.c.undone_at.is_(None))
        .order_by(second_reviews.c.reviewed_at.desc(), second_reviews.c.id.desc())
        .limit(newest)
    )
    return [Pair(_review(row), row.first, row.decided_by) for row in connection.execute(query)]


def _put(connection: sa.Connection, review_id: str, **values: object) -> None:
    connection.execute(
        second_reviews.update().where(second_reviews.c.id == review_id).values(**values)
    )


def _review(row: sa.Row[tuple[object, ...]]) -> SecondReview:
    return SecondReview(
        row.id,
        row.decision_id,
        row.case_id,
        row.drawn_at,
        row.taken_by,
        row.taken_until,
        Outcome(row.outcome) if row.outcome else None,
        Grounds(row.grounds) if row.grounds else None,
        row.note,
        row.reviewed_by,
        row.reviewed_at,
    )
