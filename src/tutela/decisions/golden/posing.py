"""Posing: what a check says of itself so that it looks like any other near match.

It takes after the newest near match on record. Account, entry and place have its shape and never
its words, so that no real account is ever spoken ill of. Pure: randomness is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tutela.content.account import AccountFacts
from tutela.content.item import HoldState, Item, ItemMatch, PictureFacts

if TYPE_CHECKING:
    from random import Random

    from tutela.decisions.golden.material import Picture

_NEAREST, _FARTHEST = 14, 30
_UPPER, _LOWER, _DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "0123456789"


@dataclass(frozen=True, slots=True)
class Pose:
    """The invented facts around a golden picture."""

    account: str
    list_name: str
    entry: str
    distance: int
    labels: tuple[str, ...]
    classification: str | None
    source: str | None
    place_url: str | None
    original_name: str | None
    opened_at: datetime


def pose(model: Item, random: Random) -> Pose:
    """Return a pose that takes after `model`, which met a list nearly."""
    match = model.matches[0]
    place = model.place_url and shaped_like(model.place_url, random, letters=False)
    return Pose(
        shaped_like(model.account.id, random),
        match.list_name,
        shaped_like(match.entry_id, random),
        random.randint(_NEAREST, _FARTHEST),
        match.labels,
        match.classification,
        match.source,
        # An address that came out as it was is a real one.
        place if place != model.place_url else None,
        f"IMG_{random.randint(1000, 9999)}.jpg" if model.original_name else None,
        model.received_at + timedelta(seconds=random.randint(1, 600)),
    )


def shaped_like(text: str, random: Random, *, letters: bool = True) -> str:
    """Return other digits in the places of the digits; letters change where there are none."""
    if any(one.isdigit() for one in text) or not letters:
        return "".join(random.choice(_DIGITS) if one.isdigit() else one for one in text)
    return "".join(
        random.choice(_UPPER if one.isupper() else _LOWER) if one.isalpha() else one for one in text
    )


def item_of(posed: Pose, picture: Picture, item_id: str, case_id: str) -> Item:
    """Return the item that the page shows. It is on no record."""
    return Item(
        id=item_id,
        external_id="",
        account=AccountFacts(id=posed.account),
        place_url=posed.place_url,
        uploaded_at=posed.opened_at,
        original_name=posed.original_name,
        media_type="image/jpeg",
        size=picture.size,
        md5="",
        sha1="",
        sha256=picture.sha256,
        pictures=(
            PictureFacts(0, "upright", picture.pdq, picture.quality, picture.width, picture.height),
        ),
        verdict="match",
        reason=None,
        hold=HoldState.HELD,
        evidence_id=picture.id,
        case_id=case_id,
        received_at=posed.opened_at,
        matches=(
            ItemMatch(
                posed.list_name,
                posed.entry,
                "pdq",
                posed.distance,
                "pdq",
                posed.labels,
                posed.classification,
                posed.source,
            ),
        ),
    )
