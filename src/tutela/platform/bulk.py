"""Scanning stored files: every core busy, every file answered for, resumable."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from tutela.content.decoding import DecodeLimits, Reason
from tutela.content.media_type import sniff
from tutela.hashing.digests import digests
from tutela.hashing.fingerprint import Fingerprint, fingerprint
from tutela.matching.screening import Screener, Screening, Verdict
from tutela.platform.walk import UNREADABLE, Found, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from tutela.platform.journal import Journal, Row

CRASHED = "decoder_crashed"
_IN_FLIGHT_PER_WORKER = 4
_CHUNK = 1 << 20
_Pending = tuple[Found, "Future[Fingerprint | None] | None"]


def scan(
    paths: Iterable[Path],
    screener: Screener,
    limits: DecodeLimits,
    *,
    journal: Journal | None = None,
    lists: Collection[str] | None = None,
    workers: int | None = None,
) -> Iterator[Row]:
    """Yield one line for each file under the paths, in order (docs/reference/scan.md).

    Files of an earlier, interrupted run come from the journal. At most four files a worker are
    in flight, each of at most `limits.max_bytes`; larger ones are digested as a stream.
    """
    with _Pool(limits, workers or os.cpu_count() or 1) as pool:
        waiting: deque[_Pending] = deque()
        for found in walk(paths):
            known = journal.line(found) if journal else None
            if known is not None:
                yield from _answered(waiting, pool, screener, lists, journal, down_to=0)
                yield known
                continue
            waiting.append((found, None if found.fault else pool.submit(found)))
            yield from _answered(waiting, pool, screener, lists, journal, down_to=pool.in_flight)
        yield from _answered(waiting, pool, screener, lists, journal, down_to=0)


def _answered(
    waiting: deque[_Pending],
    pool: _Pool,
    screener: Screener,
    lists: Collection[str] | None,
    journal: Journal | None,
    *,
    down_to: int,
) -> Iterator[Row]:
    while len(waiting) > down_to:
        found, future = waiting.popleft()
        row = _row(found, future, pool, screener, lists)
        if journal is not None:
            journal.keep(found, row)
        yield row


def _row(
    found: Found,
    future: Future[Fingerprint | None] | None,
    pool: _Pool,
    screener: Screener,
    lists: Collection[str] | None,
) -> Row:
    if future is None:
        return _unscreened(found, found.fault or UNREADABLE)
    try:
        printed = future.result()
    except BrokenProcessPool:
        try:
            printed = pool.alone(found)
        except BrokenProcessPool:
            return _unscreened(found, CRASHED)
    if printed is None:
        return _unscreened(found, UNREADABLE)
    return _screened(found, printed, screener.screen(printed, lists))


class _Pool:
    """Worker processes that hash. One that dies costs only the file it died of."""

    def __init__(self, limits: DecodeLimits, workers: int) -> None:
        self._limits = limits
        self._workers = workers
        self.in_flight = workers * _IN_FLIGHT_PER_WORKER
        self._executor = self._made(workers)

    def _made(self, workers: int) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy the threads' locks of whoever calls us.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, mp_context=context)

    def submit(self, found: Found) -> Future[Fingerprint | None]:
        try:
            return self._executor.submit(hash_file, found.path, self._limits)
        except BrokenProcessPool:
            self._executor.shutdown(wait=False)
            self._executor = self._made(self._workers)
            return self._executor.submit(hash_file, found.path, self._limits)

    def alone(self, found: Found) -> Fingerprint | None:
        """Try a file again in a process of its own, to learn whether it was the killer."""
        with self._made(1) as executor:
            return executor.submit(hash_file, found.path, self._limits).result()

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def hash_file(path: Path, limits: DecodeLimits) -> Fingerprint | None:
    """Return a file's fingerprint, or None when it cannot be read. Runs in a worker process."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size <= limits.max_bytes:
                return fingerprint(file.read(limits.max_bytes + 1), limits)
            head = file.read(_CHUNK)
            rest = iter(lambda: file.read(_CHUNK), b"")
            size = os.fstat(file.fileno()).st_size
            whole = digests(_chained(head, rest))
            return Fingerprint(sniff(head), size, whole, (), Reason.TOO_MANY_BYTES)
    except OSError:
        return None


def _chained(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _screened(found: Found, printed: Fingerprint, screening: Screening) -> Row:
    return {
        "path": str(found.path),
        "media_type": printed.media_type,
        "bytes": printed.bytes,
        "sha256": printed.digests.sha256,
        "verdict": screening.verdict.value,
        "reason": screening.reason,
        "matches": [
            {
                "list": match.list_name,
                "entry": match.entry_id,
                "algorithm": match.algorithm,
                "distance": match.distance,
                "via": match.via,
                "labels": list(match.labels),
            }
            for match in screening.matches
        ],
    }


def _unscreened(found: Found, reason: str) -> Row:
    return {
        "path": str(found.path),
        "media_type": None,
        "bytes": found.size,
        "sha256": None,
        "verdict": Verdict.UNSCREENED.value,
        "reason": reason,
        "matches": [],
    }
