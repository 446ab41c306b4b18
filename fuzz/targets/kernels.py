"""The native modules: hostile shapes and tables are refused, and nothing is read outside of them.

Meant to run under the address sanitizer (`make fuzz-native`); without it, only crashes show.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from tutela.hashing import kernels as hashing
from tutela.matching import kernels as matching
from tutela.matching.multi_index import ENTRY_BYTES, KEYS, TABLES, build

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEDS = 64


def seeds() -> Iterator[bytes]:
    """Draw random words: they are what shapes, strides and tables are taken from."""
    words = random.Random(1)
    for _ in range(_SEEDS):
        yield words.randbytes(words.randrange(8, 600))


def run(data: bytes) -> None:
    """Hash, weigh, scan and search with what the bytes say, at every level."""
    rng = np.random.default_rng(list(data[:64]) or [0])
    run_hashing = hashing.compiled()
    if run_hashing is None:
        return
    for level in run_hashing.module.levels():
        _hash(run_hashing.module, level, data, rng)
        _weigh(run_hashing.module, level, data, rng)
    found = matching.compiled()
    if found is not None:
        for level in run_hashing.module.levels():
            _search(found.module, level, data, rng)


def _hash(
    module: hashing.HashingKernels, level: str, data: bytes, rng: np.random.Generator
) -> None:
    height, width = (int(one) for one in rng.integers(0, 140, 2))
    whole = np.resize(np.frombuffer(data or b"\0", np.uint8), (height, width, 4))
    step = int(rng.integers(1, 4))
    for pixels in (whole[..., :3], whole[::step, :, 1:], np.ascontiguousarray(whole[::-1, :, :3])):
        try:
            module.pdq(pixels, level, bool(step % 2))
            module.pdq_grey(pixels[..., 0], level)
        except (ValueError, TypeError):
            pass
    for grey in (np.ascontiguousarray(whole[..., 0]), np.ascontiguousarray(whole[..., 0]).T):
        try:
            module.pdq_grey(grey[::step], level, bool(step % 2))
            module.pdq_grey(grey[::-1], level)
        except (ValueError, TypeError):
            pass


def _weigh(
    module: hashing.HashingKernels, level: str, data: bytes, rng: np.random.Generator
) -> None:
    height, width, taps = (int(one) for one in rng.integers(0, 90, 3))
    grey = np.resize(np.frombuffer(data or b"\0", np.uint8), (height, width))
    rows, columns = rng.integers(-3, 90, (2, 64)).astype(np.int32)
    if rng.integers(2):
        rows %= max(1, height - taps)
        columns %= max(1, width - taps)
    down, across = (rng.integers(-400, 400, (64, taps)).astype(np.int16) for _ in range(2))
    try:
        module.weigh(grey, rows, down, columns, across, 1.0, level)
    except (ValueError, TypeError):
        pass


def _search(
    module: matching.SearchKernels, level: str, data: bytes, rng: np.random.Generator
) -> None:
    rows = int(rng.integers(0, 40))
    hashes = np.resize(np.frombuffer(data or b"\0", np.uint8), (rows, 32))
    starts, entries = build(np.ascontiguousarray(hashes))
    for _ in range(int(rng.integers(0, 30))):
        starts[int(rng.integers(TABLES)), int(rng.integers(KEYS + 1))] = rng.integers(1 << 32)
        if entries.size:
            entries[int(rng.integers(TABLES)), int(rng.integers(rows * ENTRY_BYTES))] = 255
    # Where a query looks is where the tables must lie.
    query = bytes(hashes[0]) if rows else bytes(32)
    for table in range(TABLES):
        if rng.integers(2):
            key = int.from_bytes(query[2 * table : 2 * table + 2], "little")
            starts[table, key : key + 2] = rng.integers(0, 1 << int(rng.integers(1, 33)), 2)
    ids = np.arange(rows, dtype=np.int64)
    radius = int(rng.integers(-1, 66))
    try:
        searcher = module.Searcher(ids, hashes, starts, entries)
        found = searcher.search(query, radius, level, 50)
        assert {one for one, _ in found} <= set(range(rows)), "an id of no row"
        searcher.search_many(hashes, radius, level)
    except (ValueError, TypeError):
        pass
    step = int(rng.integers(1, 4))
    for some in (hashes[::step], hashes[::-1], hashes[:, ::-1]):
        try:
            module.scan(some, query, radius, level, 50)
        except (ValueError, TypeError):
            pass
