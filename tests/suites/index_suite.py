"""What every index must do. Subclass with a `make` fixture to run it on an adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tutela.errors import InvalidInput
from tutela.matching.index import Hit, Index

if TYPE_CHECKING:
    from numpy.typing import NDArray

Make = Callable[[], Index]


def hashes(number: int, seed: int = 1) -> NDArray[np.uint8]:
    """Return random hashes, shape (number, 32)."""
    return np.random.default_rng(seed).integers(0, 256, (number, 32), np.uint8)


def numbers(*ids: int) -> NDArray[np.int64]:
    """Return ids as an index takes them."""
    return np.array(ids, np.int64)


def turned(value: bytes, bits: int, seed: int = 1) -> bytes:
    """Return a hash with this many other bits."""
    places = np.random.default_rng(seed).permutation(256)[:bits].tolist()
    mask: int = sum(1 << place for place in places)
    return (int.from_bytes(value) ^ mask).to_bytes(32)


def filled(make: Make, rows: NDArray[np.uint8]) -> Index:
    """Return an index with these hashes under the ids 0, 1, ..."""
    index = make()
    index.add(np.arange(len(rows), dtype=np.int64), rows)
    return index


class IndexSuite:
    """The behaviour of the port `Index`."""

    @pytest.fixture
    def make(self) -> Make:
        """Return what makes an empty index."""
        raise NotImplementedError

    def test_an_empty_index_finds_nothing(self, make: Make) -> None:
        index = make()
        assert len(index) == 0
        assert index.search(bytes(32), 63) == []
        assert index.search_many([bytes(32), bytes(32)], 31) == [[], []]
        assert index.remove(numbers(1, 2)) == 0

    def test_adding_nothing_is_nothing(self, make: Make) -> None:
        index = make()
        index.add(numbers(), hashes(0))
        assert len(index) == 0

    @pytest.mark.parametrize("radius", [0, 1, 15, 31, 32, 62, 63])
    def test_the_radius_is_exact(self, make: Make, radius: int) -> None:
        rows = hashes(3000)
        index = filled(make, rows)
        for place in (0, 1499, 2999):
            value = rows[place].tobytes()
            assert index.search(turned(value, radius, place), radius) == [Hit(place, radius)]
            assert index.search(turned(value, radius + 1, place), radius) == []

    @pytest.mark.parametrize("word", range(4))
    def test_differing_bits_may_lie_anywhere(self, make: Make, word: int) -> None:
        index = filled(make, hashes(100))
        value = int.from_bytes(hashes(100)[7].tobytes()) ^ (((1 << 31) - 1) << (64 * word))
        assert index.search(value.to_bytes(32), 31) == [Hit(7, 31)]

    def test_opposite_hashes_are_not_near(self, make: Make) -> None:
        index = filled(make, np.zeros((10, 32), np.uint8))
        assert index.search(b"\xff" * 32, 63) == []

    def test_hits_come_by_distance_then_id(self, make: Make) -> None:
        value = hashes(1)[0].tobytes()
        near = [turned(value, bits) for bits in (9, 3, 0, 3, 40)]
        index = make()
        rows = np.frombuffer(b"".join(near), np.uint8).reshape(-1, 32)
        index.add(numbers(50, 40, 30, -20, 10), rows)
        assert index.search(value, 31) == [Hit(30, 0), Hit(-20, 3), Hit(40, 3), Hit(50, 9)]

    def test_many_queries_answer_as_single_ones(self, make: Make) -> None:
        rows = hashes(500)
        index = filled(make, rows)
        queries = [turned(rows[i].tobytes(), i % 40, i) for i in range(60)]
        assert index.search_many(queries, 31) == [index.search(one, 31) for one in queries]

    def test_ids_span_64_bits(self, make: Make) -> None:
        index = make()
        ids = (-(2**63), -1, 0, 2**63 - 1)
        index.add(numbers(*ids), np.repeat(hashes(1), 4, axis=0))
        assert [hit.id for hit in index.search(hashes(1)[0].tobytes(), 0)] == sorted(ids)

    def test_what_is_removed_is_not_found(self, make: Make) -> None:
        rows = hashes(200)
        index = filled(make, rows)
        assert index.remove(numbers(5, 6, 6, 999)) == 2
        assert len(index) == 198
        assert index.search(rows[5].tobytes(), 31) == []
        assert index.search(rows[7].tobytes(), 31) == [Hit(7, 0)]
        assert index.remove(numbers(5)) == 0

    def test_a_removed_id_may_come_back_with_another_hash(self, make: Make) -> None:
        rows = hashes(20)
        index = filled(make, rows)
        index.remove(numbers(3))
        index.add(numbers(3), hashes(1, seed=9))
        assert index.search(rows[3].tobytes(), 31) == []
        assert index.search(hashes(1, seed=9)[0].tobytes(), 0) == [Hit(3, 0)]

    def test_everything_may_be_removed(self, make: Make) -> None:
        index = filled(make, hashes(50))
        assert index.remove(np.arange(50, dtype=np.int64)) == 50
        assert len(index) == 0
        assert index.search(hashes(50)[0].tobytes(), 63) == []
        index.add(numbers(1), hashes(1))
        assert len(index) == 1

    def test_equal_hashes_are_all_found(self, make: Make) -> None:
        index = filled(make, np.repeat(hashes(1), 70_000, axis=0))
        assert [hit.id for hit in index.search(hashes(1)[0].tobytes(), 31)] == list(range(70_000))

    @pytest.mark.parametrize("ids", [(1, 1), (7, 100)])
    def test_an_id_stands_for_one_hash(self, make: Make, ids: tuple[int, int]) -> None:
        index = filled(make, hashes(10))
        with pytest.raises(InvalidInput):
            index.add(numbers(*ids), hashes(2, seed=5))
        assert len(index) == 10
        assert index.search(hashes(10)[7].tobytes(), 0) == [Hit(7, 0)]
        assert index.search(hashes(2, seed=5)[1].tobytes(), 31) == []

    def test_ids_and_hashes_must_fit_together(self, make: Make) -> None:
        for ids, rows in ((numbers(1, 2), hashes(1)), (numbers(1), hashes(1)[:, :16])):
            with pytest.raises(InvalidInput):
                make().add(ids, rows)

    @pytest.mark.parametrize("radius", [-1, 64, 256])
    def test_the_radius_has_limits(self, make: Make, radius: int) -> None:
        with pytest.raises(InvalidInput):
            make().search(bytes(32), radius)

    @pytest.mark.parametrize("size", [0, 16, 31, 33])
    def test_a_query_has_32_bytes(self, make: Make, size: int) -> None:
        with pytest.raises(InvalidInput):
            make().search(bytes(size), 31)

    def test_the_callers_arrays_stay_the_callers(self, make: Make) -> None:
        ids, rows = np.arange(5, dtype=np.int64), hashes(5)
        index = make()
        index.add(ids, rows)
        ids[:], rows[:] = 0, 0
        assert index.search(hashes(5)[4].tobytes(), 0) == [Hit(4, 0)]

    def test_searching_goes_on_while_others_change(self, make: Make) -> None:
        """Some hashes always stay; each search must find exactly those, whole and in order."""
        rows = hashes(2000)
        index = filled(make, rows)
        stop, faults = threading.Event(), []

        def look() -> None:
            place = 0
            while not stop.is_set():
                place = (place + 1) % 1000
                if index.search(rows[place].tobytes(), 31) != [Hit(place, 0)]:
                    faults.append(place)

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for turn in range(100):
            index.remove(np.arange(1000, 2000, dtype=np.int64) + 1000 * turn)
            added = np.arange(2000, 3000, dtype=np.int64) + 1000 * turn
            index.add(added, hashes(1000, seed=turn + 2))
        stop.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(index) == 2000
