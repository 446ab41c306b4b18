"""The linear scan against an oracle in plain Python, under any order of changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tutela.matching.index import Hit, ScanIndex

_IDS = st.integers(0, 30)
_RADII = st.integers(0, 63)


@st.composite
def _values(draw: st.DrawFn) -> int:
    """Hashes near a few centres, so that searches have something to find."""
    centre = draw(st.sampled_from((0, (1 << 256) - 1, int("a5" * 32, 16), int("0f" * 32, 16))))
    for bit in draw(st.lists(st.integers(0, 255), max_size=70)):
        centre ^= 1 << bit
    return centre


def oracle(held: dict[int, int], query: int, radius: int) -> list[Hit]:
    """Find by comparing with each."""
    hits = [Hit(number, (value ^ query).bit_count()) for number, value in held.items()]
    near = [hit for hit in hits if hit.distance <= radius]
    return sorted(near, key=lambda hit: (hit.distance, hit.id))


class Changes(RuleBasedStateMachine):
    """An index and what it should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.index = ScanIndex()
        self.held: dict[int, int] = {}

    @rule(new=st.dictionaries(_IDS, _values(), max_size=8))
    def add(self, new: dict[int, int]) -> None:
        fresh = {number: value for number, value in new.items() if number not in self.held}
        rows = b"".join(value.to_bytes(32) for value in fresh.values())
        ids = np.array(list(fresh), np.int64)
        self.index.add(ids, np.frombuffer(rows, np.uint8).reshape(-1, 32))
        self.held |= fresh

    @rule(ids=st.lists(_IDS, max_size=8))
    def remove(self, ids: list[int]) -> None:
        there = {number for number in ids if number in self.held}
        assert self.index.remove(np.array(ids, np.int64)) == len(there)
        for number in there:
            del self.held[number]

    @rule(query=_values(), radius=_RADII)
    def search(self, query: int, radius: int) -> None:
        expected = oracle(self.held, query, radius)
        assert self.index.search(query.to_bytes(32), radius) == expected

    @invariant()
    def holds_as_many(self) -> None:
        assert len(self.index) == len(self.held)
        assert sorted(self.index.ids.tolist()) == sorted(self.held)


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=60, stateful_step_count=25)


@given(values=st.lists(_values(), max_size=40), query=_values(), radius=_RADII)
def test_the_scan_finds_what_comparing_with_each_finds(
    values: list[int], query: int, radius: int
) -> None:
    rows = np.frombuffer(b"".join(one.to_bytes(32) for one in values), np.uint8).reshape(-1, 32)
    index = ScanIndex()
    index.add(np.arange(len(values)), rows)
    assert index.search(query.to_bytes(32), radius) == oracle(
        dict(enumerate(values)), query, radius
    )
