"""Hash and match in one thread and in two: how much the second adds, ours and the peers'."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from bench.end_to_end import screening
from bench.hashing import exact
from bench.photos import jpegs, source
from bench.report import Table, machine
from bench.rounds import taking_turns
from threatexchange.signal_type.pdq.pdq_index import PDQIndex
from threatexchange.signal_type.pdq.signal import PdqSignal

from tutela.content.decoding import DecodeLimits

_LIMITS = DecodeLimits()
_LISTED = 100_000
_MEGAPIXELS = 1.0


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return pictures a second and the speed-up."""
    hashes = np.random.default_rng(1).integers(0, 256, (_LISTED, 32), np.uint8)
    index = PDQIndex.build([(one.tobytes().hex(), place) for place, one in enumerate(hashes)])
    files = jpegs(_MEGAPIXELS, 16 if quick_run else 64)
    columns = ("work", "1 thread, ms a picture", "2 threads, ms a picture", "speed-up")
    table = Table(
        f"{_MEGAPIXELS:g} MP pictures, {_LISTED:,} hashes, threads of one process", columns
    )
    with screening(hashes) as screener:
        works = {
            "Tutela, bytes to verdict": lambda one: screener.screen_bytes(one, _LIMITS),
            "Tutela, bytes to verdict, exact only": lambda one: screener.screen_bytes(
                one, _LIMITS, exact=True
            ),
            "Tutela, exact hash alone": exact,
            "threatexchange, hash and match": lambda one: index.query(
                PdqSignal.hash_from_bytes(one)
            ),
        }
        with ThreadPoolExecutor(1) as alone, ThreadPoolExecutor(2) as two:
            for name, work in works.items():
                taken = taking_turns(
                    {
                        "1": lambda: list(alone.map(work, files)),
                        "2": lambda: list(two.map(work, files)),
                    },
                    rounds=9,
                    calls=len(files),
                )
                gain = taken["1"].median / taken["2"].median
                table.row(name, taken["1"].shown(), taken["2"].shown(), f"{gain:.3g}×")
    table.notes.append(source())
    table.notes.append(machine("threatexchange", "pdqhash", "faiss-cpu"))
    return [table]
