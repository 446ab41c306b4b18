"""What confinement costs: a picture parsed in a confined process, and in this one, in turn."""

import statistics
import time
from collections.abc import Callable

from bench.photos import jpegs, source
from bench.report import Table, machine
from bench.rounds import summed

from tutela.content.confinement.pool import Pool, Room
from tutela.content.confinement.serving import USUAL
from tutela.content.decoding import DecodeLimits
from tutela.hashing.look import Budget
from tutela.matching.evasion.effort import looked_at
from tutela.platform.parsing import WORKER, Parsing, Patience

_LIMITS = DecodeLimits()
_PICTURES = 8
_SIZES = (0.3, 1.0, 4.0, 12.0)


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return milliseconds a picture, and how much longer the confined process takes."""
    columns = (
        "megapixels",
        "in this process, ms: median (range)",
        "confined, ms: median (range)",
        "longer by, median of pairs",
        "more processor time",
    )
    table = Table("One JPEG, bytes to fingerprint (digests, exact PDQ), one at a time", columns)
    with Pool(WORKER, USUAL, Room(1)) as pool:
        parsing = Parsing(pool, _LIMITS, Patience())
        for megapixels in _SIZES[: 2 if quick_run else None]:
            files = jpegs(megapixels, _PICTURES)
            rounds = 3 if quick_run or megapixels > 2 else 20
            table.row(megapixels, *_paired(parsing, files, rounds))
    table.notes.append(
        "The same bytes in turn, here and there; half of the pairs begin with the one, half with"
        " the other. The confined process decodes and hashes the pixels while the asking one takes"
        " the digests. Processor time is that of both processes together."
    )
    table.notes.append(source())
    table.notes.append(machine("pillow", "simplejpeg", "numpy"))
    return [table]


def _paired(parsing: Parsing, files: list[bytes], rounds: int) -> tuple[str, str, str, str]:
    def here(data: bytes) -> object:
        return looked_at(data, _LIMITS, Budget.NONE)

    for data in files:
        if parsing.fingerprint(data) != here(data):
            raise ValueError
    waits: dict[str, list[float]] = {"here": [], "there": []}
    spent = {"here": 0.0, "there": 0.0}
    works: dict[str, Callable[[bytes], object]] = {"here": here, "there": parsing.fingerprint}
    for number in range(rounds):
        order = list(works) if number % 2 else list(works)[::-1]
        for data in files:
            for name in order:
                cpu, start = _cpu(parsing), time.perf_counter()
                works[name](data)
                waits[name].append(time.perf_counter() - start)
                spent[name] += _cpu(parsing) - cpu
    pairs = [there / here for there, here in zip(waits["there"], waits["here"], strict=True)]
    return (
        summed(waits["here"]).shown(),
        summed(waits["there"]).shown(),
        f"**{_percent(statistics.median(pairs))}**",
        _percent(spent["there"] / spent["here"]),
    )


def _cpu(parsing: Parsing) -> float:
    """Return the processor time of this process and the confined one, in seconds."""
    return time.process_time() + sum(map(_cpu_of, parsing.processes()))


def _cpu_of(process: int) -> float:
    return time.clock_gettime((~process << 3) | 2)


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"
