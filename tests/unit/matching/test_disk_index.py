"""The index on disk: the suite of the port, and what files and processes add to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kernel_paths import PATHS, path_of
from tests.suites.index_suite import IndexSuite, Make

from tutela.matching import tail
from tutela.matching.disk_index import DiskIndex


@pytest.fixture(params=PATHS)
def _path(request: pytest.FixtureRequest) -> Iterator[None]:
    with path_of(request.param):
        yield


@pytest.fixture(params=[4096, 64])
def _capacity(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "CAPACITY", request.param)


@pytest.mark.usefixtures("_path", "_capacity")
class TestDiskIndex(IndexSuite):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        made = iter(range(100))
        return lambda: DiskIndex(tmp_path / f"index{next(made)}")
