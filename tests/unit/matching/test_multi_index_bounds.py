"""Kernels that compare many words at once read nothing behind the last table."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np
import pytest
from tests.kernel_paths import PATHS, path_of

from tutela.matching import multi_index
from tutela.matching.multi_index import MultiIndex

ROWS = 256
"""So many rows have tables that end with a page."""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("last", [1, 2, 13, 31])
def test_the_last_bucket_is_read_to_its_end_and_no_further(path: str, last: int) -> None:
    """Behind the tables lies a page that nobody may read."""
    hashes = np.zeros((ROWS, 32), np.uint8)
    hashes[-last:] = 255
    with path_of(path):
        starts, entries = multi_index.build(hashes)
        assert entries.nbytes % mmap.PAGESIZE == 0
        room = mmap.mmap(-1, entries.nbytes + mmap.PAGESIZE)
        whole = np.frombuffer(room, np.uint8)
        guarded = whole[: entries.nbytes].reshape(entries.shape)
        guarded[:] = entries
        page = ctypes.c_void_p(whole.ctypes.data + entries.nbytes)
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.mprotect(page, mmap.PAGESIZE, 0) == 0
        index = MultiIndex(np.arange(ROWS), hashes, starts, guarded)
        found = index.search(b"\xff" * 32, 15)
        assert found == [(row, 0) for row in range(ROWS - last, ROWS)]
        assert index.search(b"\x7f" + b"\xff" * 31, 15) == [(row, 1) for row, _ in found]
        many = index.search_many(np.full((3, 32), 255, np.uint8), 15)
        assert many[1].tolist() == [row for row, _ in found] * 3
