"""Which listed pictures the looks at a file find, the cheapest look that finds any deciding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tutela.hashing.look import REGION
from tutela.hashing.pdq import distance
from tutela.matching.evasion.pairs import most_pairs, paired
from tutela.matching.index import MAX_RADIUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tutela.hashing.look import Corners, Looks, Sight
    from tutela.hashing.sketch import Sketch
    from tutela.hashlists.lookup import ListedHash
    from tutela.matching.evasion.pairs import Alike

_MOST_CANDIDATES = 10


class ListedPictures(Protocol):
    """What is listed, as looks at a file need to see it."""

    def near(self, pdq: bytes, radius: int, stated: int | None) -> Iterable[ListedHash]:
        """Return the listed hashes within `radius` bits, of `stated` quality, the nearest first."""
        ...

    def alike(self, marks: NDArray[np.uint8]) -> Alike:
        """Return, for each of n marks, row, point and distance of listed ones that are like it."""
        ...

    def sketches_of(self, found: Sequence[ListedHash]) -> Iterable[tuple[ListedHash, Sketch]]:
        """Return the sketches of the entries that these hashes are of."""
        ...

    def sketches(self, rows: Sequence[int]) -> Iterable[tuple[ListedHash, Sketch]]:
        """Return the sketches of these rows, in their order, that are in force."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """A listed picture that a look found: how, where, and at what distance in bits.

    Not `certain`: it may as well be the same place in another photograph.
    """

    listed: ListedHash
    distance: int
    via: str
    corners: Corners | None
    certain: bool = True


def search(
    looks: Looks, listed: ListedPictures, radius: int, min_quality: int
) -> tuple[Sighting, ...]:
    """Return what the first look finds that finds anything for certain, else all doubtful ones.

    1. Hashes of the turned, mirrored and negative picture, and of its parts; of poor ones none.
    2. Tiles of listed pictures whose hashes are not too far away.
    3. Points that are like a listed picture's, and then its tiles.
    """
    for look in looks.hashes:
        if look.quality < min_quality:
            continue
        near = list(listed.near(look.pdq, radius, None))
        if near:
            return tuple(
                Sighting(one, distance(one.value, look.pdq), look.via, look.corners) for one in near
            )
    doubtful: list[Sighting] = []
    for sight in looks.sights:
        found = tuple(_filling(sight, listed)) or tuple(_seen(sight, listed))
        certain = tuple(one for one in found if one.certain)
        if certain:
            return certain
        doubtful.extend(found)
    return tuple(doubtful)


def _filling(sight: Sight, listed: ListedPictures) -> Iterator[Sighting]:
    from tutela.matching.evasion.alignment import framed

    for mirrored, pdq in enumerate(sight.whole):
        near = list(listed.near(pdq, MAX_RADIUS, None))[:_MOST_CANDIDATES]
        for one, sketch in listed.sketches_of(near):
            place = framed(sight, sketch, mirrored=bool(mirrored))
            if place is not None:
                yield Sighting(one, round(place.distance), REGION, place.corners)


def _seen(sight: Sight, listed: ListedPictures) -> Iterator[Sighting]:
    # OpenCV takes a while to import, and who takes no looks should not wait for it.
    from tutela.matching.evasion.alignment import aligned

    for mirrored, marks in ((False, sight.marks), (True, sight.mirrored)):
        pairs = paired(listed.alike(marks))
        rows = most_pairs(pairs)
        for one, sketch in listed.sketches(rows):
            of_row = pairs[pairs[:, 1] == one.id]
            place = aligned(sight, sketch, of_row, mirrored=mirrored)
            if place is not None:
                distance = round(place.distance)
                yield Sighting(one, distance, REGION, place.corners, place.certain)
