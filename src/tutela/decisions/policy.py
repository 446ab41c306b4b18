"""What happens on a match, by list, label and how near it is. Pure, but for reading the rules.

Most of it is fixed by how Tutela works: nothing is removed before a person has decided. What can be
laid down here only asks for more care than that: a look where the list's word would do, a second
review of every decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.storage.database import Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tutela.content.item import Item, ItemMatch

EVERY_LABEL = ""

list_policies = sa.Table(
    "list_policies",
    metadata,
    sa.Column("list_name", sa.String(80), primary_key=True),
    sa.Column("label", sa.String(100), primary_key=True),
    sa.Column("look", sa.Boolean, nullable=False),
    sa.Column("twice", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(80), nullable=False),
    sa.Column("set_at", Instant, nullable=False),
)


class Nearness(StrEnum):
    """How near a match is."""

    EXACT = "exact"
    NEAR = "near"
    POSSIBLE = "possible"


class Because(StrEnum):
    """Why it is handled so: what `docs/reference/console.md` says of each."""

    BELIEVED = "believed"
    NOT_BELIEVED = "not_believed"
    RULE = "rule"
    NEVER_UNSEEN = "never_unseen"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Rule:
    """More care for what a list matches, or for one of its labels.

    `look`: somebody looks also at an exact copy. `twice`: every decision is reviewed once more.
    """

    list_name: str
    label: str = EVERY_LABEL
    look: bool = False
    twice: bool = False

    def covers(self, list_name: str, labels: Collection[str]) -> bool:
        """Say whether a match of this list with these labels falls under it."""
        return self.list_name == list_name and self.label in {EVERY_LABEL, *labels}

    def loosens(self, before: Rule) -> bool:
        """Say whether this asks for less care than the rule before it."""
        return (before.look and not self.look) or (before.twice and not self.twice)


@dataclass(frozen=True, slots=True)
class Handling:
    """What happens. `held`: kept from publication until decided.

    `unseen`: its list's word is enough for a decision. `twice`: every decision is reviewed again;
    otherwise a drawn share is. Each with why.
    """

    held: bool
    unseen: bool
    unseen_because: Because
    twice: bool
    twice_because: Because


def policy(
    list_name: str,
    labels: Collection[str],
    nearness: Nearness,
    rules: Iterable[Rule],
    *,
    believed: bool,
) -> Handling:
    """Return what happens on a match. `believed`: the list is on, and was found right enough."""
    mine = [one for one in rules if one.covers(list_name, labels)]
    look, twice = any(one.look for one in mine), any(one.twice for one in mine)
    if nearness is not Nearness.EXACT:
        because = Because.NEVER_UNSEEN
    elif look:
        because = Because.RULE
    else:
        because = Because.BELIEVED if believed else Because.NOT_BELIEVED
    return Handling(
        nearness is not Nearness.POSSIBLE,
        because is Because.BELIEVED,
        because,
        twice,
        Because.RULE if twice else Because.DRAWN,
    )


def asks_for_a_look(match: ItemMatch, rules: Iterable[Rule]) -> bool:
    """Say whether somebody looks also where the bytes are the listed ones."""
    return any(one.look and one.covers(match.list_name, match.labels) for one in rules)


def asks_for_two(members: Iterable[Item], rules: Collection[Rule]) -> bool:
    """Say whether every decision about such files is reviewed once more."""
    return any(
        one.twice and one.covers(match.list_name, match.labels)
        for item in members
        for match in item.matches
        for one in rules
    )


def rules(connection: sa.Connection) -> tuple[Rule, ...]:
    """Return every rule that was laid down; they are few."""
    query = sa.select(list_policies).order_by(list_policies.c.list_name, list_policies.c.label)
    return tuple(
        Rule(row.list_name, row.label, row.look, row.twice) for row in connection.execute(query)
    )
