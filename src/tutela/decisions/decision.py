"""A decision: outcome, observed facts, grounds, by whom, and how much was viewed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.availability import Trouble
from tutela.content.notice import Circumstance, Harm
from tutela.decisions.labels import Age, Conduct, Feature, Observed, Subject
from tutela.decisions.reach import Reach, range_of
from tutela.errors import Conflict, InvalidInput, NotFound, Refused
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.entry import Actor
    from tutela.audit.log import Change

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("observed", sa.JSON, nullable=False),
    sa.Column("grounds", sa.String(40), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("urgent_reason", sa.String(3000)),
    sa.Column("decided_by", sa.String(80), nullable=False),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Column("viewed_at", sa.String(16), nullable=False),
    sa.Column("covers", sa.Integer, nullable=False),
    sa.Column("reverses", Id),
    sa.Column("harm", sa.String(24), nullable=False),
    sa.Column("circumstances", sa.JSON, nullable=False),
    sa.Column("reaches", sa.JSON, nullable=False),
    sa.Column("rests_on", sa.JSON, nullable=False),
    # Nothing of it leaves before; until then who decided can undo it.
    sa.Column("leaves_at", Instant),
    sa.Column("undone_at", Instant),
    sa.Index("ix_decisions_decided_by_leaves_at", "decided_by", "leaves_at"),
)

_NOTE_LENGTH = 4000
_URGENT_LENGTH = 3000


class Outcome(StrEnum):
    """What the person found."""

    ABUSIVE = "abusive"
    NOT_ABUSIVE = "not_abusive"


class Grounds(StrEnum):
    """What the finding rests on."""

    LISTED_COPY = "listed_copy"
    VIEWED = "viewed"
    CONTEXT = "context"
    DECIDED_BEFORE = "decided_before"
    WRONG_MATCH = "wrong_match"
    LAWFUL_CONTENT = "lawful_content"
    UNREADABLE_BUT_HARMLESS = "unreadable_but_harmless"


GROUNDS_FOR = {
    Outcome.ABUSIVE: (
        Grounds.LISTED_COPY,
        Grounds.VIEWED,
        Grounds.CONTEXT,
        Grounds.DECIDED_BEFORE,
    ),
    Outcome.NOT_ABUSIVE: (
        Grounds.WRONG_MATCH,
        Grounds.LAWFUL_CONTENT,
        Grounds.UNREADABLE_BUT_HARMLESS,
        Grounds.DECIDED_BEFORE,
    ),
}


_UNSEEN = {Grounds.LISTED_COPY, Grounds.DECIDED_BEFORE}
"""The grounds of who did not look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person puts into the form. `urgent_reason` set means a child in danger now.

    `harm` and `circumstances`: what the incident is, for the authority.
    """

    outcome: Outcome
    grounds: Grounds
    observed: Observed = field(default_factory=Observed)
    note: str = ""
    urgent_reason: str | None = None
    harm: Harm = Harm.DEPICTION
    circumstances: tuple[Circumstance, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on record. `covers` items were decided; `viewed_at` is the highest rung.

    `reaches`: the clusters it covers. `rests_on`: the earlier decisions that are its grounds.
    `leaves_at`: nothing of it leaves before; none: it left at once.
    """

    id: str
    case_id: str
    outcome: Outcome
    observed: Observed
    grounds: Grounds
    note: str
    urgent_reason: str | None
    decided_by: str
    decided_at: datetime
    viewed_at: str
    covers: int
    reverses: str | None
    harm: Harm = Harm.DEPICTION
    circumstances: tuple[Circumstance, ...] = ()
    reaches: tuple[Reach, ...] = ()
    rests_on: tuple[str, ...] = ()
    leaves_at: datetime | None = None

    @property
    def finding(self) -> Finding:
        """Return what was found, as its maker put it."""
        return Finding(
            self.outcome,
            self.grounds,
            self.observed,
            self.note,
            self.urgent_reason,
            self.harm,
            self.circumstances,
        )


@dataclass(frozen=True, slots=True)
class Bearing:
    """What bears on the finding of a case.

    `matched`: a list entry matched. `copies`: every file is the very bytes of a listed one, or
    is near one and the decider saw it. `trusted`: and each of a list that may be believed.
    `viewed`: the decider saw a file at `colour` or higher. `troubles`: what keeps files from being
    looked at. `before`: everything in the case is like what was decided so earlier.
    """

    matched: bool
    copies: bool
    trusted: bool
    viewed: bool
    troubles: frozenset[Trouble] = frozenset()
    before: bool = False


def checked(finding: Finding, bearing: Bearing) -> Finding:
    """Return the finding if it holds together, or raise `InvalidInput` naming what to change."""
    if finding.grounds not in GROUNDS_FOR[finding.outcome]:
        raise InvalidInput(
            "These grounds do not carry this outcome.",
            f"Choose one of: {', '.join(GROUNDS_FOR[finding.outcome])}.",
        )
    if finding.grounds is Grounds.LISTED_COPY:
        _check_copies(bearing)
    if finding.outcome is Outcome.NOT_ABUSIVE:
        _check_seeable(finding, bearing.troubles)
    if finding.grounds is Grounds.VIEWED and not bearing.viewed:
        raise InvalidInput(
            "The grounds say viewed, but no file was opened in colour.",
            "Look at a file in colour first, or choose other grounds.",
        )
    if finding.grounds is Grounds.DECIDED_BEFORE and not bearing.before:
        raise InvalidInput(
            "Not all of the case is like what was decided so before.",
            "Split off what is unlike it, or look and choose other grounds.",
        )
    if finding.observed.said_by == "reviewer" and finding.grounds in _UNSEEN:
        raise InvalidInput(
            "Facts observed by a reviewer need viewing as grounds.",
            "Choose the grounds viewed, or leave the facts to the list or the earlier decision.",
        )
    if len(finding.note) > _NOTE_LENGTH or len(finding.urgent_reason or "") > _URGENT_LENGTH:
        raise InvalidInput(
            "The note or the reason for urgency is too long.",
            f"Use at most {_NOTE_LENGTH} and {_URGENT_LENGTH} characters.",
        )
    return finding


def _check_copies(bearing: Bearing) -> None:
    """Unseen, only the very bytes of a believed list's file are a copy of it."""
    if not bearing.matched:
        raise InvalidInput(
            "Nothing in this case matched a list.", "Choose other grounds than a listed copy."
        )
    if not bearing.copies:
        raise InvalidInput(
            "A file of this case is only near a listed one and you have not seen it, or it is on "
            "no list.",
            "Look at it, tiny or closer, or choose other grounds.",
        )
    if not bearing.trusted:
        raise InvalidInput(
            "No list that matched can be believed unseen: it is switched off, removed, was found "
            "wrong too often, or its policy asks for a look.",
            "Look at a file in colour and choose the grounds viewed, or choose other grounds.",
        )


def _check_seeable(finding: Finding, troubles: frozenset[Trouble]) -> None:
    """What nobody can look at is not found harmless for that."""
    unreadable = finding.grounds is Grounds.UNREADABLE_BUT_HARMLESS
    if unreadable and not finding.note.strip():
        raise InvalidInput(
            "Harmless though unreadable needs a note.", "Say in the note what that rests on."
        )
    if troubles - {Trouble.UNDRAWABLE}:
        raise InvalidInput(
            "Evidence of this case is unavailable: nobody can find it harmless unseen.",
            "Have it mended and check it again; the file stays held meanwhile.",
        )
    if troubles and not unreadable:
        raise InvalidInput(
            "A file of this case cannot be drawn: nobody can find its content harmless by a look.",
            "Check it again, or choose the grounds unreadable but harmless and say why in a note.",
        )


def record(
    change: Change,
    case_id: str,
    finding: Finding,
    *,
    covers: int,
    viewed_at: str,
    reverses: str | None = None,
    reaches: tuple[Reach, ...] = (),
    rests_on: tuple[str, ...] = (),
    leaves_at: datetime | None = None,
) -> Decision:
    """Put a decision on record in the caller's change."""
    decision = Decision(
        new_id("dec", change.now),
        case_id,
        finding.outcome,
        finding.observed,
        finding.grounds,
        finding.note,
        finding.urgent_reason,
        str(change.actor),
        change.now,
        viewed_at,
        covers,
        reverses,
        finding.harm,
        finding.circumstances,
        reaches,
        rests_on,
        leaves_at,
    )
    nearest, farthest = range_of(reaches)
    change.connection.execute(decisions.insert().values(**asdict(decision)))
    change.record(
        Action.CASE_REVERSED if reverses else Action.CASE_DECIDED,
        case_id,
        decision=decision.id,
        outcome=finding.outcome.value,
        grounds=finding.grounds.value,
        covers=covers,
        viewed_at=viewed_at,
        clusters=len(reaches),
        nearest=nearest,
        farthest=farthest,
        rests_on=list(rests_on),
    )
    return decision


def of_case(connection: sa.Connection, case_id: str) -> list[Decision]:
    """Return the decisions of a case, oldest first; the last one stands. Undone ones are none."""
    query = (
        sa.select(decisions)
        .where(decisions.c.case_id == case_id, decisions.c.undone_at.is_(None))
        .order_by(decisions.c.decided_at, decisions.c.id)
    )
    return [_decision(row) for row in connection.execute(query)]


def parts_in(connection: sa.Connection, case_id: str) -> frozenset[str]:
    """Return who ever decided a case, those who undid it as well."""
    query = sa.select(decisions.c.decided_by).where(decisions.c.case_id == case_id)
    return frozenset(connection.execute(query).scalars())


def undoable(connection: sa.Connection, actor: Actor, now: datetime) -> list[Decision]:
    """Return the decisions that this person can still undo, the newest first."""
    query = (
        sa.select(decisions)
        .where(
            decisions.c.decided_by == str(actor),
            decisions.c.leaves_at > now,
            decisions.c.undone_at.is_(None),
        )
        .order_by(decisions.c.decided_at.desc(), decisions.c.id.desc())
    )
    return [_decision(row) for row in connection.execute(query)]


def undo(change: Change, decision: Decision) -> None:
    """Mark a decision undone by the one who made it, while nothing of it has left.

    Raises `Refused`, `Conflict`.
    """
    if decision.decided_by != str(change.actor):
        raise Refused("Another person decided this.", "Reverse the decision instead.")
    if decision.leaves_at is None or decision.leaves_at <= change.now:
        raise Conflict("The decision has left already.", "Reverse the decision instead.")
    change.connection.execute(
        decisions.update().where(decisions.c.id == decision.id).values(undone_at=change.now)
    )
    change.record(Action.CASE_UNDONE, decision.case_id, decision=decision.id)


def load(connection: sa.Connection, decision_id: str) -> Decision:
    """Return one decision. Raises `NotFound`."""
    row = connection.execute(sa.select(decisions).where(decisions.c.id == decision_id)).first()
    if row is None:
        raise NotFound("There is no such decision.", "Check the identifier.")
    return _decision(row)


def _decision(row: sa.Row[tuple[object, ...]]) -> Decision:
    facts = row.observed
    return Decision(
        row.id,
        row.case_id,
        Outcome(row.outcome),
        Observed(
            Subject(facts["subject"]),
            Age(facts["age"]),
            Conduct(facts["conduct"]),
            facts["said_by"],
            tuple(Feature(one) for one in facts.get("features", ())),
        ),
        Grounds(row.grounds),
        row.note,
        row.urgent_reason,
        row.decided_by,
        row.decided_at,
        row.viewed_at,
        row.covers,
        row.reverses,
        Harm(row.harm),
        tuple(Circumstance(one) for one in row.circumstances),
        tuple(Reach(**one) for one in row.reaches),
        tuple(row.rests_on),
        row.leaves_at,
    )
