"""Hashing files in several confined processes, any of which may die without harm to the others."""

from __future__ import annotations

import selectors
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import spoken
from tutela.content.confinement.process import CutShort, Process, Stretch, not_started
from tutela.content.confinement.serving import USUAL, Terms
from tutela.platform.fingerprint_said import Effort, fingerprint_understood
from tutela.platform.opening import opened
from tutela.platform.parsing import WORKER, Patience
from tutela.platform.walk import UNREADABLE

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.content.confinement.frame import Frame
    from tutela.content.decoding import DecodeLimits
    from tutela.hashing.fingerprint import Fingerprint

_SLOWEST_BYTES_PER_SECOND = 10_000_000
_START_SECONDS = 60.0
_MOST_FALSE_STARTS = 3
_AHEAD = 2
"""Files given to a process at a time, so that it need not wait for us between two."""


@dataclass(slots=True, eq=False)
class Job:
    """One file to hash, and with what effort.

    `result`: the fingerprint, or why there is none; None while under way.
    """

    path: Path
    size: int
    effort: Effort = Effort.EXACT
    result: Fingerprint | str | None = None
    stretch: Stretch | None = None


@dataclass(slots=True, eq=False)
class _Worker:
    process: Process
    jobs: deque[Job] = field(default_factory=deque)
    deadline: float = 0.0
    pushing: bool = False


class FingerprintWorkers:
    """Processes that hash files. Use as a context; one thread only.

    One that dies or is silent for too long costs the file it was at; a new one takes its place
    and its other file. Raises `Unconfined` where they cannot be confined, `Unavailable` when they
    cannot even start.
    """

    def __init__(
        self,
        limits: DecodeLimits,
        workers: int,
        terms: Terms = USUAL,
        patience: Patience | None = None,
    ) -> None:
        self._words = {
            effort: spoken(
                {"job": "hash", "limits": asdict(limits), "effort": effort, "digests": True}
            )
            for effort in Effort
        }
        self._most = workers
        self._terms = terms
        self._answer = (Effort.FULL_LOOKS if terms.looks else Effort.EXACT).most
        self._patience = patience or Patience()
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
        """Hear what processes say, or find out who has been silent for too long."""
        busy = [worker for worker in self._workers if worker.jobs]
        soonest = min((worker.deadline for worker in busy), default=time.monotonic())
        for key, _ in self._selector.select(max(0.0, soonest - time.monotonic())):
            worker = key.data
            if worker not in self._workers:
                continue
            if key.fd == worker.process.answers:
                self._hear(worker)
            else:
                self._push(worker)
        now = time.monotonic()
        for worker in busy:
            if worker in self._workers and worker.jobs and worker.deadline <= now:
                self._lose(worker, Fault.TIMED_OUT)
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
        file = opened(job.path)
        if isinstance(file, str):
            job.result = file
            return
        job.stretch = Stretch(*file)
        worker.jobs.append(job)
        if worker.process.ready and len(worker.jobs) == 1:
            self._watch(worker)
        worker.process.put(self._words[job.effort], job.stretch)
        self._push(worker)

    def _push(self, worker: _Worker) -> None:
        """Hand over what goes, and have us told when more does."""
        try:
            worker.process.push()
        except CutShort as cut:
            self._end(worker)
            for job in worker.jobs:
                if job.stretch is cut.stretch:
                    job.result = UNREADABLE
            self._take_back(worker)
            return
        if worker.process.unsaid != worker.pushing:
            worker.pushing = worker.process.unsaid
            requests = worker.process.requests
            if worker.pushing:
                self._selector.register(requests, selectors.EVENT_WRITE, worker)
            else:
                self._selector.unregister(requests)

    def _watch(self, worker: _Worker) -> None:
        """Start the clocks on the file that the process is at."""
        if not worker.jobs:
            return
        more = worker.jobs[0].size / _SLOWEST_BYTES_PER_SECOND
        worker.deadline = time.monotonic() + self._patience.seconds + more
        worker.process.allow_cpu(self._patience.cpu_seconds + more)

    def _hear(self, worker: _Worker) -> None:
        try:
            for frame in worker.process.hear(self._answer):
                if not worker.process.ready:
                    worker.process.greeted(frame)
                    self._false_starts = 0
                else:
                    self._settle(worker, frame)
                self._watch(worker)
        except Lost as lost:
            self._lose(worker, lost.fault)

    def _settle(self, worker: _Worker, frame: Frame) -> None:
        """Take an answer. Raises `Lost` when the process has stopped making sense."""
        if not worker.jobs:
            raise Lost(Fault.CRASHED)
        worker.jobs[0].result = _result(frame.words)
        worker.jobs.popleft()

    def _lose(self, worker: _Worker, fault: Fault) -> None:
        """End a process: its first file is settled, the rest are for others to do."""
        self._end(worker)
        if worker.process.ready:
            if worker.jobs:
                worker.jobs.popleft().result = fault.value
        else:
            self._not_started()
        self._take_back(worker)

    def _take_back(self, worker: _Worker) -> None:
        self._waiting.extendleft(job for job in reversed(worker.jobs) if job.result is None)

    def _not_started(self) -> None:
        """Count a process that died before it was ready: once may be chance, thrice is not."""
        self._false_starts += 1
        if self._false_starts >= _MOST_FALSE_STARTS:
            raise not_started(WORKER)

    def _started(self) -> _Worker:
        worker = _Worker(Process(WORKER, self._terms))
        worker.deadline = time.monotonic() + _START_SECONDS
        self._workers.append(worker)
        self._selector.register(worker.process.answers, selectors.EVENT_READ, worker)
        return worker

    def _end(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._selector.unregister(worker.process.answers)
        if worker.pushing:
            self._selector.unregister(worker.process.requests)
        worker.process.end()


def _result(words: dict[str, Any]) -> Fingerprint | str:
    """Return what an answer says. Raises `Lost` when it makes no sense."""
    fault = words.get("fault")
    if fault is not None:
        return Fault.TOO_MUCH_MEMORY if fault == Fault.TOO_MUCH_MEMORY else Fault.FAILED
    try:
        return fingerprint_understood(words)
    except ValueError:
        raise Lost(Fault.CRASHED) from None
