"""The verdict: exact digests first, then PDQ within the radius; doubt is never silence."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from copy import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import structlog

from tutela.errors import IndexInvalid, NotFound, TutelaError, Unavailable
from tutela.hashing.digests import DigestsOnDemand
from tutela.hashing.fingerprint import quick_fingerprint
from tutela.hashing.look import Budget
from tutela.hashing.pdq import distance
from tutela.hashlists import lookup, tables
from tutela.matching.evasion.effort import looked_at
from tutela.matching.evasion.search import search
from tutela.matching.index import EVERYTHING, MAX_RADIUS, checked_radius
from tutela.matching.live_index import LiveIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from tutela.content.decoding import DecodeLimits, Reading
    from tutela.hashing.digests import Digests
    from tutela.hashing.fingerprint import Fingerprint, PictureHash
    from tutela.hashing.look import Corners
    from tutela.hashing.sketch import Sketch
    from tutela.hashlists.lookup import ListedHash
    from tutela.matching.evasion.pairs import Alike
    from tutela.matching.evasion.search import Sighting
    from tutela.matching.live_index import ListedHashes
    from tutela.storage.database import Database

UNAVAILABLE = "index_unavailable"
LOW_QUALITY = "low_quality"
WIDE = "wide"
MOST_MATCHES = 100
QUALITY_TOLERANCE = 10
"""By so much may the qualities of quick and exact hashes differ."""
_AT_FIRST = 1000
_STRONGEST_FIRST = ("sha256", "sha1", "md5")

_log = structlog.get_logger()

Decided = TypeVar("Decided", bound="Screening | None")


class Verdict(StrEnum):
    """What the machine can say."""

    MATCH = "match"
    POSSIBLE = "possible"
    CLEAN = "clean"
    UNSCREENED = "unscreened"


@dataclass(frozen=True, slots=True)
class ScreeningPolicy:
    """How near is a match: radius in bits (0 to 63), PDQ quality 0 to 100.

    Below `min_quality` a picture has so little in it that its hash is unsteady, and unrelated ones
    may look alike. Such a hash is still compared, because darkening a listed picture lowers its
    quality and hardly moves its hash: but within half the radius, and only with hashes whose
    list states a sufficient quality. docs/reference/scan.md has the figures. With `exact_only`
    no picture is passed on its quick hash. `looks`: how hard to look for changed copies. What is
    farther away than the radius, but within `review_radius`, is `possible`: for a person to look
    at, and nothing else comes of it; so is what looks found but not for certain. 0: none is.
    """

    radius: int = 31
    min_quality: int = 50
    exact_only: bool = False
    looks: Budget = Budget.NONE
    review_radius: int = 0

    def __post_init__(self) -> None:
        checked_radius(self.radius)
        checked_radius(self.review_radius)

    @property
    def reviews(self) -> bool:
        """Say whether what is only possible is told at all."""
        return self.review_radius > self.radius

    @property
    def farthest(self) -> int:
        """Return the distance in bits beyond which nothing listed matters."""
        return max(self.radius, self.review_radius)

    def radius_for(self, quality: int) -> int:
        """Return the radius within which a picture of this quality is compared."""
        return self.radius if quality >= self.min_quality else self.radius // 2

    def stated_for(self, quality: int) -> int | None:
        """Return the quality that a list must state of a hash that is compared with it."""
        return None if quality >= self.min_quality else self.min_quality


@dataclass(frozen=True, slots=True)
class Match:
    """One entry that an item met, and by which look. Distance in bits, 0 for digests.

    `via`: exact (a digest), pdq (the picture, in any reading), frame (a later frame of it, in a
    video the one shown at `moment` milliseconds), wide (a
    frame within the review radius only, or a part that is not certain); where looks were asked
    for, also a turned or mirrored form, negative, and region: a part of it, whose `corners` are
    told.
    `source`: who says so, the entry's where stated, else the list's.
    """

    list_name: str
    list_id: str
    entry_id: str
    algorithm: str
    distance: int
    via: str
    labels: tuple[str, ...]
    classification: str | None
    source: str | None
    frame: int | None = None
    reading: Reading | None = None
    moment: int | None = None
    corners: Corners | None = None


@dataclass(frozen=True, slots=True)
class Screening:
    """The verdict and the entries met, the nearest first, each once, a hundred at most.

    `reason` says why there is no verdict, or what a match or a clean verdict could not rest on.
    """

    verdict: Verdict
    reason: str | None
    matches: tuple[Match, ...]


class Lookups(Protocol):
    """What is listed, as a verdict needs to see it."""

    def exact(self, digests: Digests) -> Iterable[ListedHash]:
        """Return the listed hashes that equal one of the digests."""
        ...

    def near(self, pdq: bytes, radius: int, stated: int | None) -> Iterable[ListedHash]:
        """Return the listed hashes within `radius` bits, of `stated` quality, the nearest first."""
        ...

    def any_near(self, pdq: bytes, radius: int) -> bool:
        """Say whether any hash, of whatever list, is within `radius` bits."""
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


def sift(printed: Fingerprint, lookups: Lookups, policy: ScreeningPolicy) -> Screening | None:
    """Return clean, or None where the exact hash must decide. For fingerprints with `quick`.

    1. A digest that is listed: there may be more to say than that.
    2. A quality so near the policy's mark that the exact one may lie on its other side.
    3. A hash in force within the radii and the bits by which the exact hash may differ.
    """
    quick = printed.quick
    if quick is None or policy.farthest + quick.margin > MAX_RADIUS:
        return None
    if any(True for _ in lookups.exact(printed.digests)):
        return None
    if abs(quick.quality - policy.min_quality) <= QUALITY_TOLERANCE:
        return None
    if lookups.any_near(quick.bits, policy.farthest + quick.margin):
        return None
    decisive = quick.quality >= policy.min_quality
    return Screening(Verdict.CLEAN, None if decisive else LOW_QUALITY, ())


def screen(printed: Fingerprint, lookups: Lookups, policy: ScreeningPolicy) -> Screening:
    """Return the verdict on a fingerprint. Pure: all it knows of the lists is `lookups`.

    1. Digests: an equal one is a match, whatever became of the pixels.
    2. PDQ of each distinct frame and reading.
    3. No match, and looks were taken: what they find.
    4. No match, and some pixels could not be had: unscreened.
    5. No match, but a picture of quality within the review radius, or a doubtful sighting:
       possible.
    6. Nothing otherwise: clean; with the reason low_quality when no picture was decisive.
    """
    reason = printed.unscreened.value if printed.unscreened else None
    met = [_match(one) for one in lookups.exact(printed.digests)]
    met.sort(key=lambda one: _STRONGEST_FIRST.index(one.algorithm))
    met.extend(_near(printed.pictures, lookups, policy.radius_for, policy.stated_for))
    doubtful: list[Match] = []
    if not met and printed.looks is not None:
        found = search(printed.looks, lookups, policy.radius, policy.min_quality)
        met = [_sighted(one) for one in found if one.certain]
        doubtful = [_sighted(one) for one in found if not one.certain]
    if met:
        return Screening(Verdict.MATCH, reason, _nearest_of_each(met))
    if reason is not None:
        return Screening(Verdict.UNSCREENED, reason, ())
    if policy.reviews:
        possible = [*_beyond(printed.pictures, lookups, policy), *doubtful]
        if possible:
            called = (replace(one, via=WIDE) for one in possible)
            return Screening(Verdict.POSSIBLE, None, _nearest_of_each(called))
    decisive = any(one.quality >= policy.min_quality for one in printed.pictures)
    return Screening(Verdict.CLEAN, None if decisive else LOW_QUALITY, ())


class Screener:
    """Screens fingerprints against the lists in force; any thread may. Sees changes at once."""

    def __init__(self, database: Database, policy: ScreeningPolicy, folder: Path) -> None:
        """Keep the index in a folder, which the processes of one machine may share."""
        self.policy = policy
        self._database = database
        self._index = LiveIndex(database, folder)
        self._trusted_seconds = 0.0

    def trusting(self, seconds: float) -> Screener:
        """Return the same screener for many files: it sees changes of lists so much later."""
        other = copy(self)
        other._trusted_seconds = seconds
        return other

    def screen(self, printed: Fingerprint, lists: Collection[str] | None = None) -> Screening:
        """Return the verdict on a fingerprint, against the named lists, or all if none is named.

        Raises `NotFound` for a list that does not exist. Whatever else prevents the look gives
        `unscreened` with the reason index_unavailable, or the matches found before it.
        """
        return self._looked(printed, lists, screen)

    def sift(self, printed: Fingerprint, lists: Collection[str] | None = None) -> Screening | None:
        """Return the verdict on a quick fingerprint, or None where the exact hash must decide.

        Raises `NotFound` for a list that does not exist.
        """
        return self._looked(printed, lists, sift)

    def screen_bytes(
        self,
        data: bytes,
        limits: DecodeLimits,
        lists: Collection[str] | None = None,
        *,
        exact: bool = False,
        looks: Budget | None = None,
    ) -> tuple[Fingerprint, Screening]:
        """Return the fingerprint of a file's bytes and the verdict on it.

        Decodes in this process: what outsiders send goes through `tutela.platform.parsing`. Unless
        `exact`, what is far from everything listed is told so by its quick hash; `looks` are taken
        instead of the policy's. Where no digest is listed, MD5 and SHA-1 are taken only when the
        fingerprint is asked for them, so it keeps the bytes.
        """
        budget = self.policy.looks if looks is None else looks
        known = DigestsOnDemand(data)
        if not (exact or self.policy.exact_only or budget is not Budget.NONE):
            printed = quick_fingerprint(data, limits, known)
            screening = self.sift(printed, lists) if printed.quick else None
            if screening is not None:
                return printed, screening
            if not printed.quick:
                return printed, self.screen(printed, lists)
        printed = looked_at(data, limits, budget, known)
        return printed, self.screen(printed, lists)

    def _looked(
        self,
        printed: Fingerprint,
        lists: Collection[str] | None,
        decide: Callable[[Fingerprint, Lookups, ScreeningPolicy], Decided],
    ) -> Decided | Screening:
        try:
            with _InForce(
                self._database, self._index, lists or None, self._trusted_seconds
            ) as in_force:
                return decide(printed, in_force, self.policy)
        except NotFound:
            raise
        except Exception as problem:  # noqa: BLE001 - whatever broke, the item must be held
            if isinstance(problem, IndexInvalid):
                self._index.doubt()
            _log.error("screening.unavailable", problem=type(problem).__name__)
        matches = _nearest_of_each(_match(one) for one in self._equal(printed, lists or None))
        return Screening(Verdict.MATCH if matches else Verdict.UNSCREENED, UNAVAILABLE, matches)

    def _equal(self, printed: Fingerprint, lists: Collection[str] | None) -> list[ListedHash]:
        """Look digests up without the index, which is slower but may still be possible."""
        with suppress(TutelaError), self._database.reading() as connection:
            return lookup.by_digests(connection, _named(printed.digests), lists)
        return []

    def revision(self) -> int:
        """Return the number of the lists' state, which every change of them raises."""
        with self._database.reading() as connection:
            return tables.state(connection).revision

    def prove_now_and_then(self) -> None:
        """Hold the index against its checksums, once an hour."""
        self._index.prove_now_and_then()

    def prove_ready(self) -> None:
        """Bring the index up to date now. Raises `Unavailable` when it cannot be."""
        try:
            self._index.current()
        except Exception as problem:
            raise Unavailable(
                "The hash lists cannot be loaded; every item is held as unscreened.",
                "Check the database, the index folder and the free disk space.",
            ) from problem


class _InForce:
    """The lists in force. The index is asked first; the database only about what it finds."""

    def __init__(
        self,
        database: Database,
        index: LiveIndex,
        lists: Collection[str] | None,
        trusted_seconds: float,
    ) -> None:
        self._database = database
        self._index = index
        self._lists = lists
        self._trusted_seconds = trusted_seconds
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._lists is not None:
            lookup.prove_lists(self._connection, self._lists)
        return self

    def __exit__(self, *_problem: object) -> None:
        self._open.close()

    @cached_property
    def _connection(self) -> sa.Connection:
        return self._open.enter_context(self._database.reading())

    @cached_property
    def _hashes(self) -> ListedHashes:
        return self._index.current(self._trusted_seconds)

    def exact(self, digests: Digests) -> list[ListedHash]:
        if not self._hashes.any_digests:
            return []
        named = _named(digests)
        begin_so = self._hashes.equal(named.values())
        if not begin_so:
            return []
        found = lookup.by_ids(self._connection, begin_so, self._lists, most=len(begin_so))
        return [one for one in found.values() if one.value == named.get(one.algorithm)]

    def near(self, pdq: bytes, radius: int, stated: int | None) -> list[ListedHash]:
        # A flat picture may be listed a million times: the nearest are nearly always enough.
        for most in (_AT_FIRST, EVERYTHING):
            ids = [hit.id for hit in self._hashes.near(pdq, radius, most)]
            if not ids:
                return []
            found = lookup.by_ids(
                self._connection, ids, self._lists, stated=stated, most=MOST_MATCHES
            )
            if len(ids) < most or len(found) >= MOST_MATCHES:
                break
        return [found[number] for number in ids if number in found]

    def any_near(self, pdq: bytes, radius: int) -> bool:
        return bool(self._hashes.near(pdq, radius, 1))

    def alike(self, marks: NDArray[np.uint8]) -> Alike:
        return self._hashes.alike(marks)

    def sketches_of(self, found: Sequence[ListedHash]) -> Iterator[tuple[ListedHash, Sketch]]:
        if found:
            entries = {(one.list_id, one.entry_id) for one in found}
            yield from self.sketches(lookup.sketch_rows(self._connection, entries))

    def sketches(self, rows: Sequence[int]) -> Iterator[tuple[ListedHash, Sketch]]:
        if not rows:
            return
        found = lookup.by_ids(self._connection, list(rows), self._lists, most=len(rows))
        kept = lookup.sketches(self._connection, {one.value for one in found.values()})
        for row in rows:
            if row in found and found[row].value in kept:
                yield found[row], kept[found[row].value]


def _named(digests: Digests) -> dict[str, bytes]:
    return {name: bytes.fromhex(getattr(digests, name)) for name in _STRONGEST_FIRST}


def _beyond(
    pictures: Iterable[PictureHash], lookups: Lookups, policy: ScreeningPolicy
) -> Iterator[Match]:
    """Return what lies beyond the radius and within the review radius of decisive pictures."""
    decisive = [one for one in pictures if one.quality >= policy.min_quality]
    return _near(decisive, lookups, lambda _: policy.review_radius, lambda _: policy.min_quality)


def _near(
    pictures: Iterable[PictureHash],
    lookups: Lookups,
    radius_for: Callable[[int], int],
    stated_for: Callable[[int], int | None],
) -> Iterator[Match]:
    seen: set[str] = set()
    for picture in pictures:
        # Frames and readings often hash alike; the first stands for them.
        if picture.pdq in seen:
            continue
        seen.add(picture.pdq)
        value = bytes.fromhex(picture.pdq)
        radius, stated = radius_for(picture.quality), stated_for(picture.quality)
        for listed in lookups.near(value, radius, stated):
            yield _match(listed, distance(listed.value, value), picture)


def _match(listed: ListedHash, bits: int = 0, picture: PictureHash | None = None) -> Match:
    via = "exact" if picture is None else "frame" if picture.frame else "pdq"
    return Match(
        listed.list_name,
        listed.list_id,
        listed.entry_id,
        listed.algorithm,
        bits,
        via,
        listed.labels,
        listed.classification,
        listed.source,
        picture.frame if picture else None,
        picture.reading if picture else None,
        picture.moment if picture else None,
    )


def _sighted(one: Sighting) -> Match:
    found = _match(one.listed, one.distance)
    return replace(found, via=one.via, corners=one.corners)


def _nearest_of_each(met: Iterable[Match]) -> tuple[Match, ...]:
    """Keep each entry's nearest match; of equals the first, so digests stand before PDQ."""
    best: dict[tuple[str, str], Match] = {}
    for one in met:
        before = best.setdefault((one.list_id, one.entry_id), one)
        if one.distance < before.distance:
            best[one.list_id, one.entry_id] = one
    ordered = sorted(best.values(), key=lambda one: (one.distance, one.list_name, one.entry_id))
    return tuple(ordered[:MOST_MATCHES])
