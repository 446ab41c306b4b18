"""Timing: what is compared takes turns in one process, so that a slow moment slows all of it."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a call: the median, the least and the most of some rounds."""

    median: float
    least: float
    most: float

    def shown(self, unit: str = "ms") -> str:
        """Return median and range in ms or µs."""
        scale = {"s": 1, "ms": 1e3, "µs": 1e6}[unit]
        parts = [f"{value * scale:.3g}" for value in (self.median, self.least, self.most)]
        return f"{parts[0]} ({parts[1]} to {parts[2]})"


def taking_turns(
    works: Mapping[str, Callable[[], object]], rounds: int, calls: int = 1
) -> dict[str, Timing]:
    """Run each work once to warm up, then all of them in turn; a round counts for `calls` calls."""
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            taken[name].append((time.perf_counter() - start) / calls)
    return {name: summed(times) for name, times in taken.items()}


def summed(times: list[float]) -> Timing:
    """Return the timing of some rounds."""
    return Timing(statistics.median(times), min(times), max(times))


def one_by_one(work: Callable[[Thing], object], things: list[Thing]) -> Timing:
    """Time one call for each thing."""
    taken = []
    for thing in things:
        start = time.perf_counter()
        work(thing)
        taken.append(time.perf_counter() - start)
    return summed(taken)
