"""Clusters: the files of a case that can be decided by looking at one of them.

Every member lies within the likeness radius of the one that is shown, so the distance to it says
how far the verdict reaches. What lies beyond stands in a cluster of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tutela.cases.case import CaseKind
from tutela.cases.grouping import LIKENESS_QUALITY, LIKENESS_RADIUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tutela.content.item import Item

_BITS = 256
_APART = _BITS + 1
"""The distance of what cannot be compared."""


@dataclass(frozen=True, slots=True)
class Member:
    """Files of equal bytes: the first of them, how many, and how far from the one shown.

    `distance` in bits; 0 for the one shown.
    """

    item: Item
    times: int
    distance: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Files alike, of which the first is shown for all; the others the nearest first.

    `why`: a notice's harm, or why no machine could read them.
    `beyond`: how far the one shown lies from that of the case's largest cluster; None where that
    cannot be said.
    """

    kind: CaseKind
    why: str
    members: tuple[Member, ...]
    beyond: int | None

    @property
    def shown(self) -> Item:
        """Return the one that stands for all."""
        return self.members[0].item

    @property
    def covers(self) -> int:
        """Return how many files there are."""
        return sum(one.times for one in self.members)

    @property
    def farthest(self) -> int:
        """Return how far from the one shown the verdict reaches, in bits."""
        return max(one.distance for one in self.members)

    def holds(self, item: Item) -> bool:
        """Say whether a file is in it."""
        return any(one.item.sha256 == item.sha256 for one in self.members) and (
            (self.kind, self.why) == place(item)
        )


def clusters(members: Sequence[Item]) -> tuple[Cluster, ...]:
    """Return the clusters of a case: listed copies first, then by kind, the largest first.

    What the machine says of files differently never stands together. The one shown is the one that
    most others are like; of equals, the one that came first.
    """
    found = [
        (kind, why, group)
        for (kind, why), files in _by_kind(members).items()
        for group in _grouped(files)
    ]
    if not found:
        return ()
    made = [Cluster(kind, why, group, None) for kind, why, group in found]
    middle = min(made, key=lambda one: (-one.covers, *_came(one.shown))).shown
    made = [replace(one, beyond=distance(middle, one.shown)) for one in made]
    order = list(CaseKind)
    return tuple(
        sorted(
            made,
            key=lambda one: (order.index(one.kind), one.why, -one.covers, *_came(one.shown)),
        )
    )


def distance(one: Item, other: Item) -> int | None:
    """Return the fewest bits between two files' pictures of sufficient quality; 0 for equal bytes.

    None where one of them has no such picture.
    """
    if one.sha256 == other.sha256:
        return 0
    between = int(_distances([one, other])[0, 1])
    return None if between == _APART else between


def place(item: Item) -> tuple[CaseKind, str]:
    """Say what the machine says of a file: its kind, and the harm or reason where there is one."""
    if not item.matches:
        if item.surroundings.notice is not None:
            return CaseKind.NOTICED, item.surroundings.notice.harm.value
        return CaseKind.UNSCREENED, item.reason or ""
    if any(match.exact for match in item.matches):
        return CaseKind.KNOWN, ""
    return (CaseKind.POSSIBLE if item.only_possible else CaseKind.NEAR), ""


def _by_kind(members: Iterable[Item]) -> dict[tuple[CaseKind, str], list[Item]]:
    found: dict[tuple[CaseKind, str], list[Item]] = {}
    for item in sorted(members, key=_came):
        found.setdefault(place(item), []).append(item)
    return found


def _grouped(files: Sequence[Item]) -> list[tuple[Member, ...]]:
    """Group files around those that most others are like, until none is left."""
    times: dict[str, int] = {}
    for item in files:
        times[item.sha256] = times.get(item.sha256, 0) + 1
    distinct = list({item.sha256: item for item in reversed(files)}.values())[::-1]
    between = _distances(distinct)
    like = between <= LIKENESS_RADIUS
    weights = np.array([times[item.sha256] for item in distinct])
    left = np.ones(len(distinct), bool)
    groups = []
    while left.any():
        reach = np.where(left, (like & left) @ weights, -1)
        shown = int(reach.argmax())
        near = np.flatnonzero(like[shown] & left)
        left[near] = False
        group = [
            Member(distinct[n], times[distinct[n].sha256], int(between[shown, n])) for n in near
        ]
        groups.append(tuple(sorted(group, key=lambda one: _place_of(one, distinct[shown]))))
    return groups


def _place_of(member: Member, shown: Item) -> tuple[object, ...]:
    return (member.item.id != shown.id, member.distance, *_came(member.item))


def _distances(files: Sequence[Item]) -> NDArray[np.int64]:
    """Return the distances of all to all; a file is at none from itself."""
    between = np.full((len(files), len(files)), _APART)
    owners, words = _pictures(files)
    for number, word in enumerate(words):
        bits = np.bitwise_count(words ^ word).sum(axis=1, dtype=np.int64)
        row = between[owners[number]]
        np.minimum.at(row, owners, bits)
    np.fill_diagonal(between, 0)
    return between


def _pictures(files: Sequence[Item]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    usable = [
        (number, picture.pdq)
        for number, item in enumerate(files)
        for picture in item.compared
        if picture.quality >= LIKENESS_QUALITY
    ]
    owners = np.array([number for number, _ in usable], np.int64)
    packed = b"".join(bytes.fromhex(pdq) for _, pdq in usable)
    return owners, np.frombuffer(packed, np.uint64).reshape(-1, _BITS // 64)


def _came(item: Item) -> tuple[object, ...]:
    return item.received_at, item.id
