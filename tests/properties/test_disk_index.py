"""The index on disk against a plain dictionary: any order of changes, merges, crashes, handles."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.kernel_paths import PATHS, path_of
from tests.properties.test_index import _values, oracle

from tutela.matching import multi_index, segment_store, tail
from tutela.matching.disk_index import DiskIndex
from tutela.matching.index import Hit, ScanIndex
from tutela.matching.multi_index import MultiIndex

_IDS = st.integers(-5, 40)
_RADII = st.integers(0, 63)


class DiskIndexChanges(RuleBasedStateMachine):
    """Two handles on one folder, as two processes would have, and what they should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(tail, "CAPACITY", 6)
        self.patch.setattr(segment_store, "_ABSORBED_ROWS", 5)
        self.folder = Path(tempfile.mkdtemp())
        self.handles = [DiskIndex(self.folder), DiskIndex(self.folder)]
        self.held: dict[int, int] = {}

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.folder)

    @rule(new=st.dictionaries(_IDS, _values(), max_size=12), by=st.integers(0, 1))
    def add(self, new: dict[int, int], by: int) -> None:
        fresh = {number: value for number, value in new.items() if number not in self.held}
        rows = b"".join(value.to_bytes(32) for value in fresh.values())
        ids = np.array(list(fresh), np.int64)
        self.handles[by].add(ids, np.frombuffer(rows, np.uint8).reshape(-1, 32))
        self.held |= fresh

    @rule(ids=st.lists(_IDS, max_size=8), by=st.integers(0, 1))
    def remove(self, ids: list[int], by: int) -> None:
        there = {number for number in ids if number in self.held}
        assert self.handles[by].remove(np.array(ids, np.int64)) == len(there)
        for number in there:
            del self.held[number]

    @rule(
        gone=st.lists(_IDS, max_size=5),
        new=st.dictionaries(_IDS, _values(), max_size=9),
        by=st.integers(0, 1),
    )
    def follow(self, gone: list[int], new: dict[int, int], by: int) -> None:
        """One change that removes and adds; what is added and was not removed stays as it was."""
        kept = {number: value for number, value in self.held.items() if number not in gone}
        rows = b"".join(value.to_bytes(32) for value in new.values())
        values = np.frombuffer(rows, np.uint8).reshape(-1, 32)
        ids = np.array(list(new), np.int64)
        self.handles[by].store.follow(np.array(gone, np.int64), ids, values, (1, 2))
        self.held = new | kept
        assert self.handles[1 - by].store.state == (1, 2)

    @rule(by=st.integers(0, 1))
    def merge(self, by: int) -> None:
        self.handles[by].store.merge()

    @rule(by=st.integers(0, 1))
    def reopen(self, by: int) -> None:
        self.handles[by] = DiskIndex(self.folder)

    @rule(by=st.integers(0, 1))
    def clear(self, by: int) -> None:
        self.handles[by].store.clear()
        self.held = {}

    @rule(query=_values(), radius=_RADII, by=st.integers(0, 1), most=st.integers(0, 9))
    def search(self, query: int, radius: int, by: int, most: int) -> None:
        expected = oracle(self.held, query, radius)
        index, asked = self.handles[by], query.to_bytes(32)
        assert index.search(asked, radius) == expected
        assert index.search(asked, radius, most) == expected[:most]
        assert index.search_many([asked, asked], radius) == [expected, expected]

    @invariant()
    def all_count_the_same(self) -> None:
        assert [len(one) for one in self.handles] == [len(self.held)] * 2


TestDiskIndexChanges = DiskIndexChanges.TestCase
TestDiskIndexChanges.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


@given(
    centres=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4),
    rows=st.integers(0, 400),
    spread=st.integers(0, 40),
    radius=_RADII,
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_tables_find_what_a_scan_finds(
    centres: list[bytes], rows: int, spread: int, radius: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    some = np.frombuffer(b"".join(centres), np.uint8).reshape(-1, 32)
    bits = np.unpackbits(some[rng.integers(0, len(some), rows)], axis=1)
    bits ^= rng.random(bits.shape) < spread / 256
    hashes = np.packbits(bits, axis=1).reshape(-1, 32)
    ids = np.sort(rng.choice(10**9, rows, replace=False))
    scan = ScanIndex()
    scan.add(ids, hashes)
    queries = [*centres, *(one.tobytes() for one in hashes[:3])]
    for name in PATHS:
        with path_of(name):
            index = MultiIndex(ids, hashes, *multi_index.build(hashes))
            for query in queries:
                expected = scan.search(query, radius)
                assert [Hit(*hit) for hit in index.search(query, radius)] == expected
            whole = np.frombuffer(b"".join(queries), np.uint8).reshape(-1, 32)
            which, found, distances = index.search_many(whole, radius)
            told = list(zip(which.tolist(), found.tolist(), distances.tolist(), strict=True))
            assert told == [
                (number, hit.id, hit.distance)
                for number, query in enumerate(queries)
                for hit in scan.search(query, radius)
            ]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("radius", [0, 3, 7, 8, 15, 22, 31, 32, 37, 40, 47, 55, 63])
def test_no_placement_of_the_differing_bits_hides_a_hash(path: str, radius: int) -> None:
    """The pigeonhole's worst cases: bits dealt evenly, in runs, and in a few words."""
    rng = np.random.default_rng(radius)
    base = rng.integers(0, 256, 32, np.uint8)
    rows = []
    for _ in range(200):
        order = {
            0: np.arange(256).reshape(16, 16).T.ravel(),
            1: np.roll(np.arange(256), -int(rng.integers(256))),
            2: rng.permutation(256),
            3: np.concatenate([rng.permutation(16) + 16 * w for w in rng.permutation(16)]),
        }[int(rng.integers(4))]
        bits = np.unpackbits(base)
        bits[order[:radius]] ^= 1
        rows.append(np.packbits(bits))
    noise = rng.integers(0, 256, (20_000, 32), np.uint8)
    hashes = np.concatenate((np.array(rows), noise))
    with path_of(path):
        index = MultiIndex(np.arange(len(hashes)), hashes, *multi_index.build(hashes))
        found = {one for one, _distance in index.search(base.tobytes(), radius)}
    assert found >= set(range(200))
