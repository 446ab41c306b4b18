"""Revealing: of a picture shown as `reveal`, one small tile at a time where the person points.

Each tile is asked for, recorded, drawn on the server and given once, within the view it belongs
to. So few of them are given that together they show less than half of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit.entry import Action, Actor, Detail
from tutela.cases.rendering import Spot, tile
from tutela.cases.viewing import Denial, Fidelity, Viewing, views
from tutela.errors import Conflict
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.audit.log import AuditLog
    from tutela.cases.rendering import Smaller

view_tiles = sa.Table(
    "view_tiles",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("view_id", Id, sa.ForeignKey("views.id"), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("across", sa.Integer, nullable=False),
    sa.Column("down", sa.Integer, nullable=False),
    sa.Column("granted_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Column("shown_at", Instant),
    sa.UniqueConstraint("view_id", "place"),
)

MOST_TILES = 8
"""With a twentieth of the picture each, two fifths of it at most."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Leave to see one tile once, while its view lasts. `left`: so many more may be asked for."""

    id: str
    view_id: str
    left: int


class Revealing:
    """Grants and draws tiles of the views of one instance."""

    def __init__(self, audit: AuditLog, viewing: Viewing, smaller: Smaller) -> None:
        self._audit = audit
        self._viewing = viewing
        self._smaller = smaller

    def ask(self, actor: Actor, view_id: str, spot: Spot) -> Tile:
        """Give leave to see the tile around a spot.

        Raises `Refused`, recorded, where the view is another's, over, or has had all its tiles;
        `Conflict` where it is not one of the rung `reveal`.
        """
        with self._audit.database.reading() as connection:
            row = connection.execute(sa.select(views).where(views.c.id == view_id)).first()
        why = _why_not(row, actor, self._audit.clock())
        if row is None or why is not None:
            raise self._viewing.refused(actor, row, why or Denial.UNKNOWN)
        if Fidelity(row.fidelity) is not Fidelity.REVEAL:
            raise Conflict("This rung has no tiles.", "Ask for the rung `reveal`.")
        with self._audit.change(actor) as change:
            # The view's row is the lock: two tiles asked for at once do not take one place.
            change.connection.execute(
                sa.select(views.c.id).where(views.c.id == view_id).with_for_update()
            )
            count = sa.select(sa.func.count()).where(view_tiles.c.view_id == view_id)
            place = change.connection.execute(count).scalar_one()
            spent = place >= MOST_TILES
            identity = new_id("til", change.now)
            if not spent:
                change.connection.execute(
                    view_tiles.insert().values(
                        id=identity,
                        view_id=view_id,
                        place=place,
                        across=spot.across,
                        down=spot.down,
                        granted_at=change.now,
                    )
                )
            action = Action.VIEW_REFUSED if spent else Action.VIEW_TILE_GRANTED
            told: dict[str, Detail] = {"why": Denial.SPENT.value} if spent else {"tile": identity}
            told |= {"item": row.item_id, "view": view_id}
            change.record(action, row.case_id, by=None, **told)
        if spent:
            raise _all_given()
        return Tile(identity, view_id, MOST_TILES - place - 1)

    def render(self, actor: Actor, view_id: str, tile_id: str, watermark: str) -> bytes:
        """Return a granted tile as PNG, once. Raises as `Viewing.render`."""
        now = self._audit.clock()
        with self._audit.database.bookkeeping() as connection:
            row = connection.execute(sa.select(views).where(views.c.id == view_id)).first()
            why = _why_not(row, actor, now)
            of_tile = sa.and_(view_tiles.c.id == tile_id, view_tiles.c.view_id == view_id)
            found = connection.execute(
                sa.select(view_tiles).where(of_tile).with_for_update()
            ).first()
            why = why or (Denial.UNKNOWN if found is None else None)
            why = why or (Denial.USED if found is not None and found.used_at else None)
            if row is not None and why is None:
                connection.execute(view_tiles.update().where(of_tile).values(used_at=now))
        if row is None or found is None or why is not None:
            raise self._viewing.refused(actor, row, why or Denial.UNKNOWN)
        spot, stamp = Spot(found.across, found.down), f"{watermark} {now:%Y-%m-%d %H:%M:%S}Z"
        picture = self._viewing.drawn(
            actor, row.item_id, lambda _, data: tile(data, spot, stamp, self._smaller)
        )
        with self._audit.database.bookkeeping() as connection:
            connection.execute(
                view_tiles.update().where(of_tile).values(shown_at=self._audit.clock())
            )
        return picture


def _why_not(row: sa.Row[Any] | None, actor: Actor, now: datetime) -> Denial | None:
    """Say why no tile may be had of a view: it must be this person's, and before their eyes."""
    if row is None:
        return Denial.UNKNOWN
    if row.person != str(actor):
        return Denial.FOREIGN
    before_their_eyes = row.shown_at and not row.ended_at and row.until > now
    return None if before_their_eyes else Denial.OVER


def _all_given() -> Conflict:
    return Conflict(
        f"All {MOST_TILES} tiles of this look were given.",
        "Look again, or ask for a higher rung.",
    )
