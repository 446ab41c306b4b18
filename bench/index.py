"""Radius search beside faiss and threatexchange: search, build, open, add, remove, size, recall."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from bench.report import Table, machine
from bench.rounds import Timing, one_by_one, taking_turns
from numpy.typing import NDArray
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from tutela.matching.disk_index import DiskIndex

Hashes = NDArray[np.uint8]

_RADIUS = 31
_QUERIES = 1024
_LARGEST_PDQ_INDEX = 10**6
_LARGEST_MULTI_HASH = 10**7


@dataclass(frozen=True, slots=True)
class Figures:
    """What one engine did. Times in seconds; None: it does not offer that."""

    engine: str
    build: float
    open: float | None
    single: Timing
    batch: float
    add: float | None
    remove: float | None
    bytes_a_hash: float
    found: int


def planted(hashes: Hashes) -> Hashes:
    """Return queries: half of them listed hashes with 0 to 40 other bits, half at random."""
    rng = np.random.default_rng(9)
    queries = rng.integers(0, 256, (_QUERIES, 32), np.uint8)
    for place in range(0, _QUERIES, 2):
        bits = np.unpackbits(hashes[rng.integers(len(hashes))])
        bits[rng.choice(256, place % 41, replace=False)] ^= 1
        queries[place] = np.packbits(bits)
    return queries


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ours(folder: Path, hashes: Hashes, queries: Hashes) -> Figures:
    whole = [query.tobytes() for query in queries]
    index = DiskIndex(folder)
    count = len(hashes)
    build = _timed(lambda: index.add(np.arange(count, dtype=np.int64), hashes))
    while index.store.merge():
        pass
    opened = _timed(lambda: DiskIndex(folder))
    found = sum(len(hits) for hits in index.search_many(whole, _RADIUS))
    single = one_by_one(lambda query: index.search(query, _RADIUS), whole)
    batch = taking_turns({"": lambda: index.search_many(whole, _RADIUS)}, 5, calls=_QUERIES)
    extra = np.random.default_rng(4).integers(0, 256, (2000, 32), np.uint8)
    ids = [np.array([count + place], np.int64) for place in range(2000)]
    size = index.store.size / count
    add = one_by_one(
        lambda place: index.add(ids[place], extra[place : place + 1]), list(range(2000))
    )
    remove = one_by_one(index.remove, ids)
    return Figures(
        "Tutela", build, opened, single, batch[""].median, add.median, remove.median, size, found
    )


def _flat(folder: Path, hashes: Hashes, queries: Hashes) -> Figures:
    index = faiss.IndexBinaryFlat(256)
    return _faiss("faiss Flat", index, folder, hashes, queries)


def _multi_hash(folder: Path, hashes: Hashes, queries: Hashes) -> Figures:
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    return _faiss("faiss MultiHash 16 × 16", index, folder, hashes, queries)


def _faiss(
    engine: str, index: faiss.IndexBinary, folder: Path, hashes: Hashes, queries: Hashes
) -> Figures:
    few = queries[: 64 if len(hashes) > 10**6 else 256]
    build = _timed(lambda: index.add(hashes))
    limits, _distances, _ids = index.range_search(queries, _RADIUS + 1)
    single = one_by_one(
        lambda at: index.range_search(few[at : at + 1], _RADIUS + 1), list(range(len(few)))
    )
    batch = _timed(lambda: index.range_search(few, _RADIUS + 1)) / len(few)
    path = folder / "faiss"
    faiss.write_index_binary(index, str(path))
    size = path.stat().st_size / len(hashes)
    opened = _timed(lambda: faiss.read_index_binary(str(path)))
    path.unlink()
    add = _timed(lambda: index.add(hashes[:1]))
    return Figures(engine, build, opened, single, batch, add, None, size, int(limits[-1]))


def _pdq_index(folder: Path, hashes: Hashes, queries: Hashes) -> Figures:
    whole = [(one.tobytes().hex(), place) for place, one in enumerate(hashes)]
    asked = [query.tobytes().hex() for query in queries]
    built: list[PDQIndex] = []
    build = _timed(lambda: built.append(PDQIndex.build(whole)))
    index = built[0]
    found = sum(len(index.query(query)) for query in asked)
    single = one_by_one(index.query, asked[:256])
    add = _timed(lambda: index.add(asked[1], -1))
    return Figures(
        "threatexchange PDQIndex",
        build,
        None,
        single,
        single.median,
        add,
        None,
        float("nan"),
        found,
    )


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return a table for each size."""
    sizes = (10**5,) if quick_run else (10**5, 10**6, 10**7, *((10**8,) if large else ()))
    return [_measured(size) for size in sizes]


def _measured(size: int) -> Table:
    hashes = np.random.default_rng(1).integers(0, 256, (size, 32), np.uint8)
    queries = planted(hashes)
    columns = (
        "engine",
        "single query, µs: median (range)",
        "batch, µs a query",
        "ours is faster: single",
        "batch",
        "hits",
        "build, s",
        "open, ms",
        "add one, µs",
        "remove one, µs",
        "bytes a hash",
    )
    table = Table(f"{size:,} hashes, radius {_RADIUS}, one thread", columns)
    engines = [_ours, _flat]
    if size <= _LARGEST_MULTI_HASH:
        engines.append(_multi_hash)
    if size <= _LARGEST_PDQ_INDEX:
        engines.append(_pdq_index)
    ours: Figures | None = None
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            found = engine(Path(folder), hashes, queries)
        ours = ours or found
        table.row(*_cells(table, found, ours, size))
    table.notes.append(
        f"{_QUERIES} queries, half planted within 0 to 40 bits. Every engine that finds as many"
        " hits as Flat, a linear scan, has recall 1. PDQIndex takes and returns hex text; its"
        " batch is its single query. Open: from the file system's cache. Ours lies on disk and"
        " is checksummed as it is built."
    )
    table.notes.append(machine("faiss-cpu", "threatexchange", "numpy"))
    return table


def _cells(table: Table, found: Figures, ours: Figures, size: int) -> list[str]:
    if found is ours:
        times = ("", "")
    else:
        one = found.single.median / ours.single.median
        name = f"{found.engine}, {size:.0e}".replace("e+0", "e")
        times = (f"**{one:.3g}×**", table.ratio(f"search, {name}", found.batch / ours.batch))
    return [
        found.engine,
        found.single.shown("µs"),
        f"{found.batch * 1e6:.3g}",
        *times,
        str(found.found),
        f"{found.build:.3g}",
        _or_not(found.open, 1e3),
        _or_not(found.add, 1e6),
        _or_not(found.remove, 1e6),
        f"{found.bytes_a_hash:.0f}" if found.bytes_a_hash == found.bytes_a_hash else "not told",
    ]


def _or_not(seconds: float | None, scale: float) -> str:
    return "not offered" if seconds is None else f"{seconds * scale:.3g}"


def enough_space(size: int) -> bool:
    """Say whether the temporary folder can hold an index of this size."""
    return shutil.disk_usage(tempfile.gettempdir()).free > size * 300
