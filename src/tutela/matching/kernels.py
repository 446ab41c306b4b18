"""The compiled search kernels, where they run; `multi_index_numpy` stands in for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tutela.hashing import kernels as hashing_kernels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Found = list[tuple[int, int]]
    """Ids, or rows, and their distances: by distance, then id."""
    FoundMany = tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]
    """Query numbers, ids and distances: by query, then distance, then id."""


class Searcher(Protocol):
    """The tables of one segment. Any thread may search; every call lets others run meanwhile."""

    def search(self, query: bytes, radius: int, level: str, most: int) -> Found:
        """Return the nearest `most` ids within the radius."""
        ...

    def search_many(self, queries: NDArray[np.uint8], radius: int, level: str) -> FoundMany:
        """Return every hit of the queries, shape (n, 32)."""
        ...


class SearchKernels(Protocol):
    """What the extension module offers."""

    def Searcher(  # noqa: N802 - a class of the module
        self,
        ids: NDArray[np.int64],
        hashes: NDArray[np.uint8],
        starts: NDArray[np.uint32],
        entries: NDArray[np.uint8],
    ) -> Searcher:
        """Return a searcher, which keeps the arrays."""
        ...

    def build(
        self,
        hashes: NDArray[np.uint8],
        starts: NDArray[np.uint32],
        entries: NDArray[np.uint8],
        threads: int,
    ) -> None:
        """Fill `starts` and `entries` for the hashes."""
        ...

    def scan(
        self, hashes: NDArray[np.uint8], query: bytes, radius: int, level: str, most: int
    ) -> Found:
        """Return the nearest `most` rows within the radius."""
        ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """The kernels for searching, and the processor level to run them at."""

    module: SearchKernels
    level: str


@cache
def compiled() -> Compiled | None:
    """Return the compiled kernels. None: use NumPy, which finds the same slower."""
    chosen = hashing_kernels.compiled()
    if chosen is None:
        return None
    module = import_module("tutela.matching._native.kernels")
    return Compiled(cast("SearchKernels", module), chosen.level)
