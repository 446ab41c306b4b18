"""Amending: what a host platform learns of an item later joins what it said with the upload.

What is stated anew takes the place of what was; lists are joined, each thing once; what is not
stated stays. Nothing can be unsaid: a referral may rest on it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tutela.content.surroundings import NOTHING_STATED, Surroundings
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.content.account import AccountFacts
    from tutela.content.item import Item

Stated = TypeVar("Stated")


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is stated now. Of the account, its id says whose it is."""

    account: AccountFacts | None = None
    place_url: str | None = None
    uploaded_at: datetime | None = None
    original_name: str | None = None
    surroundings: Surroundings = NOTHING_STATED


def amended(item: Item, told: Amendment) -> tuple[Item, tuple[str, ...]]:
    """Return the item as it is known now, and the names of what changed, in their order.

    Raises `InvalidInput` when the account is another one than the item's.
    """
    if told.account is not None and told.account.id != item.account.id:
        raise InvalidInput(
            "The account stated is not the item's.", "State it under the id of the upload."
        )
    now = replace(
        item,
        account=_joined(item.account, told.account) if told.account else item.account,
        place_url=told.place_url or item.place_url,
        uploaded_at=told.uploaded_at or item.uploaded_at,
        original_name=told.original_name or item.original_name,
        surroundings=_joined(item.surroundings, told.surroundings),
    )
    return now, tuple(_changed(item, now))


def _joined(was: Stated, told: Stated) -> Stated:
    values: dict[str, Any] = {}
    for field in fields(was):  # type: ignore[arg-type]
        old, new = getattr(was, field.name), getattr(told, field.name)
        if isinstance(new, tuple):
            values[field.name] = (*old, *(one for one in new if one not in old))
        elif is_dataclass(new) and is_dataclass(old):
            values[field.name] = _joined(old, new)
        elif new is not None and new != field.default:
            values[field.name] = new
    return replace(was, **values)  # type: ignore[type-var]


def _changed(was: Item, now: Item) -> Iterator[str]:
    for name in ("place_url", "uploaded_at", "original_name"):
        if getattr(was, name) != getattr(now, name):
            yield name
    for part in ("account", "surroundings"):
        old, new = getattr(was, part), getattr(now, part)
        for field in fields(new):
            if getattr(old, field.name) != getattr(new, field.name):
                yield f"{part}.{field.name}"
