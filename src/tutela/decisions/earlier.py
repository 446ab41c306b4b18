"""What was decided before: the same bytes, or a picture within the likeness radius.

It is shown and can be given as grounds; nothing is ever decided by it alone. To be found among
many, a decided picture's hash is kept in sixteen words of sixteen bits: two hashes within 31 bits
share a word but for one bit, since sixteen words that differ in two bits make 32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases.case import CaseState, cases
from tutela.cases.grouping import LIKENESS_QUALITY, LIKENESS_RADIUS
from tutela.content.item import items
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Decision, Grounds, Outcome
from tutela.storage.database import Id, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutela.cases.cluster import Cluster
    from tutela.content.item import Item

decided_pictures = sa.Table(
    "decided_pictures",
    metadata,
    sa.Column("item_id", Id, primary_key=True),
    sa.Column("pdq", sa.String(64), nullable=False),
)
decided_words = sa.Table(
    "decided_words",
    metadata,
    sa.Column("word", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_id", Id, primary_key=True),
)

_WORDS, _WORD_BITS = 16, 16
_MOST = 8
"""So many earlier decisions are told of a file: the nearest."""
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Earlier:
    """A decision that stands on another case, and the file of it that is like one asked about.

    `distance` in bits, 0 where the bytes are the same; `pdq`: that file's, None where it has none.
    """

    file: str
    decision: Decision
    distance: int
    same_bytes: bool
    pdq: str | None


@dataclass(frozen=True, slots=True)
class Rested:
    """An earlier decision that was given as grounds, and whether its outcome still stands."""

    decision: Decision
    stands: bool


def words_of(pdq: str) -> list[int]:
    """Return the words that a decided hash is found by."""
    value = int(pdq, 16)
    return [
        (place << _WORD_BITS) | ((value >> (place * _WORD_BITS)) & 0xFFFF)
        for place in range(_WORDS)
    ]


def words_near(pdq: str) -> list[int]:
    """Return every word of which a hash within the likeness radius has at least one."""
    return [
        near for word in words_of(pdq) for near in (word, *(word ^ (1 << n) for n in range(16)))
    ]


def remember(connection: sa.Connection, members: Iterable[Item]) -> None:
    """Keep the hashes of files that are decided, so that others like them are told of it."""
    wanted = {
        record.pdq: item.id
        for item in reversed(list(members))
        for record in item.compared[:1]
        if record.quality >= LIKENESS_QUALITY
    }
    pictures = decided_pictures.c
    there: set[str] = set()
    ids = list(wanted.values())
    for start in range(0, len(ids), _AT_ONCE):
        query = sa.select(pictures.item_id).where(
            pictures.item_id.in_(ids[start : start + _AT_ONCE])
        )
        there |= set(connection.execute(query).scalars())
    new = {pdq: item_id for pdq, item_id in wanted.items() if item_id not in there}
    if not new:
        return
    connection.execute(
        decided_pictures.insert(),
        [{"item_id": item_id, "pdq": pdq} for pdq, item_id in new.items()],
    )
    connection.execute(
        decided_words.insert(),
        [
            {"word": word, "item_id": item_id}
            for pdq, item_id in new.items()
            for word in words_of(pdq)
        ],
    )


def of_files(connection: sa.Connection, case_id: str, files: Iterable[Item]) -> tuple[Earlier, ...]:
    """Return what was decided before of files like these in other cases: of each, nearest first.

    A decision that itself rests on an earlier one is not told: likeness must not travel.
    """
    found: list[Earlier] = []
    standing: dict[str, Decision] = {}
    for item in files:
        hits = sorted(
            (*_same(connection, case_id, item), *_near(connection, case_id, item)),
            key=lambda one: (one[1], not one[2], one[0]),
        )
        told: set[str] = set()
        for other, distance, same_bytes, pdq in hits:
            if other in told or len(told) == _MOST:
                continue
            if other not in standing:
                standing[other] = decisions_on_record.of_case(connection, other)[-1]
            if standing[other].grounds is not Grounds.DECIDED_BEFORE:
                told.add(other)
                found.append(Earlier(item.id, standing[other], distance, same_bytes, pdq))
    return tuple(found)


_Hit = tuple[str, int, bool, str | None]
"""Another case, how far its file is, whether it is the same bytes, and that file's hash."""


def _same(connection: sa.Connection, case_id: str, item: Item) -> list[_Hit]:
    query = (
        sa.select(items.c.case_id)
        .join(cases, cases.c.id == items.c.case_id)
        .where(
            items.c.sha256 == item.sha256,
            items.c.case_id != case_id,
            cases.c.state == CaseState.DECIDED.value,
        )
        .order_by(cases.c.decided_at.desc(), cases.c.id)
        .distinct()
        .add_columns(cases.c.decided_at, cases.c.id)
        .limit(_MOST)
    )
    pdq = next((record.pdq for record in item.compared), None)
    return [(row.case_id, 0, True, pdq) for row in connection.execute(query)]


def _near(connection: sa.Connection, case_id: str, item: Item) -> list[_Hit]:
    found: dict[str, _Hit] = {}
    for picture in item.compared:
        if picture.quality < LIKENESS_QUALITY:
            continue
        query = (
            sa.select(items.c.case_id, decided_pictures.c.pdq)
            .join(decided_pictures, decided_pictures.c.item_id == decided_words.c.item_id)
            .join(items, items.c.id == decided_words.c.item_id)
            .join(cases, cases.c.id == items.c.case_id)
            .where(
                decided_words.c.word.in_(words_near(picture.pdq)),
                items.c.case_id != case_id,
                cases.c.state == CaseState.DECIDED.value,
            )
            .distinct()
        )
        for row in connection.execute(query):
            distance = _bits(picture.pdq, row.pdq)
            before = found.get(row.case_id)
            if distance <= LIKENESS_RADIUS and (before is None or distance < before[1]):
                found[row.case_id] = (row.case_id, distance, False, row.pdq)
    return list(found.values())


def resting(
    groups: Iterable[Cluster], found: Sequence[Earlier], outcome: Outcome
) -> tuple[str, ...] | None:
    """Return the earlier decisions that a verdict can rest on, or None where it cannot.

    Every file of every cluster must be like a file that was decided so, and none like one that was
    decided otherwise.
    """
    rests: dict[str, None] = {}
    for group in groups:
        of_shown = [one for one in found if one.file == group.shown.id]
        if any(one.decision.outcome is not outcome for one in of_shown):
            return None
        for member in group.members:
            carrying = [
                one
                for one in of_shown
                if member.item.id == group.shown.id or _like(member.item, one.pdq)
            ]
            if not carrying:
                return None
            rests[carrying[0].decision.id] = None
    return tuple(rests) or None


def rested_on(connection: sa.Connection, made: Iterable[Decision]) -> dict[str, Rested]:
    """Return what these decisions rest on, by id: the earlier decision, and whether it stands."""
    found: dict[str, Rested] = {}
    for decision in made:
        for identity in decision.rests_on:
            ground = decisions_on_record.load(connection, identity)
            # None where its maker undid it before it left.
            after = decisions_on_record.of_case(connection, ground.case_id)
            stands = bool(after) and after[-1].outcome is ground.outcome
            found[identity] = Rested(ground, stands=stands)
    return found


def _like(item: Item, pdq: str | None) -> bool:
    return pdq is not None and any(
        picture.quality >= LIKENESS_QUALITY and _bits(picture.pdq, pdq) <= LIKENESS_RADIUS
        for picture in item.compared
    )


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
