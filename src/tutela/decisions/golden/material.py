"""Golden material: sets of benign pictures whose right answer is known, kept apart from evidence.

The bytes are not sealed: they are harmless by construction (drawn here, or met by no list when a
lead put them in), and among the sealed objects they would share evidence's keys and its ends.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.audit.log import Change

MOST_PICTURES = 2000
"""In one set."""
EDGE = 1024
"""No side of a picture is kept longer."""
_TEACHES, _NAME = 300, 255

golden_pictures = sa.Table(
    "golden_pictures",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("set_name", sa.String(80), nullable=False),
    sa.Column("name", sa.String(_NAME), nullable=False),
    sa.Column("teaches", sa.String(_TEACHES), nullable=False),
    sa.Column("enough", sa.String(16), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("pdq", sa.String(64), nullable=False),
    sa.Column("quality", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("installed_at", Instant, nullable=False),
    sa.UniqueConstraint("set_name", "sha256"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """A benign picture to install. The right answer to each is: not abusive.

    `enough`: the rung that is enough to see it. `teaches`: what is said to who got it wrong.
    """

    name: str
    teaches: str
    enough: str
    sha256: str
    pdq: str
    quality: int
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is installed, without its bytes."""

    id: str
    set_name: str
    name: str
    teaches: str
    enough: str
    sha256: str
    pdq: str
    quality: int
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A set: its name, how many pictures it has, and since when."""

    name: str
    pictures: int
    since: datetime


def install(change: Change, name: str, pictures: Iterable[Known]) -> int:
    """Put a new set in. Raises `Conflict` where there is one of the name, `InvalidInput`."""
    if any(one.name == name for one in sets(change.connection)):
        raise Conflict(f"There is a set {name!r}.", "Remove it first, or use another name.")
    found = {one.sha256: one for one in pictures}
    if not 0 < len(found) <= MOST_PICTURES:
        raise InvalidInput(
            "The set has no picture, or too many.", f"Give between 1 and {MOST_PICTURES}."
        )
    change.connection.execute(
        golden_pictures.insert(),
        [
            {
                **asdict(one),
                "id": new_id("gol", change.now),
                "set_name": name,
                "name": one.name[:_NAME],
                "teaches": one.teaches[:_TEACHES],
                "installed_at": change.now,
            }
            for one in found.values()
        ],
    )
    change.record(Action.GOLDEN_INSTALLED, name, pictures=len(found))
    return len(found)


def remove(change: Change, name: str) -> None:
    """Take a set out, its bytes with it. Raises `NotFound`."""
    gone = change.connection.execute(
        golden_pictures.delete().where(golden_pictures.c.set_name == name)
    ).rowcount
    if not gone:
        raise NotFound("There is no such set.", "Look at the sets there are.")
    change.record(Action.GOLDEN_REMOVED, name, pictures=gone)


def sets(connection: sa.Connection) -> tuple[GoldenSet, ...]:
    """Return the sets that are installed, by name."""
    columns = golden_pictures.c
    query = (
        sa.select(columns.set_name, sa.func.count(), sa.func.min(columns.installed_at))
        .group_by(columns.set_name)
        .order_by(columns.set_name)
    )
    return tuple(GoldenSet(*row) for row in connection.execute(query))


def unseen(connection: sa.Connection, seen: sa.Select[tuple[str]]) -> tuple[str, ...]:
    """Return the pictures whose digest is not among those selected, in a fixed order."""
    query = (
        sa.select(golden_pictures.c.id)
        .where(golden_pictures.c.sha256.not_in(seen))
        .order_by(golden_pictures.c.id)
    )
    return tuple(connection.execute(query).scalars())


def load(connection: sa.Connection, picture_id: str) -> Picture:
    """Return one picture. Raises `NotFound`."""
    columns = golden_pictures.c
    facts = [columns[name] for name in Picture.__slots__ if name != "size"]
    query = sa.select(*facts, sa.func.length(columns.data)).where(columns.id == picture_id)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("There is no such picture.", "Look at the sets there are.")
    return Picture(*row)


def data(connection: sa.Connection, picture_id: str) -> bytes | None:
    """Return a picture's bytes; None where its set was taken out."""
    query = sa.select(golden_pictures.c.data).where(golden_pictures.c.id == picture_id)
    found: bytes | None = connection.execute(query).scalar()
    return found
