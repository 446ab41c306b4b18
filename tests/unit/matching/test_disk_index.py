"""The index on disk: the suite of the port, and what files and processes add to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.suites.index_suite import IndexSuite, Make

from tutela.hashing import kernels as hashing_kernels
from tutela.matching import kernels, tail
from tutela.matching.disk_index import DiskIndex


@pytest.fixture(params=["compiled", "numpy"])
def _path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "numpy":
        monkeypatch.setenv(hashing_kernels.CHOICE, hashing_kernels.NUMPY)
    hashing_kernels.compiled.cache_clear()
    kernels.compiled.cache_clear()


@pytest.fixture(params=[4096, 64])
def _capacity(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "CAPACITY", request.param)


@pytest.mark.usefixtures("_path", "_capacity")
class TestDiskIndex(IndexSuite):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        made = iter(range(100))
        return lambda: DiskIndex(tmp_path / f"index{next(made)}")
