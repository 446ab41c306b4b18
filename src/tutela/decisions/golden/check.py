"""A golden check: one benign picture posed as a case, for one person, in a table of its own.

This is the one place that writes it, and it writes nothing else: no row of a case, an item, a
decision, an order, a duty or a referral is ever made of a check, so nothing can follow from one
(docs/decisions/0028). `make check` keeps this package from importing what has effects.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.cases.case import Case, CaseKind, CaseState
from tutela.cases.priority import Reason, ranked
from tutela.cases.queue import LEASE
from tutela.decisions.decision import Grounds, Outcome
from tutela.decisions.golden.posing import Pose
from tutela.errors import Conflict, NotFound
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.audit.entry import Actor
    from tutela.audit.log import Change
    from tutela.decisions.golden.material import Picture

golden_checks = sa.Table(
    "golden_checks",
    metadata,
    # Looks like a case's and an item's, and is in neither table.
    sa.Column("id", Id, primary_key=True),
    sa.Column("item_id", Id, nullable=False, unique=True),
    # No foreign key: a set can be taken out, what was answered stays.
    sa.Column("picture_id", Id, nullable=False),
    sa.Column("set_name", sa.String(80), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("teaches", sa.String(300), nullable=False),
    sa.Column("enough", sa.String(16), nullable=False),
    sa.Column("person", sa.String(80), nullable=False),
    sa.Column("posed", sa.Text, nullable=False),
    sa.Column("typed", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("lease", sa.String(40)),
    sa.Column("leased_until", Instant),
    sa.Column("dealt_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("outcome", sa.String(16)),
    sa.Column("grounds", sa.String(40)),
    sa.Column("viewed_at", sa.String(16)),
    sa.Index("ix_golden_checks_person_state", "person", "state"),
    sa.Index("ix_golden_checks_state_ended_at", "state", "ended_at"),
)

RIGHT = Outcome.NOT_ABUSIVE
"""The answer to every check: benign is all that a check can be."""


class CheckState(StrEnum):
    """What became of a check."""

    OPEN = "open"
    ANSWERED = "answered"
    PASSED_ON = "passed_on"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one person. `viewed_at`: the highest rung at which they saw it."""

    id: str
    item_id: str
    picture_id: str
    set_name: str
    teaches: str
    enough: str
    person: str
    pose: Pose
    typed: Mapping[str, str]
    state: CheckState
    lease: str | None
    leased_until: datetime | None
    dealt_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    grounds: Grounds | None
    viewed_at: str | None

    @property
    def right(self) -> bool | None:
        """Say whether the answer is the known one; None where none was given."""
        return None if self.outcome is None else self.outcome is RIGHT

    @property
    def case(self) -> Case:
        """Return it as the case that its page shows."""
        reasons = (Reason.NEAR,)
        opened = self.pose.opened_at
        return Case(
            self.id,
            CaseState.OPEN,
            CaseKind.NEAR,
            self.pose.account,
            opened,
            1,
            self.person if self.lease else None,
            self.lease,
            self.leased_until,
            None,
            reasons,
            ranked(opened, reasons),
        )


def deal(change: Change, picture: Picture, posed: Pose) -> Check:
    """Give the person who acts a check, held as a case would be."""
    identity = new_id("cas", change.now)
    change.connection.execute(
        golden_checks.insert().values(
            id=identity,
            item_id=new_id("itm", change.now),
            picture_id=picture.id,
            set_name=picture.set_name,
            sha256=picture.sha256,
            teaches=picture.teaches,
            enough=picture.enough,
            person=str(change.actor),
            posed=json.dumps(asdict(posed), default=datetime.isoformat),
            typed="{}",
            state=CheckState.OPEN.value,
            lease=secrets.token_hex(16),
            leased_until=change.now + LEASE,
            dealt_at=change.now,
        )
    )
    change.record(Action.GOLDEN_DEALT, identity, set=picture.set_name)
    return load(change.connection, identity, change.actor)


def hold(connection: sa.Connection, check: Check, now: datetime) -> None:
    """Lengthen the person's hold on an open check, or begin it anew."""
    token = check.lease or secrets.token_hex(16)
    _put(connection, check.id, lease=token, leased_until=now + LEASE)


def give_back(connection: sa.Connection, check: Check) -> None:
    """End the person's hold; the check is offered to them again."""
    _put(connection, check.id, lease=None, leased_until=None)


def keep(connection: sa.Connection, check: Check, fields: Mapping[str, str]) -> None:
    """Keep what was typed, until the check ends."""
    _put(connection, check.id, typed=json.dumps(dict(fields)))


def answer(
    change: Change, check: Check, outcome: Outcome, grounds: Grounds, viewed_at: str
) -> None:
    """Keep what the person found. The log says that they answered, and never whether rightly."""
    _end(
        change,
        check,
        CheckState.ANSWERED,
        outcome=outcome.value,
        grounds=grounds.value,
        viewed_at=viewed_at,
    )
    change.record(Action.GOLDEN_ANSWERED, check.id, set=check.set_name)


def pass_on(change: Change, check: Check, way: str) -> None:
    """End a check that the person skipped, handed over or escalated: nobody else gets it."""
    _end(change, check, CheckState.PASSED_ON)
    change.record(Action.GOLDEN_PASSED_ON, check.id, set=check.set_name, way=way)


def withdraw(change: Change, check: Check, why: str) -> None:
    """End a check that nobody answered."""
    _end(change, check, CheckState.WITHDRAWN)
    change.record(Action.GOLDEN_WITHDRAWN, check.id, set=check.set_name, why=why)


def exists(connection: sa.Connection, check_id: str) -> bool:
    """Say whether an id is a check's."""
    query = sa.select(golden_checks.c.id).where(golden_checks.c.id == check_id)
    return connection.execute(query).first() is not None


def load(connection: sa.Connection, check_id: str, person: Actor, *, locked: bool = False) -> Check:
    """Return a person's own check. Raises `NotFound` as for a case that there is not."""
    query = sa.select(golden_checks).where(golden_checks.c.id == check_id)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None or row.person != str(person):
        raise NotFound("There is no such case.", "Check the identifier.")
    return _check(row)


def open_of(connection: sa.Connection, person: Actor) -> Check | None:
    """Return the check that a person has not ended."""
    columns = golden_checks.c
    query = sa.select(golden_checks).where(
        columns.person == str(person), columns.state == CheckState.OPEN.value
    )
    row = connection.execute(query.order_by(columns.dealt_at, columns.id)).first()
    return None if row is None else _check(row)


def open_in(connection: sa.Connection, set_name: str) -> tuple[Check, ...]:
    """Return the checks of a set that are not ended, locked."""
    columns = golden_checks.c
    query = sa.select(golden_checks).where(
        columns.set_name == set_name, columns.state == CheckState.OPEN.value
    )
    return tuple(_check(row) for row in connection.execute(query.with_for_update()))


def of_item(connection: sa.Connection, item_id: str) -> Check | None:
    """Return the check that shows an item."""
    row = connection.execute(
        sa.select(golden_checks).where(golden_checks.c.item_id == item_id)
    ).first()
    return None if row is None else _check(row)


def digests_of(person: Actor) -> sa.Select[tuple[str]]:
    """Select what a person was dealt already: nobody gets a picture twice."""
    return sa.select(golden_checks.c.sha256).where(golden_checks.c.person == str(person))


def count_of(connection: sa.Connection, person: Actor) -> int:
    """Return how many checks a person was dealt."""
    query = sa.select(sa.func.count()).where(golden_checks.c.person == str(person))
    return connection.execute(query).scalar_one()


def ended_of(connection: sa.Connection, person: Actor, newest: int) -> tuple[Check, ...]:
    """Return a person's own checks that ended, newest first."""
    columns = golden_checks.c
    query = (
        sa.select(golden_checks)
        .where(columns.person == str(person), columns.state == CheckState.ANSWERED.value)
        .order_by(columns.ended_at.desc(), columns.id.desc())
        .limit(newest)
    )
    return tuple(_check(row) for row in connection.execute(query))


def answers(
    connection: sa.Connection, since: datetime, until: datetime
) -> tuple[tuple[str, bool], ...]:
    """Return who answered and whether rightly, in a time. For counting only."""
    columns = golden_checks.c
    query = sa.select(columns.person, columns.outcome).where(
        columns.state == CheckState.ANSWERED.value,
        columns.ended_at >= since,
        columns.ended_at < until,
    )
    return tuple((row.person, row.outcome == RIGHT.value) for row in connection.execute(query))


def _end(change: Change, check: Check, state: CheckState, **values: object) -> None:
    if check.state is not CheckState.OPEN:
        raise Conflict("This was a check, and it is over.", "Take the next case.")
    _put(
        change.connection,
        check.id,
        state=state.value,
        ended_at=change.now,
        lease=None,
        leased_until=None,
        typed="{}",
        **values,
    )


def _put(connection: sa.Connection, check_id: str, **values: object) -> None:
    connection.execute(
        golden_checks.update().where(golden_checks.c.id == check_id).values(**values)
    )


def _check(row: sa.Row[tuple[object, ...]]) -> Check:
    posed = json.loads(row.posed)
    posed["opened_at"] = datetime.fromisoformat(posed["opened_at"])
    posed["labels"] = tuple(posed["labels"])
    return Check(
        row.id,
        row.item_id,
        row.picture_id,
        row.set_name,
        row.teaches,
        row.enough,
        row.person,
        Pose(**posed),
        json.loads(row.typed),
        CheckState(row.state),
        row.lease,
        row.leased_until,
        row.dealt_at,
        row.ended_at,
        Outcome(row.outcome) if row.outcome else None,
        Grounds(row.grounds) if row.grounds else None,
        row.viewed_at,
    )
