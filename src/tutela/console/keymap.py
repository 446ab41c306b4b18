"""Which key does what: one table for the keys, their sheet, and what a person changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.console.words import OBSERVED
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does. `does`: its name in the scripts; `usual`: the key it has."""

    does: str
    usual: str
    says: str


MOVING = (
    Key("next", "j", "next case or file"),
    Key("previous", "k", "previous case or file"),
    Key("claim", "c", "claim or take it"),
    Key("take", "x", "take the next case that is free"),
    Key("skip", "s", "skip it: you are not offered it again"),
    Key("danger", "!", "danger now, then Enter: the marked case comes first"),
    Key("queue", "q", "back to the queue"),
    Key("undo", "u", "undo what you decided last, until it leaves"),
    Key("sheet", "?", "this sheet"),
)
DECIDING = (
    Key("closer", "v", "look one rung closer; held: while held"),
    Key("again", "r", "the same rung again"),
    Key("reveal", "f", "held: reveal the spot; arrows move it"),
    Key("abusive", "a", "abusive"),
    Key("not_abusive", "n", "not abusive"),
    Key("note", "d", "go to the note and the button"),
    *(
        Key(f"fact{number}", str(number), f"{title}: {word}")
        for _, title, facts in OBSERVED
        for _, word, number in facts
    ),
    Key("cannot_tell", "0", "cannot tell, everywhere"),
)
GROUPS = (MOVING, DECIDING)
_BY_NAME = {one.does: one for group in GROUPS for one in group}
USUAL: Mapping[str, str] = {name: one.usual for name, one in _BY_NAME.items()}
LEFT_HAND: Mapping[str, str] = {
    "next": "s",
    "previous": "w",
    "skip": "z",
    "danger": "b",
    "sheet": "t",
    "undo": "g",
    "not_abusive": "d",
    "note": "e",
}
"""What differs for a left hand alone, but for the digits above 5."""


def keys_of(changed: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each thing for a person; empty where they want none."""
    return {name: changed.get(name, usual) for name, usual in USUAL.items()}


def bound(changed: Mapping[str, str]) -> dict[str, str]:
    """Return what each key does for a person, as the scripts have it."""
    return {key: name for name, key in keys_of(changed).items() if key}


def checked(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return what differs from the usual keys. Raises `InvalidInput` for one key with two ends."""
    differs: dict[str, str] = {}
    for name, key in wanted.items():
        if name not in USUAL:
            raise InvalidInput("There is no such thing to do by a key.", "Load the page again.")
        if key and (len(key) != 1 or not key.isprintable() or key.isspace()):
            raise InvalidInput(
                f"“{key}” is no key of its own.", "Use one letter, digit or sign, or none."
            )
        if key != USUAL[name]:
            differs[name] = key
    taken: dict[str, str] = {}
    for name, key in keys_of(differs).items():
        if key and key in taken:
            raise InvalidInput(
                f"“{key}” would do two things: {_BY_NAME[taken[key]].says}; {_BY_NAME[name].says}.",
                "Give one of them another key, or none.",
            )
        taken[key] = name
    return differs
