"""What a person has typed into a decision and not decided yet: kept until they decide.

One row for a person and a case. Each page of the form is a writer; a page that has not seen what
another one wrote must not write over it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases import case as cases_on_record
from tutela.content.notice import Circumstance
from tutela.decisions.labels import Feature
from tutela.errors import Overtaken
from tutela.storage.database import Id, Instant, metadata, serialise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.audit.entry import Actor
    from tutela.decisions.decision import Decision
    from tutela.storage.database import Database

_PLAIN = ("outcome", "grounds", "subject", "age", "conduct", "harm", "note", "urgent_reason")
NAMES = frozenset(_PLAIN) | {f"is_{one.value}" for kind in (Circumstance, Feature) for one in kind}
"""The fields of the decision's form that are kept."""
_LONGEST = {"note": 4000, "urgent_reason": 3000}
_LONGEST_WORD = 40

typed_decisions = sa.Table(
    "typed_decisions",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("person", sa.String(80), primary_key=True),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("writer", sa.String(40), nullable=False),
    sa.Column("stroke", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What is kept. `revision` counts what was written; `stroke` what this `writer` wrote."""

    fields: Mapping[str, str] = field(default_factory=dict)
    writer: str = ""
    stroke: int = 0
    revision: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the form: who writes, its how-manieth writing, and what it has seen."""

    writer: str
    stroke: int
    seen: int


def overtaken(kept: Typed, page: Page, fields: Mapping[str, str]) -> bool:
    """Say whether another page has written other words, which this one has not seen."""
    unseen = kept.writer != page.writer and kept.revision > page.seen
    return unseen and kept.fields != cut(fields)


def late(kept: Typed, page: Page) -> bool:
    """Say whether this page has written something newer already: messages can pass each other."""
    return kept.writer == page.writer and kept.stroke >= page.stroke


def of(connection: sa.Connection, case_id: str, person: Actor) -> Typed:
    """Return what a person has typed about a case so far."""
    row = connection.execute(sa.select(typed_decisions).where(_mine(case_id, person))).first()
    if row is None:
        return Typed()
    return Typed(json.loads(row.fields), row.writer, row.stroke, row.revision, row.at)


def keep(
    connection: sa.Connection,
    case_id: str,
    person: Actor,
    fields: Mapping[str, str],
    page: Page,
    now: datetime,
    *,
    over: bool = False,
) -> None:
    """Keep what a page holds. `over`: whatever another one wrote. Raises `Overtaken`."""
    serialise(connection, "typed", case_id, str(person))
    kept = of(connection, case_id, person)
    if not over and overtaken(kept, page, fields):
        raise Overtaken(
            "Other words were typed about this case on another page of yours.",
            "Choose which to keep; nothing was overwritten.",
        )
    if late(kept, page):
        return
    values = {
        "fields": json.dumps(cut(fields)),
        "writer": page.writer[:_LONGEST_WORD],
        "stroke": page.stroke,
        "revision": kept.revision + 1,
        "at": now,
    }
    if kept.at is None:
        connection.execute(
            typed_decisions.insert().values(case_id=case_id, person=str(person), **values)
        )
    else:
        connection.execute(typed_decisions.update().where(_mine(case_id, person)).values(**values))


def forget(connection: sa.Connection, case_id: str) -> None:
    """Delete what anybody has typed about a case: it is decided."""
    connection.execute(typed_decisions.delete().where(typed_decisions.c.case_id == case_id))


def as_typed(decision: Decision) -> dict[str, str]:
    """Return a decision as its form had it, to go on from where its maker was."""
    seen = decision.observed
    ticked = (*decision.circumstances, *seen.features)
    return {
        "outcome": decision.outcome.value,
        "grounds": decision.grounds.value,
        "subject": seen.subject.value,
        "age": seen.age.value,
        "conduct": seen.conduct.value,
        "harm": decision.harm.value,
        "note": decision.note,
        "urgent_reason": decision.urgent_reason or "",
        **{f"is_{one.value}": "1" for one in ticked},
    }


class TypedDecisions:
    """Keeps what people type, as they type it. No entry of the log: nothing is decided by it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, case_id: str, person: Actor) -> Typed:
        """Return what a person has typed about a case so far."""
        with self._database.reading() as connection:
            return of(connection, case_id, person)

    def keep(
        self,
        case_id: str,
        person: Actor,
        fields: Mapping[str, str],
        page: Page,
        now: datetime,
        *,
        over: bool = False,
    ) -> None:
        """Keep what a page holds. Raises `Overtaken`, `NotFound`."""
        with self._database.bookkeeping() as connection:
            cases_on_record.load(connection, case_id)
            keep(connection, case_id, person, fields, page, now, over=over)


def _mine(case_id: str, person: Actor) -> sa.ColumnElement[bool]:
    return (typed_decisions.c.case_id == case_id) & (typed_decisions.c.person == str(person))


def cut(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that are kept, none longer than it may be."""
    return {
        name: said[: _LONGEST.get(name, _LONGEST_WORD)]
        for name, said in fields.items()
        if name in NAMES
    }
