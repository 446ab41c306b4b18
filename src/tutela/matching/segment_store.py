"""Segments, a tail and tombstones: an index on disk that many processes search and one changes.

What is added or removed goes to the tail, which every process sees at once. A full tail becomes a
segment; small segments become one; what is removed from a segment is remembered beside it until a
merge leaves it out. Each such step writes new files and then replaces the manifest, so a crash
leaves the old generation or the new one, and searches under way end on the one they began with.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import threading
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from tutela.errors import InvalidInput, Unavailable
from tutela.matching import manifest as manifests
from tutela.matching import segment as segments
from tutela.matching.manifest import Listed, Manifest
from tutela.matching.segment import Segment, SegmentFile
from tutela.matching.tail import Record, Tail
from tutela.matching.view import Part, View, among

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tutela.matching.kernels import Found
    from tutela.matching.segment import Kind

    Ids = NDArray[np.int64]
    Values = NDArray[np.uint8]
    State = tuple[int, int]

Held = TypeVar("Held", bound=Segment)

_DEAD = "dead"
_WRITING, _MERGING = "writing", "merging"
_MERGE, _LOCK = ".merge", ".lock"
_LOOK_SECONDS = 0.5
"""How old a generation may be when whoever replaced it died before it could say so."""
_ATTEMPTS = 20
_ABSORBED_ROWS = 1 << 16
"""Smaller segments are rewritten together with a full tail, in milliseconds."""
_MOST_SEGMENTS = 8
_MOST_DEAD = 0.25
_NO_STATE = (0, 0)
_NO_IDS: Ids = np.empty(0, np.int64)


class SegmentStore(Generic[Held]):
    """An index in a folder. Any thread and any process may search and change it."""

    def __init__(self, folder: Path, kind: Kind[Held]) -> None:
        """Open the index in a folder, made if there is none. Raises `IndexInvalid`."""
        self.folder = folder
        self._kind = kind
        self._changing = threading.RLock()
        self._merging = threading.Lock()
        self._manifest = str(folder / manifests.FILE)
        self._lock_files: dict[str, int] = {}
        self._view: View[Held] | None = None
        self._looked = -math.inf
        self._stamp: tuple[int, int] | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise unwritable() from problem
        if not (folder / manifests.FILE).exists():
            self._create()
        self.current()

    def _create(self) -> None:
        with self._locked(_WRITING, wait=True):
            if not (self.folder / manifests.FILE).exists():
                first = Manifest(self._kind.name, generation=0, next_number=0)
                Tail.create(self.folder / first.tail, self._kind.value_bytes, 0)
                manifests.write(self.folder, first)

    def __len__(self) -> int:
        return self.current()[0].live

    @property
    def state(self) -> tuple[int, int]:
        """Return revision and mark of the lists that this index stands for; zeros at first."""
        return self.current()[0].tail.state

    @property
    def size(self) -> int:
        """Return the bytes of all segments."""
        return sum(part.size for part in self.current()[0].parts)

    # Searching

    def current(self) -> tuple[View[Held], int]:
        """Return the view and the number of its records that count now."""
        view = self._view
        if view is None or view.tail.superseded or time.monotonic() > self._looked + _LOOK_SECONDS:
            view = self._reopened()
        count = view.tail.count
        if count > view.read:
            with self._changing:
                if count > view.read:
                    view.catch_up(count)
        return view, count

    def find(self, query: bytes, radius: int, most: int) -> Found:
        """Return ids and distances of the nearest `most`, by distance, then id."""
        view, count = self.current()
        found: Found = []
        for part in view.parts:
            hits = part.segment.find(query, radius, most)
            alive = view.alive(part, hits, count)
            if len(alive) < len(hits) == most:
                # Room that the dead took may belong to others.
                alive = view.alive(
                    part, part.segment.find(query, radius, len(part.segment.ids)), count
                )
            found += alive
        if count:
            found += self._tail_found(view, query, radius, count)
        if count or len(view.parts) > 1:
            found.sort(key=_nearest_first)
        return found[:most]

    def find_many(self, queries: Values, radius: int) -> list[Found]:
        """Return what `find` returns for each of n queries, shape (n, value_bytes)."""
        view, count = self.current()
        found: list[Found] = [[] for _ in queries]
        for part in view.parts:
            which, ids, distances = part.segment.find_many(queries, radius)
            hits = list(zip(ids.tolist(), distances.tolist(), strict=True))
            alive = set(view.alive(part, hits, count))
            for number, hit in zip(which.tolist(), hits, strict=True):
                if hit in alive:
                    found[number].append(hit)
        if count:
            for number, query in enumerate(queries):
                found[number] += self._tail_found(view, query.tobytes(), radius, count)
        if count or len(view.parts) > 1:
            for some in found:
                some.sort(key=_nearest_first)
        return found

    def _tail_found(self, view: View[Held], query: bytes, radius: int, count: int) -> Found:
        rows = self._kind.scan(view.tail.values[:count], query, radius, count)
        if not rows:
            return []
        return [
            (view.ids[row], distance)
            for row, distance in rows
            if view.kinds[row] == Record.ADDED and view.stands(view.ids[row], row, count)
        ]

    # Changing

    def add(self, ids: Ids, values: Values) -> None:
        """Add values under new ids. Raises `InvalidInput` for an id that is there already."""
        with self._alone() as view:
            if view.holds(ids).any():
                raise InvalidInput("An id is in the index already.", "Remove it first.")
            self._put(view, _NO_IDS, ids, values, view.tail.state)

    def remove(self, ids: Ids) -> int:
        """Remove ids and return how many there were; unknown ones are passed over."""
        if len(ids) > 1:
            ids = np.unique(ids)
        with self._alone() as view:
            gone = ids[view.holds(ids)]
            if len(gone):
                self._put(view, gone, _NO_IDS, self._no_values(), view.tail.state)
            return len(gone)

    def follow(self, removed: Ids, added: Ids, values: Values, state: State) -> None:
        """Bring the index to a state of the lists: one change, on the disk on return.

        Ids that are gone or there already are passed over, so it may be done again.
        """
        removed = np.unique(removed)
        with self._alone() as view:
            gone = removed[view.holds(removed)]
            new = ~view.holds(added) | np.isin(added, gone)
            self._put(view, gone, added[new], values[new], state)
            self.current()[0].tail.sync()

    def clear(self) -> None:
        """Take everything out."""
        with self._alone() as view:
            self._succeed(view, view.manifest.next_number, (), _NO_STATE)

    def _put(
        self, view: View[Held], removed: Ids, added: Ids, values: Values, state: State
    ) -> None:
        if view.read + len(removed) + len(added) <= view.tail.capacity:
            view.append(removed, added, values)
            view.tail.state = state
        else:
            self._rotate(view, removed, added, values, state)

    def _rotate(
        self, view: View[Held], removed: Ids, added: Ids, values: Values, state: State
    ) -> None:
        """Turn the tail and a change into segments, and begin a new tail."""
        tail_ids, tail_values = view.tail_alive()
        kept = ~among(tail_ids, removed)
        ids = np.concatenate((tail_ids[kept], added))
        whole = np.concatenate((tail_values[kept], values))
        gone = np.union1d(view.tail_removed(), removed)
        parts = []
        for part in view.parts:
            dead = np.union1d(part.dead, gone[among(gone, part.segment.ids)])
            if len(part.segment.ids) <= _ABSORBED_ROWS and len(part.segment.ids) <= 4 * len(ids):
                alive = ~among(part.segment.ids, dead)
                ids = np.concatenate((part.segment.ids[alive], ids))
                whole = np.concatenate((part.segment.values()[alive], whole))
            else:
                parts.append(replace(part, dead=dead))
        number, written = self._written(view.manifest.next_number, ids, whole)
        self._succeed(view, number, (*parts, *written), state)

    def _written(self, number: int, ids: Ids, values: Values) -> tuple[int, list[Part[Held]]]:
        """Write ids and values as segments; return the next free number and the segments."""
        order = np.argsort(ids, kind="stable")
        parts = []
        for start in range(0, len(ids), self._kind.most_rows):
            some = order[start : start + self._kind.most_rows]
            path = self.folder / f"segment-{number}"
            number += 1
            sections = self._kind.sections(ids[some], values[some])
            segments.write(path, self._kind.name, len(some), sections)
            parts.append(self._opened(Listed(path.name)))
        return number, parts

    def _succeed(
        self,
        view: View[Held],
        number: int,
        parts: Iterable[Part[Held]],
        state: State,
        tail: tuple[Ids, Values] | None = None,
    ) -> None:
        """Put these segments, and a tail with these additions, in the place of the view's."""
        listed = []
        for part in parts:
            if not part.rows:
                continue
            name = part.listed.dead
            if len(part.dead) and (name is None or not _same_dead(view, part)):
                name = f"dead-{number}"
                number += 1
                segments.write(self.folder / name, _DEAD, len(part.dead), {"ids": part.dead})
            listed.append(replace(part.listed, dead=name))
        generation = view.manifest.generation + 1
        manifest = Manifest(self._kind.name, generation, number, tuple(listed))
        path = self.folder / manifest.tail
        begun = Tail.create(path, self._kind.value_bytes, generation)
        begun.state = state
        if tail is not None:
            begun.append(_NO_IDS, *tail)
        begun.sync()
        manifests.write(self.folder, manifest)
        view.tail.supersede()
        self._reopened()
        self._clear(manifest)

    def _clear(self, manifest: Manifest) -> None:
        """Remove the files of earlier generations. Whoever has them open keeps them."""
        for path in self.folder.iterdir():
            ours = path.name.split("-")[0] in {"segment", _DEAD, "tail"}
            if ours and path.name not in manifest.files:
                path.unlink(missing_ok=True)

    # Merging

    def merge(self) -> bool:
        """Make one segment of several small ones, or leave dead ids out; False: nothing to do.

        Others search and change the index meanwhile. Takes about a second for five million rows.
        """
        with self._merging, self._locked(_MERGING, wait=False) as alone:
            if not alone:
                return False
            for left_behind in self.folder.glob(f"*{_MERGE}*"):
                left_behind.unlink()
            view, _ = self.current()
            chosen = _worth_merging(view.parts, self._kind.most_rows)
            if not chosen:
                return False
            ids = np.concatenate([_living(part) for part in chosen])
            values = np.concatenate(
                [part.segment.values()[~among(part.segment.ids, part.dead)] for part in chosen]
            )
            order = np.argsort(ids, kind="stable")
            merged = self.folder / f"segment{_MERGE}"
            if len(ids):
                sections = self._kind.sections(ids[order], values[order])
                segments.write(merged, self._kind.name, len(ids), sections)
            with self._alone() as now:
                if {one.listed.file for one in chosen} <= {one.listed.file for one in now.parts}:
                    self._swap(now, chosen, merged, len(ids))
            return True

    def _swap(self, view: View[Held], chosen: list[Part[Held]], path: Path, rows: int) -> None:
        """Put a merged segment in the place of those it was made of, less what died meanwhile."""
        gone = view.tail_removed()
        before = {one.listed.file: one.dead for one in chosen}
        number, rest, died = view.manifest.next_number, [], [gone]
        for part in view.parts:
            if part.listed.file in before:
                # What was dead before may live in another of them.
                died.append(np.setdiff1d(part.dead, before[part.listed.file]))
            else:
                added = gone[among(gone, part.segment.ids)]
                rest.append(replace(part, dead=np.union1d(part.dead, added)))
        if rows:
            final = path.with_name(f"segment-{number}")
            number += 1
            path.replace(final)
            opened = self._opened(Listed(final.name))
            dead = np.unique(np.concatenate(died))
            rest.append(replace(opened, dead=dead[among(dead, opened.segment.ids)]))
        self._succeed(view, number, rest, view.tail.state, view.tail_alive())

    # Files

    def _reopened(self) -> View[Held]:
        """Return the view of the manifest in force."""
        with self._changing:
            for _ in range(_ATTEMPTS):
                with contextlib.suppress(FileNotFoundError):
                    return self._look()
                # Replaced between the reading of the manifest and the opening of its files.
                time.sleep(0.01)
            try:
                return self._look()
            except FileNotFoundError as problem:
                lost = self.folder / manifests.FILE
                raise segments.invalid(lost, "names files that are not there") from problem

    def _look(self) -> View[Held]:
        self._looked = time.monotonic()
        status = os.stat(self._manifest)  # noqa: PTH116 - at every change, so no path is built
        stamp = (status.st_ino, status.st_mtime_ns)
        if self._view is not None and stamp == self._stamp:
            return self._view
        manifest = manifests.read(self.folder, self._kind.name)
        known = {part.listed: part for part in self._view.parts} if self._view else {}
        parts = tuple(self._kept(known.get(one)) or self._opened(one) for one in manifest.segments)
        tail = Tail(self.folder / manifest.tail, self._kind.value_bytes, manifest.generation)
        view = View(manifest, parts, tail)
        view.catch_up(tail.count)
        self._view, self._stamp = view, stamp
        return view

    def _kept(self, part: Part[Held] | None) -> Part[Held] | None:
        """Return a part if its file is still the one that is open."""
        if part is None or (self.folder / part.listed.file).stat().st_ino != part.inode:
            return None
        return part

    def _opened(self, listed: Listed) -> Part[Held]:
        file = SegmentFile(self.folder / listed.file, self._kind.name)
        dead = _NO_IDS
        if listed.dead is not None:
            ids = SegmentFile(self.folder / listed.dead, _DEAD)
            dead = ids.section("ids", np.int64, ids.rows)
        return Part(listed, self._kind.opened(file), dead, file.size, file.inode)

    def verify(self) -> None:
        """Read every byte of every segment, tombstone and record. Raises `IndexInvalid`."""
        view, count = self.current()
        view.tail.records(0, count)
        for part in view.parts:
            for name, kind in ((part.listed.file, self._kind.name), (part.listed.dead, _DEAD)):
                if name is None:
                    continue
                try:
                    SegmentFile(self.folder / name, kind).verify()
                except FileNotFoundError as problem:
                    if part.listed in self._reopened().manifest.segments:
                        raise segments.invalid(self.folder / name, "is gone") from problem

    @contextlib.contextmanager
    def _alone(self) -> Iterator[View[Held]]:
        """Keep every other writer out, and yield the view in force."""
        with self._changing, self._locked(_WRITING, wait=True):
            self._looked = -math.inf
            yield self.current()[0]

    @contextlib.contextmanager
    def _locked(self, name: str, *, wait: bool) -> Iterator[bool]:
        file = self._lock_files.get(name)
        try:
            if file is None:
                path = self.folder / f"{name}{_LOCK}"
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._lock_files[name] = file
                weakref.finalize(self, os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        except OSError as problem:
            raise unwritable() from problem
        try:
            yield True
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _no_values(self) -> Values:
        return np.empty((0, self._kind.value_bytes), np.uint8)


def discard(folder: Path) -> None:
    """Remove an index that cannot be opened. Who has it open goes on until the next is there."""
    for path in folder.glob("*"):
        if path.suffix != _LOCK:
            path.unlink(missing_ok=True)


def unwritable() -> Unavailable:
    """Return the error for a folder in which no index can be kept."""
    return Unavailable(
        "The index folder cannot be written.", "Check the folder's rights and the disk."
    )


def _living(part: Part[Held]) -> Ids:
    return part.segment.ids[~among(part.segment.ids, part.dead)]


def _same_dead(view: View[Held], part: Part[Held]) -> bool:
    before = {one.listed.file: one for one in view.parts}.get(part.listed.file)
    return before is not None and len(before.dead) == len(part.dead)


def _worth_merging(parts: tuple[Part[Held], ...], most_rows: int) -> list[Part[Held]]:
    """Choose segments that together are one better one: many small ones, or much that is dead."""
    rising = sorted(parts, key=lambda part: part.rows)
    chosen: list[Part[Held]] = []
    total = 0
    for part in rising:
        alike = part.rows <= 2 * total or len(parts) > _MOST_SEGMENTS
        if total + part.rows > most_rows or (chosen and not alike):
            break
        chosen.append(part)
        total += part.rows
    if len(chosen) > 1:
        return chosen
    return [p for p in rising if len(p.dead) > _MOST_DEAD * len(p.segment.ids)][:1]


def _nearest_first(hit: tuple[int, int]) -> tuple[int, int]:
    return hit[1], hit[0]
