"""Which key does what: one table for the keys, their sheet, and what a person changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.console.sentences import _, filled, marked
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
    about: str = ""

    def said(self) -> str:
        """Say what the key does, in the language spoken."""
        return f"{_(self.about)}: {_(self.says)}" if self.about else _(self.says)


MOVING = (
    Key("next", "j", marked("next case or file")),
    Key("previous", "k", marked("previous case or file")),
    Key("claim", "c", marked("claim or take it")),
    Key("take", "x", marked("take the next case that is free")),
    Key("skip", "s", marked("skip it: you are not offered it again")),
    Key("danger", "!", marked("danger now, then Enter: the marked case comes first")),
    Key("queue", "q", marked("back to the queue")),
    Key("undo", "u", marked("undo what you decided last, until it leaves")),
    Key("sheet", "?", marked("this sheet")),
)
DECIDING = (
    Key("closer", "v", marked("look one rung closer; held: while held")),
    Key("again", "r", marked("the same rung again")),
    Key("reveal", "f", marked("held: reveal the spot; arrows move it")),
    Key("abusive", "a", marked("abusive")),
    Key("not_abusive", "n", marked("not abusive")),
    Key("note", "d", marked("go to the note and the button")),
    *(
        Key(f"fact{number}", str(number), word, title)
        for _name, title, facts in OBSERVED
        for _value, word, number in facts
    ),
    Key("cannot_tell", "0", marked("cannot tell, everywhere")),
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
                filled("“%(key)s” is no key of its own.", key=key),
                "Use one letter, digit or sign, or none.",
            )
        if key != USUAL[name]:
            differs[name] = key
    taken: dict[str, str] = {}
    for name, key in keys_of(differs).items():
        if key and key in taken:
            raise InvalidInput(
                filled(
                    "“%(key)s” would do two things: %(one)s; %(other)s.",
                    key=key,
                    one=_BY_NAME[taken[key]].said(),
                    other=_BY_NAME[name].said(),
                ),
                "Give one of them another key, or none.",
            )
        taken[key] = name
    return differs
