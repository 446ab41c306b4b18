"""The linear scan, by the suite that every index must pass."""

from __future__ import annotations

import numpy as np
import pytest
from tests.suites.index_suite import IndexSuite, Make, hashes, numbers

from tutela.matching import index as index_module
from tutela.matching.index import Hit, ScanIndex


class TestScanIndex(IndexSuite):
    @pytest.fixture
    def make(self) -> Make:
        return ScanIndex


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_nothing_is_lost_between_chunks(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(index_module, "_CHUNK", chunk)
    index = ScanIndex()
    index.add(np.arange(130), hashes(130))
    found = [index.search(one.tobytes(), 31) for one in hashes(130)]
    assert found == [[Hit(place, 0)] for place in range(130)]


def test_an_older_id_may_be_added_later() -> None:
    index = ScanIndex()
    index.add(numbers(10, 20), hashes(2))
    index.add(numbers(15), hashes(1, seed=5))
    assert index.search(hashes(1, seed=5)[0].tobytes(), 0) == [Hit(15, 0)]
