"""An item: one uploaded or stored thing with its context and what screening found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.content.account import ACCOUNT, AccountFacts
from tutela.content.surroundings import NOTHING_STATED, SURROUNDINGS, Surroundings
from tutela.errors import NotFound
from tutela.storage.database import Id, Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable


class HoldState(StrEnum):
    """Where an item stands at the host platform."""

    NONE = "none"
    HELD = "held"
    REMOVED = "removed"
    RELEASED = "released"


items = sa.Table(
    "items",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("external_id", sa.String(255), nullable=False, index=True),
    sa.Column("account_id", sa.String(255), nullable=False, index=True),
    sa.Column("account", sa.JSON, nullable=False),
    sa.Column("place_url", sa.String(2083)),
    sa.Column("uploaded_at", Instant),
    sa.Column("original_name", sa.String(2056)),
    sa.Column("media_type", sa.String(80)),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("md5", sa.String(32), nullable=False),
    sa.Column("sha1", sa.String(40), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("pictures", sa.JSON, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(40)),
    sa.Column("hold", sa.String(16), nullable=False),
    sa.Column("evidence_id", Id),
    sa.Column("case_id", Id, index=True),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("surroundings", sa.JSON, nullable=False),
    sa.Column("exif", sa.JSON, nullable=False),
)

item_matches = sa.Table(
    "item_matches",
    metadata,
    sa.Column("item_id", Id, sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("list_name", sa.String(80), nullable=False),
    sa.Column("entry_id", sa.String(255), nullable=False),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("distance", sa.Integer, nullable=False),
    sa.Column("via", sa.String(16), nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("classification", sa.String(16)),
    sa.Column("source", sa.String(255)),
    sa.Column("moment", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class ItemMatch:
    """One match, kept as it was on the day: a list may be removed later. Distance in bits.

    `moment`: when a video shows the frame that met it, in milliseconds.
    """

    list_name: str
    entry_id: str
    algorithm: str
    distance: int
    via: str
    labels: tuple[str, ...]
    classification: str | None = None
    source: str | None = None
    moment: int | None = None

    @property
    def exact(self) -> bool:
        """Say whether the bytes are the listed ones; equal perceptual hashes are only near."""
        return self.via == "exact"


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """The perceptual hash of one reading of one frame; pdq in hex, sizes in pixels.

    `moment`: when a video shows it, in milliseconds; below 0 where an edit list hides it.
    """

    frame: int
    reading: str
    pdq: str
    quality: int
    width: int
    height: int
    moment: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item on record. `size` in bytes, digests in lower-case hex."""

    id: str
    external_id: str
    account: AccountFacts
    place_url: str | None
    uploaded_at: datetime | None
    original_name: str | None
    media_type: str | None
    size: int
    md5: str
    sha1: str
    sha256: str
    pictures: tuple[PictureFacts, ...]
    verdict: str
    reason: str | None
    hold: HoldState
    evidence_id: str | None
    case_id: str | None
    received_at: datetime
    surroundings: Surroundings = NOTHING_STATED
    exif: tuple[tuple[str, str], ...] = ()
    matches: tuple[ItemMatch, ...] = ()

    @property
    def only_possible(self) -> bool:
        """Say whether all it met lies beyond what counts as a match."""
        return bool(self.matches) and all(match.via == "wide" for match in self.matches)

    @property
    def record_hash(self) -> PictureFacts | None:
        """Return the hash of the first frame's canonical reading, if pixels could be had."""
        return self.pictures[0] if self.pictures else None

    @property
    def compared(self) -> tuple[PictureFacts, ...]:
        """Return the pictures for which another file is called alike.

        None of a video: one frame in common, such as a title, does not make two films alike.
        """
        return () if any(one.moment is not None for one in self.pictures) else self.pictures


def insert(connection: sa.Connection, item: Item) -> None:
    """Put a new item and its matches on record."""
    values = asdict(item)
    matches = values.pop("matches")
    values["account"] = ACCOUNT.dump_python(item.account, mode="json")
    values["surroundings"] = SURROUNDINGS.dump_python(item.surroundings, mode="json")
    values["account_id"] = item.account.id
    values["hold"] = item.hold.value
    connection.execute(items.insert().values(**values))
    rows = [
        {"item_id": item.id, "place": place, **match, "labels": list(match["labels"])}
        for place, match in enumerate(matches)
    ]
    if rows:
        connection.execute(item_matches.insert(), rows)


def load(connection: sa.Connection, item_id: str, *, locked: bool = False) -> Item:
    """Return one item; `locked` until the transaction ends. Raises `NotFound`."""
    if locked:
        row = sa.select(items.c.id).where(items.c.id == item_id).with_for_update()
        connection.execute(row)
    found = select(connection, items.c.id == item_id)
    if not found:
        raise NotFound("There is no such item.", "Check the identifier.")
    return found[0]


def select(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Item]:
    """Return the items that satisfy a condition, oldest first, with their matches."""
    query = sa.select(items).where(where).order_by(items.c.received_at, items.c.id)
    rows = connection.execute(query).all()
    matches = _matches(connection, [row.id for row in rows])
    return [_item(row, matches.get(row.id, ())) for row in rows]


def set_hold(connection: sa.Connection, item_id: str, hold: HoldState) -> None:
    """Write where an item stands at the host platform."""
    connection.execute(items.update().where(items.c.id == item_id).values(hold=hold.value))


def amend(connection: sa.Connection, item: Item) -> None:
    """Write what the host platform knows of an item now."""
    connection.execute(
        items.update()
        .where(items.c.id == item.id)
        .values(
            account=ACCOUNT.dump_python(item.account, mode="json"),
            surroundings=SURROUNDINGS.dump_python(item.surroundings, mode="json"),
            place_url=item.place_url,
            uploaded_at=item.uploaded_at,
            original_name=item.original_name,
        )
    )


def _matches(connection: sa.Connection, ids: Iterable[str]) -> dict[str, tuple[ItemMatch, ...]]:
    wanted = sorted(ids)
    found: dict[str, list[ItemMatch]] = {}
    for start in range(0, len(wanted), 500):
        query = (
            sa.select(item_matches)
            .where(item_matches.c.item_id.in_(wanted[start : start + 500]))
            .order_by(item_matches.c.item_id, item_matches.c.place)
        )
        for row in connection.execute(query):
            values: dict[str, Any] = dict(row._mapping)
            item_id = values.pop("item_id")
            del values["place"]
            values["labels"] = tuple(values["labels"])
            found.setdefault(item_id, []).append(ItemMatch(**values))
    return {item_id: tuple(matches) for item_id, matches in found.items()}


def _item(row: sa.Row[Any], matches: tuple[ItemMatch, ...]) -> Item:
    values: dict[str, Any] = dict(row._mapping)
    del values["account_id"]
    values["account"] = ACCOUNT.validate_python(values["account"])
    values["surroundings"] = SURROUNDINGS.validate_python(values["surroundings"])
    values["exif"] = tuple((name, value) for name, value in values["exif"])
    values["pictures"] = tuple(PictureFacts(**picture) for picture in values["pictures"])
    values["hold"] = HoldState(values["hold"])
    return Item(**values, matches=matches)
