"""Who looked at what, how closely and for how long.

A picture reaches a person only through a grant: asked for, of one fidelity, for one file, once,
for seconds. What was granted and shown is the viewing record, and the only source of what a
referral says was viewed (docs/decisions/0006).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor, Detail
from tutela.cases import strip
from tutela.cases.availability import Availability
from tutela.cases.guard import nobody_stops
from tutela.cases.rendering import Rung, render
from tutela.content import item as items_on_record
from tutela.errors import InvalidInput, NotFound, Refused
from tutela.evidence.vault import Purpose
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tutela.audit.log import AuditLog
    from tutela.cases.guard import Guard
    from tutela.cases.rendering import Smaller
    from tutela.cases.strip import Frames
    from tutela.content.item import Item
    from tutela.evidence.vault import Vault

views = sa.Table(
    "views",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, nullable=False, index=True),
    sa.Column("item_id", Id, nullable=False, index=True),
    sa.Column("person", sa.String(80), nullable=False),
    sa.Column("fidelity", sa.String(16), nullable=False),
    sa.Column("purpose", sa.String(200), nullable=False),
    sa.Column("granted_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Column("shown_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("moment", sa.BigInteger),
    sa.Index("ix_views_person_shown_at", "person", "shown_at"),
)

GRANT = timedelta(seconds=30)
_PURPOSE_LENGTH = 200


class Fidelity(StrEnum):
    """The rungs of the ladder, from nothing but facts up to the whole picture.

    `reveal` is the ground of `tiny`, on which tiles are granted one by one (cases/tiles.py).
    """

    FACTS = "facts"
    SKETCH = "sketch"
    TINY = "tiny"
    REVEAL = "reveal"
    LARGER = "larger"
    COLOUR = "colour"
    ORIGINAL = "original"

    @property
    def rank(self) -> int:
        """Return the rung's place, 0 for facts."""
        return list(Fidelity).index(self)

    @property
    def needs_purpose(self) -> bool:
        """Say whether a person must say why: from `larger` up."""
        return self.rank >= Fidelity.LARGER.rank

    @property
    def counts_as_viewed(self) -> bool:
        """Say whether a referral may call the file viewed: from `colour` up."""
        return self.rank >= Fidelity.COLOUR.rank


class Denial(StrEnum):
    """Why a picture that was asked for is not shown."""

    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    USED = "used"
    OVER = "over"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to see one file once, at one fidelity, until an instant."""

    id: str
    item_id: str
    fidelity: Fidelity
    until: datetime


@dataclass(frozen=True, slots=True)
class View:
    """One viewing that took place. `seconds` is at most the grant's length.

    `in_part`: frames of a film were seen, which is never the whole of it.
    """

    item_id: str
    person: str
    fidelity: Fidelity
    purpose: str
    at: datetime
    seconds: int
    in_part: bool = False

    @property
    def counts_as_viewed(self) -> bool:
        """Say whether a referral may call the file viewed for this."""
        return self.fidelity.counts_as_viewed and not self.in_part


class Beside(Protocol):
    """What is looked at beside evidence, and counts as a look all the same: golden checks."""

    def shows(self, connection: sa.Connection, actor: Actor, case_id: str, item_id: str) -> bool:
        """Say whether this person may look at this one now."""
        ...

    def data(self, connection: sa.Connection, item_id: str) -> bytes | None:
        """Return the bytes; None: the item is evidence."""
        ...


class Viewing:
    """Grants, renders and remembers views."""

    def __init__(
        self,
        audit: AuditLog,
        vault: Vault,
        smaller: Smaller,
        guard: Guard = nobody_stops,
        frames: Frames | None = None,
        beside: Beside | None = None,
    ) -> None:
        self._audit = audit
        self._guard = guard
        self._beside = beside
        self._smaller = smaller
        self._frames = frames
        self.availability = Availability(audit, vault, smaller)

    def grant(
        self,
        actor: Actor,
        case_id: str,
        item_id: str,
        fidelity: Fidelity,
        purpose: str = "",
        moment: int | None = None,
    ) -> Grant:
        """Give leave to see one file: of a film the strip, or the frame shown at `moment`.

        Raises `InvalidInput` without a purpose where one is due.
        """
        _checked(fidelity, purpose)
        with self._audit.change(actor) as change:
            self._guard(change.connection, actor, change.now)
            beside = self._beside
            if beside is not None and beside.shows(change.connection, actor, case_id, item_id):
                # A picture of one moment: whatever else is asked for, there is none.
                of = None
            else:
                of = strip.checked(_file(change.connection, case_id, item_id), moment)
            grant = Grant(new_id("viw", change.now), item_id, fidelity, change.now + GRANT)
            change.connection.execute(
                views.insert().values(
                    id=grant.id,
                    case_id=case_id,
                    item_id=item_id,
                    person=str(actor),
                    fidelity=fidelity.value,
                    purpose=purpose,
                    granted_at=change.now,
                    until=grant.until,
                    moment=of,
                )
            )
            told: dict[str, Detail] = {"item": item_id, "view": grant.id}
            told |= {"fidelity": fidelity.value}
            if moment is not None and of is not None:
                told["moment"] = moment
            change.record(Action.VIEW_GRANTED, case_id, by=None, **told)
        return grant

    def render(self, actor: Actor, grant_id: str, watermark: str) -> bytes:
        """Return the granted rendering as PNG, once. `watermark` names the viewer.

        Raises `Refused`, recorded, when the grant is another's, used or over; `InvalidInput` when
        the evidence cannot be shown as a picture, and what opening it raises.
        """
        now = self._audit.clock()
        with self._audit.database.bookkeeping() as connection:
            row = connection.execute(
                sa.select(views).where(views.c.id == grant_id).with_for_update()
            ).first()
            why = _why_not(row, actor, now)
            if row is not None and why is None:
                connection.execute(views.update().where(views.c.id == grant_id).values(used_at=now))
        if row is None or why is not None:
            raise self.refused(actor, row, why or Denial.UNKNOWN)
        stamp, rung = f"{watermark} {now:%Y-%m-%d %H:%M:%S}Z", Rung(row.fidelity)
        draw = partial(self._draw, row.moment, rung, stamp)
        picture = self.drawn(actor, row.item_id, draw)
        # Only what could be drawn is a view; written before the bytes leave this function.
        with self._audit.database.bookkeeping() as connection:
            connection.execute(
                views.update().where(views.c.id == grant_id).values(shown_at=self._audit.clock())
            )
        return picture

    def _draw(
        self, moment: int | None, rung: Rung, stamp: str, item: Item | None, data: bytes
    ) -> bytes:
        if item is None or moment is None or self._frames is None:
            return render(data, rung, stamp, self._smaller)
        return strip.render(data, item, moment, rung, stamp, self._frames)

    def drawn(
        self, actor: Actor, item_id: str, draw: Callable[[Item | None, bytes], bytes]
    ) -> bytes:
        """Return what `draw` makes of a file's bytes; its item is None where it is no evidence.

        Raises what opening them does.
        """
        with self._audit.database.reading() as connection:
            data = self._beside.data(connection, item_id) if self._beside else None
            item = None if data is not None else items_on_record.load(connection, item_id)
        if item is None:
            return draw(None, data or b"")
        return self.availability.drawn(actor, item, Purpose.REVIEW, partial(draw, item))

    def end(self, actor: Actor, grant_id: str) -> None:
        """Record that the picture is hidden again. Ending what is over is no error."""
        with self._audit.database.reading() as connection:
            row = connection.execute(sa.select(views).where(views.c.id == grant_id)).first()
        if row is not None and row.person != str(actor):
            raise self.refused(actor, row, Denial.FOREIGN)
        if row is None or row.ended_at or not row.shown_at:
            return
        with self._audit.change(actor) as change:
            ended = min(change.now, row.until)
            change.connection.execute(
                views.update().where(views.c.id == grant_id).values(ended_at=ended)
            )
            change.record(
                Action.VIEW_ENDED,
                row.case_id,
                item=row.item_id,
                view=grant_id,
                seconds=_seconds(row.shown_at, ended),
            )

    def refused(self, actor: Actor, row: sa.Row[Any] | None, why: Denial) -> Refused:
        """Record that somebody was not shown what they asked for, and return the error."""
        if row is not None:
            self._audit.note(
                actor,
                Action.VIEW_REFUSED,
                row.case_id,
                view=row.id,
                item=row.item_id,
                why=why.value,
            )
        else:
            # What was sent as an identifier may be anything, and is not kept.
            self._audit.note(actor, Action.VIEW_REFUSED, actor.id, why=why.value)
        return Refused("This leave to look is used or over.", "Ask for it again.")

    def of_case(self, case_id: str) -> tuple[View, ...]:
        """Return what was seen of a case's files, oldest first."""
        with self._audit.database.reading() as connection:
            return of_case(connection, case_id)


def of_case(connection: sa.Connection, case_id: str) -> tuple[View, ...]:
    """Return what was seen of a case's files, oldest first; grants never used are no views."""
    return _seen(connection, views.c.case_id == case_id)


def of_members(connection: sa.Connection, case_id: str) -> tuple[View, ...]:
    """Return what was seen of the files that are in a case now, in whatever case they were then."""
    mine = sa.select(items_on_record.items.c.id).where(items_on_record.items.c.case_id == case_id)
    return _seen(connection, views.c.item_id.in_(mine))


def _seen(connection: sa.Connection, where: sa.ColumnElement[bool]) -> tuple[View, ...]:
    query = (
        sa.select(views)
        .where(where, views.c.shown_at.is_not(None))
        .order_by(views.c.shown_at, views.c.id)
    )
    return tuple(
        View(
            row.item_id,
            row.person,
            Fidelity(row.fidelity),
            row.purpose,
            row.shown_at,
            _seconds(row.shown_at, row.ended_at or row.until),
            row.moment is not None,
        )
        for row in connection.execute(query)
    )


def viewed(record: Iterable[View], item_id: str, before: datetime) -> bool:
    """Say whether a person saw the file closely enough, in time, to call it viewed."""
    return any(
        view.item_id == item_id and view.counts_as_viewed and view.at <= before for view in record
    )


def viewed_in_part(record: Iterable[View], item_id: str, before: datetime) -> bool:
    """Say whether a person saw frames of a film as closely as a file that is called viewed."""
    return any(
        view.item_id == item_id
        and view.in_part
        and view.fidelity.counts_as_viewed
        and view.at <= before
        for view in record
    )


def _why_not(row: sa.Row[Any] | None, actor: Actor, now: datetime) -> Denial | None:
    if row is None:
        return Denial.UNKNOWN
    if row.person != str(actor):
        return Denial.FOREIGN
    if row.used_at:
        return Denial.USED
    return Denial.OVER if row.until <= now else None


def _file(connection: sa.Connection, case_id: str, item_id: str) -> Item:
    item = items_on_record.load(connection, item_id)
    if item.case_id != case_id or item.evidence_id is None:
        raise NotFound("This case has no such file.", "Open the file from its own case.")
    return item


def _checked(fidelity: Fidelity, purpose: str) -> None:
    if fidelity is Fidelity.FACTS:
        raise InvalidInput("Facts need no leave to look.", "Ask for `sketch` or higher.")
    if fidelity.needs_purpose and not purpose.strip():
        raise InvalidInput("Looking this closely needs a purpose.", "Say in a few words why.")
    if len(purpose) > _PURPOSE_LENGTH:
        raise InvalidInput("The purpose is too long.", f"Use at most {_PURPOSE_LENGTH} characters.")


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds()))
