"""The index on disk that follows the lists in force, shared by the processes of a machine."""

from __future__ import annotations

import contextlib
import fcntl
import math
import threading
import time
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from tutela.errors import IndexInvalid
from tutela.hashing.sketch import MOST_POINTS
from tutela.hashlists import lookup, tables
from tutela.hashlists.tables import EMPTY, ListsState
from tutela.matching.digest_segment import DigestKind, DigestSegment
from tutela.matching.disk_index import DiskIndex
from tutela.matching.index import EVERYTHING
from tutela.matching.pdq_segment import PdqKind
from tutela.matching.segment_store import SegmentStore, discard, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import sqlalchemy as sa
    from numpy.typing import NDArray

    from tutela.matching.index import Hit
    from tutela.storage.database import Database

PICTURES, DIGESTS, MARKS = "pdq", "digests", "marks"
ALIKE_RADIUS = 31
"""Bits by which two marks of one point may differ: most do by 8 to 24."""
_MOST_ALIKE = 64
_PROOF_SECONDS = 3600.0
"""How long what an index says is trusted before its checksums are held against it again."""
_NONE = np.empty(0, np.int64)
_NO_PDQ = np.empty((0, PdqKind.value_bytes), np.uint8)
_NO_DIGESTS = np.empty((0, DigestKind.value_bytes), np.uint8)

_log = structlog.get_logger()


class ListedHashes:
    """Every hash in force, found by its row's number: PDQ within a radius, digests by prefix."""

    def __init__(self, folder: Path) -> None:
        """Open the indexes in a folder, made if there are none. Raises `IndexInvalid`."""
        self.pictures = DiskIndex(folder / PICTURES)
        self.digests: SegmentStore[DigestSegment] = SegmentStore(folder / DIGESTS, DigestKind())
        self.marks = DiskIndex(folder / MARKS)

    @property
    def states(self) -> set[ListsState]:
        """Return the states of the lists that the indexes stand for: one, but for a crash."""
        return {ListsState(*one.state) for one in self.stores}

    @property
    def stores(self) -> tuple[SegmentStore[Any], ...]:
        """Return where the hashes are."""
        return self.pictures.store, self.digests, self.marks.store

    def near(self, pdq: bytes, radius: int, most: int) -> list[Hit]:
        """Return the nearest `most` listed PDQ within the radius, by distance, then number."""
        return self.pictures.search(pdq, radius, most)

    @property
    def any_digests(self) -> bool:
        """Say whether any digest is listed: else nobody need take them."""
        return len(self.digests) > 0

    def equal(self, digests: Iterable[bytes]) -> list[int]:
        """Return the numbers of digests that begin as one of these: nearly always equal ones."""
        return [row for one in digests for row, _ in self.digests.find(one, 0, EVERYTHING)]

    def alike(self, marks: NDArray[np.uint8]) -> list[list[tuple[int, int, int]]]:
        """Return, for each of n marks (n, 32), row, point and distance of those that are like it.

        Nothing for a mark that too many are like: it tells little.
        """
        if not len(self.marks) or not len(marks):
            return []
        return [
            [(*divmod(number, MOST_POINTS), distance) for number, distance in found]
            if len(found) <= _MOST_ALIKE
            else []
            for found in self.marks.store.find_many(marks, ALIKE_RADIUS)
        ]

    def clear(self) -> None:
        """Begin anew."""
        for store in self.stores:
            store.clear()

    def merge(self) -> None:
        """Make few segments of many, as long as it is worth it."""
        for store in self.stores:
            while store.merge():
                pass


class LiveIndex:
    """Brings the index to the state of the lists before each look. Any thread may ask.

    It may be newer than what a transaction sees, so whoever looks up a hit passes over rows that
    are not in force.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._updating = threading.Lock()
        self._open: ListedHashes | None = None
        self._doubted = False
        self._asked = -math.inf
        self._proven = -math.inf
        self._merging: threading.Thread | None = None

    def current(self, trusted_seconds: float = 0.0) -> ListedHashes:
        """Return the index, brought up to date first. One small query when nothing changed.

        None at all when the last was less than `trusted_seconds` ago.
        """
        now = time.monotonic()
        if self._open is not None and not self._doubted and now < self._asked + trusted_seconds:
            return self._open
        with self._database.reading() as connection:
            state = tables.state(connection)
        listed = self._open
        if listed is not None and not self._doubted:
            with contextlib.suppress(IndexInvalid):
                if listed.states == {state}:
                    self._asked = now
                    return listed
        with self._updating, self._alone():
            before = self._open
            listed = self._opened()
            with self._database.reading() as connection:
                if _follow(connection, listed):
                    self._merge_aside(listed)
            self._open = listed
            if before is None:
                self._prove_aside()
            return listed

    def doubt(self) -> None:
        """Have the index made again: a look at it has failed."""
        self._doubted = True

    def prove(self) -> None:
        """Read every byte that is on the disk, and have the index made again if one is wrong."""
        listed = self._open
        if listed is None:
            return
        try:
            for store in listed.stores:
                store.verify()
        except (IndexInvalid, OSError) as problem:
            what = problem.what if isinstance(problem, IndexInvalid) else type(problem).__name__
            _log.error("index.invalid", what=what, effect="made again from the lists")
            if self._open is listed:
                self.doubt()

    def prove_now_and_then(self) -> None:
        """Prove what is open if that was long ago, while it is searched."""
        if self._open is not None and time.monotonic() >= self._proven + _PROOF_SECONDS:
            self._prove_aside()

    def _prove_aside(self) -> None:
        self._proven = time.monotonic()
        threading.Thread(target=self.prove, name="index-proof", daemon=True).start()

    def _opened(self) -> ListedHashes:
        listed = self._open
        if not self._doubted:
            try:
                listed = listed or ListedHashes(self._folder)
                _ = listed.states
            except IndexInvalid as problem:
                _log.error("index.invalid", what=problem.what, effect="made again from the lists")
            else:
                return listed
        self._open, self._doubted = None, False
        for name in (PICTURES, DIGESTS, MARKS):
            discard(self._folder / name)
        return ListedHashes(self._folder)

    def _merge_aside(self, listed: ListedHashes) -> None:
        if self._merging is None or not self._merging.is_alive():
            self._merging = threading.Thread(target=_merge, args=(listed,), daemon=True)
            self._merging.start()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time bring the index up to date."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self._folder / "following.lock").open("w")
        except OSError as problem:
            raise unwritable() from problem
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _merge(listed: ListedHashes) -> None:
    try:
        listed.merge()
    except Exception as problem:  # noqa: BLE001 - the index is as good as before, only slower
        _log.error("index.merge_failed", problem=type(problem).__name__)


def _follow(connection: sa.Connection, listed: ListedHashes) -> bool:
    """Take in what came and leave out what went since the index was last brought up to date."""
    state = tables.state(connection)
    if listed.states == {state}:
        return False
    # Some of them may have been brought further before a crash: taking in twice is harmless.
    known = min(listed.states, key=lambda one: one.revision)
    last = tables.last_id(connection, known)
    if last is None or any(tables.last_id(connection, one) is None for one in listed.states):
        listed.clear()
        known, last = EMPTY, 0
    for rows in lookup.rows_after(connection, last):
        store = listed.pictures.store if rows.pdq else listed.digests
        store.follow(_NONE, rows.ids, rows.values, astuple(known))
    for ids, marks in lookup.marks_after(connection, last):
        listed.marks.store.follow(_NONE, ids, marks, astuple(known))
    removed = lookup.ids_removed_after(connection, known.revision)
    listed.pictures.store.follow(removed, _NONE, _NO_PDQ, astuple(state))
    listed.digests.follow(removed, _NONE, _NO_DIGESTS, astuple(state))
    listed.marks.store.follow(_points_of(removed, listed), _NONE, _NO_PDQ, astuple(state))
    return True


def _points_of(rows: NDArray[np.int64], listed: ListedHashes) -> NDArray[np.int64]:
    """Return the numbers of all points of those of the rows that are sketches."""
    view, _ = listed.marks.store.current()
    sketches = rows[view.holds(rows * MOST_POINTS)]
    return (sketches[:, None] * MOST_POINTS + np.arange(MOST_POINTS)).ravel()
