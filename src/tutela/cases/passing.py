"""Passing a case on: what a person does with one besides deciding it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.errors import InvalidInput
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.log import Change

_LENGTH = 3000


class Way(StrEnum):
    """How a case was passed on."""

    SKIPPED = "skipped"
    HANDED_OVER = "handed_over"
    SECOND_OPINION = "second_opinion"
    ESCALATED = "escalated"


passings = sa.Table(
    "case_passings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("way", sa.String(16), nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("to", sa.String(80)),
    sa.Column("said", sa.String(_LENGTH), nullable=False),
    sa.Column("at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Passing:
    """One case passed on: by whom, to whom where somebody was named, and what was said."""

    way: Way
    by: str
    to: str | None
    said: str
    at: datetime


def write(change: Change, case_id: str, way: Way, said: str, to: str | None = None) -> None:
    """Put a passing on record in the caller's change. Raises `InvalidInput` for a long text."""
    if len(said) > _LENGTH:
        raise InvalidInput("What you say is too long.", f"Use at most {_LENGTH} characters.")
    change.connection.execute(
        passings.insert().values(
            id=new_id("pas", change.now),
            case_id=case_id,
            way=way.value,
            by=str(change.actor),
            to=to,
            said=said,
            at=change.now,
        )
    )


def of_case(connection: sa.Connection, case_id: str) -> tuple[Passing, ...]:
    """Return how a case was passed on, oldest first."""
    query = (
        sa.select(passings)
        .where(passings.c.case_id == case_id)
        .order_by(passings.c.at, passings.c.id)
    )
    return tuple(
        Passing(Way(row.way), row.by, row.to, row.said, row.at) for row in connection.execute(query)
    )


def let_pass_by(actor: str, case: sa.FromClause) -> sa.Exists:
    """Select the cases that this person has skipped or asked another's opinion of."""
    return sa.exists().where(
        passings.c.case_id == case.c.id,
        passings.c.by == actor,
        passings.c.way.in_((Way.SKIPPED.value, Way.SECOND_OPINION.value)),
    )
