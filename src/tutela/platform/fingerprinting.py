"""Hashing files in several processes, of which any may die without harm to the others."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Self

from tutela.errors import Unavailable
from tutela.platform.fingerprint_worker import READY, Effort, understood

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.content.decoding import DecodeLimits
    from tutela.hashing.fingerprint import Fingerprint

CRASHED = "decoder_crashed"
TIMED_OUT = "timed_out"
PATIENCE_SECONDS = 120.0
_SLOWEST_BYTES_PER_SECOND = 10_000_000
_LONGEST_ANSWER = 64 << 20
_START_SECONDS = 60.0
_DYING_SECONDS = 5.0
_MOST_FALSE_STARTS = 3
_AHEAD = 2
"""Files given to a worker at a time, so that it need not wait for us between two."""


@dataclass(slots=True, eq=False)
class Job:
    """One file to hash, and with what effort.

    `result`: the fingerprint, or why there is none; None while under way.
    """

    path: Path
    size: int
    effort: Effort = Effort.EXACT
    result: Fingerprint | str | None = None


@dataclass(slots=True, eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    answers: IO[bytes]
    jobs: deque[Job] = field(default_factory=deque)
    heard: bytearray = field(default_factory=bytearray)
    ready: bool = False
    deadline: float = 0.0


class FingerprintWorkers:
    """Processes that hash files. Use as a context; one thread only.

    A worker that dies or is silent for too long costs the file it was at; a new one takes its
    place and its other file. Raises `Unavailable` when workers cannot even start.
    """

    def __init__(
        self, limits: DecodeLimits, workers: int, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._limits = limits
        self._most = workers
        self._patience = patience
        self._workers: list[_Worker] = []
        self._waiting: deque[Job] = deque()
        self._false_starts = 0
        self._selector = selectors.DefaultSelector()
        self.in_flight = workers * _AHEAD * 2

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        for worker in list(self._workers):
            self._end(worker)
        self._selector.close()

    def submit(self, path: Path, size: int, effort: Effort = Effort.EXACT) -> Job:
        """Take a file on, to be hashed after those taken on before."""
        job = Job(path, size, effort)
        self._waiting.append(job)
        self._hand_out()
        return job

    def result(self, job: Job) -> Fingerprint | str:
        """Wait for a file's fingerprint, or the reason why there is none."""
        while job.result is None:
            self._turn()
        return job.result

    def _turn(self) -> None:
        """Hear what workers say, or find out who has been silent for too long."""
        busy = [worker for worker in self._workers if worker.jobs]
        soonest = min((worker.deadline for worker in busy), default=time.monotonic())
        for key, _ in self._selector.select(max(0.0, soonest - time.monotonic())):
            self._hear(key.data)
        now = time.monotonic()
        for worker in busy:
            if worker in self._workers and worker.jobs and worker.deadline <= now:
                self._lose(worker, TIMED_OUT)
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting:
            free = [worker for worker in self._workers if len(worker.jobs) < _AHEAD]
            idle = min(free, key=lambda worker: len(worker.jobs), default=None)
            if (idle is None or idle.jobs) and len(self._workers) < self._most:
                idle = self._started()
            if idle is None:
                return
            self._hand(idle, self._waiting.popleft())

    def _hand(self, worker: _Worker, job: Job) -> None:
        worker.jobs.append(job)
        if worker.ready and len(worker.jobs) == 1:
            self._watch(worker)
        # A worker that is gone is noticed by the end of its answers, which tell what it still did.
        with contextlib.suppress(OSError):
            worker.requests.write(json.dumps([str(job.path), job.effort]).encode() + b"\n")
            worker.requests.flush()

    def _watch(self, worker: _Worker) -> None:
        """Start the clock on the file that the worker is at."""
        if not worker.jobs:
            return
        seconds = self._patience + worker.jobs[0].size / _SLOWEST_BYTES_PER_SECOND
        worker.deadline = time.monotonic() + seconds

    def _hear(self, worker: _Worker) -> None:
        said = os.read(worker.answers.fileno(), 1 << 16)
        worker.heard += said
        if not said or len(worker.heard) > _LONGEST_ANSWER:
            self._lose(worker, CRASHED)
            return
        while (end := worker.heard.find(b"\n")) >= 0:
            line = bytes(worker.heard[: end + 1])
            del worker.heard[: end + 1]
            if line == READY and not worker.ready:
                worker.ready = True
                self._false_starts = 0
                self._watch(worker)
            elif not self._settle(worker, line):
                self._lose(worker, CRASHED)
                return

    def _settle(self, worker: _Worker, line: bytes) -> bool:
        """Take an answer. False when the worker has stopped making sense."""
        if not worker.jobs:
            return False
        try:
            result = understood(line)
        except ValueError:
            return False
        worker.jobs.popleft().result = result
        self._watch(worker)
        return True

    def _lose(self, worker: _Worker, reason: str) -> None:
        """End a worker: its first file is settled, the rest are for others to do."""
        self._end(worker)
        if worker.ready:
            if worker.jobs:
                worker.jobs.popleft().result = reason
        else:
            self._not_started()
        self._waiting.extendleft(reversed(worker.jobs))

    def _not_started(self) -> None:
        """Count a worker that died before it was ready: once may be chance, thrice is not."""
        self._false_starts += 1
        if self._false_starts >= _MOST_FALSE_STARTS:
            raise Unavailable(
                "A hashing process did not start.",
                "Run `python -m tutela.platform.fingerprint_worker '{}'` to see why.",
            )

    def _started(self) -> _Worker:
        # -P: a module in the folder that is being scanned must not be imported.
        command = [sys.executable, "-P", "-m", "tutela.platform.fingerprint_worker"]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*command, json.dumps(asdict(self._limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if process.stdin is None or process.stdout is None:  # pragma: no cover - asked for above
            raise RuntimeError
        worker = _Worker(process, process.stdin, process.stdout)
        worker.deadline = time.monotonic() + _START_SECONDS
        self._workers.append(worker)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)
        return worker

    def _end(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._selector.unregister(worker.answers)
        worker.process.kill()
        # One that hangs in the kernel, on a lost disk, dies later; nobody should wait for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(_DYING_SECONDS)
        worker.answers.close()
        # Closing sends what is left to a worker that will not read it.
        with contextlib.suppress(OSError):
            worker.requests.close()
