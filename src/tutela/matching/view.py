"""One generation of an index as a process has it: segments, what is dead in them, and the tail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from tutela.matching.segment import Segment
from tutela.matching.tail import Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tutela.matching.kernels import Found
    from tutela.matching.manifest import Listed, Manifest
    from tutela.matching.tail import Tail

    Ids = NDArray[np.int64]
    Values = NDArray[np.uint8]

Held = TypeVar("Held", bound=Segment)

_FEW = 64
_BELOW_ALL = -(2**63) - 1


@dataclass(frozen=True, slots=True)
class Part(Generic[Held]):
    """A segment and the ids, ascending, that are dead in it.

    `inode`: of the segment's file. An index that is made again uses the same names anew.
    """

    listed: Listed
    segment: Held
    dead: Ids
    size: int
    inode: int

    @property
    def rows(self) -> int:
        """Return how many of its ids live."""
        return len(self.segment.ids) - len(self.dead)


class View(Generic[Held]):
    """One generation as this process has it. Searches go on in it while others change it.

    `removals` and `additions` say at which records of the tail an id was removed and last added.
    They only grow; who searches passes the count of records that it began with.
    """

    def __init__(self, manifest: Manifest, parts: tuple[Part[Held], ...], tail: Tail) -> None:
        self.manifest = manifest
        self.parts = parts
        self.tail = tail
        self.read = 0
        self.kinds: list[int] = []
        self.ids: list[int] = []
        self.removals: dict[int, tuple[int, ...]] = {}
        self.additions: dict[int, int] = {}
        self.live = sum(part.rows for part in parts)
        self.highest = max(
            (int(p.segment.ids[-1]) for p in parts if len(p.segment.ids)), default=-1
        )

    def catch_up(self, count: int) -> None:
        """Take in the records up to `count`. Raises `IndexInvalid`."""
        self._take(*self.tail.records(self.read, count))

    def append(self, removed: Ids, added: Ids, values: Values) -> None:
        """Write records to the tail, and take them in."""
        self.tail.append(removed, added, values)
        kinds = [int(Record.REMOVED)] * len(removed) + [int(Record.ADDED)] * len(added)
        self._take(kinds, [*removed.tolist(), *added.tolist()])

    def _take(self, kinds: list[int], ids: list[int]) -> None:
        for place, (kind, one) in enumerate(zip(kinds, ids, strict=True), self.read):
            if kind == Record.ADDED:
                self.additions[one] = place
                self.highest = max(self.highest, one)
                self.live += 1
            else:
                self.removals[one] = (*self.removals.get(one, ()), place)
                self.live -= 1
        self.kinds += kinds
        self.ids += ids
        self.read += len(ids)

    def stands(self, one: int, added: int, count: int) -> bool:
        """Say whether no record between `added` and `count` removes the id."""
        removed = self.removals.get(one)
        return removed is None or not any(added < place < count for place in removed)

    def alive(self, part: Part[Held], hits: Found, count: int) -> Found:
        """Return the hits in a part that stand at a count of records."""
        if not hits or not (len(part.dead) or self.removals):
            return hits
        dead = among(np.array([one for one, _ in hits], np.int64), part.dead)
        return [
            hit
            for hit, gone in zip(hits, dead.tolist(), strict=True)
            if not gone and self.stands(hit[0], -1, count)
        ]

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Say of each id whether it is in the index, as of the last record read."""
        held = np.zeros(len(ids), bool)
        if not len(ids) or int(ids.min()) > self.highest:
            return held
        if len(ids) == 1:
            held[0] = self._holds(int(ids[0]))
            return held
        for part in self.parts:
            held |= among(ids, part.segment.ids) & ~among(ids, part.dead)
        if len(ids) > _FEW:
            return held & ~among(ids, self.tail_removed()) | among(ids, self.tail_alive()[0])
        for place, one in enumerate(ids.tolist()):
            added = self.additions.get(one)
            if added is not None:
                held[place] = self.stands(one, added, self.read)
            elif held[place]:
                held[place] = self.stands(one, -1, self.read)
        return held

    def _holds(self, one: int) -> bool:
        """Say the same of one id, of which arrays would take longer."""
        added = self.additions.get(one)
        if added is not None:
            return self.stands(one, added, self.read)
        if not self.stands(one, -1, self.read):
            return False
        return any(
            _is_among(one, part.segment.ids) and not _is_among(one, part.dead)
            for part in self.parts
        )

    def tail_alive(self) -> tuple[Ids, Values]:
        """Return the ids, ascending, and values that the tail adds and does not take back."""
        alive = sorted(
            (one, place)
            for one, place in self.additions.items()
            if self.stands(one, place, self.read)
        )
        ids = np.array([one for one, _ in alive], np.int64)
        return ids, self.tail.values[[place for _, place in alive]]

    def tail_removed(self) -> Ids:
        """Return the ids, ascending, that the tail removes from segments."""
        return np.array(sorted(self.removals), np.int64)


def among(ids: Ids, held: Ids) -> NDArray[np.bool_]:
    """Say of each id whether it is among those held, which ascend."""
    if not len(held):
        return np.zeros(len(ids), bool)
    places = np.minimum(held.searchsorted(ids), len(held) - 1)
    return np.asarray(held[places] == ids, bool)


def _is_among(one: int, held: Ids) -> bool:
    place = int(held.searchsorted(one))
    return place < len(held) and int(held[place]) == one
