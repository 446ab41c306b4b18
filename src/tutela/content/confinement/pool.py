"""Confined processes that many threads share: warm, so many and no more, replaced when lost."""

from __future__ import annotations

import select
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import structlog

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import SENSELESS, Frame, Most, spoken
from tutela.content.confinement.process import Process, not_started
from tutela.errors import Unavailable, Unconfined

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutela.content.confinement.confining import Held
    from tutela.content.confinement.serving import Terms

_Told = TypeVar("_Told")
_START_SECONDS = 60.0
_MOST_FALSE_STARTS = 3
_JOBS_EACH = 2000
"""After so many a process makes room for a fresh one: memory, and whoever took it over, go."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one job may take: seconds by the clock and of processor time, and what it may answer."""

    seconds: float = 120.0
    cpu_seconds: float = 60.0
    most: Most = field(default_factory=Most)


@dataclass(frozen=True, slots=True)
class Room:
    """How many processes, how many may wait for one, and how long, in seconds."""

    processes: int = 1
    waiting: int = 32
    patience: float = 30.0


class Pool:
    """Processes that run one module. Any thread may ask; they start when first needed."""

    def __init__(self, module: str, terms: Terms, room: Room) -> None:
        self._module = module
        self._terms = terms
        self._room = room
        self._changed = threading.Condition()
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._waiting = 0
        self._closed = False
        self._false_starts = 0
        self.held: Held | None = None
        """What holds the processes, as the first one that was ready said."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def start(self) -> Held:
        """Start all processes, and return what holds the first once it is ready.

        Raises `Unconfined` where nothing does, `Unavailable` when none will start.
        """
        with self._changed:
            while len(self._idle) + len(self._busy) < self._room.processes:
                self._idle.append(Process(self._module, self._terms))
        process = self._taken()
        self._given_back(process)
        return process.held

    def run(
        self,
        words: dict[str, Any],
        data: bytes,
        allowed: Allowance,
        understood: Callable[[Frame], _Told],
        meanwhile: Callable[[Callable[[], None]], None] | None = None,
    ) -> _Told:
        """Have one job done, and return what its answer is understood to say.

        Raises `Lost` when nothing comes of it, and only of it. A process whose answer makes no
        sense, so that `understood` raises, is not asked again: something may have taken it over.
        `meanwhile` is what else there is to do once the job is under way; it should often call
        what it is given, which hands over more of the bytes.
        Raises `Unavailable` when too many wait already, or for too long.
        """
        process = self._taken()
        try:
            process.allow_cpu(allowed.cpu_seconds)
            until = time.monotonic() + allowed.seconds
            process.put(spoken(words), data)
            process.push()
            if meanwhile is not None:
                meanwhile(process.push)
            answer = _answer(process, until, allowed.most)
            told: _Told | Lost
            told = _told(answer) if "fault" in answer.words else _taken(answer, understood)
        except Lost as lost:
            self._lost(process, lost)
            raise
        except BaseException:
            self._lost(process, None)
            raise
        self._given_back(process)
        if isinstance(told, Lost):
            raise told
        return told

    def processes(self) -> tuple[int, ...]:
        """Return the numbers of the processes that run."""
        with self._changed:
            return tuple(one.pid for one in (*self._idle, *self._busy))

    def close(self) -> None:
        """End all processes; jobs under way are lost."""
        with self._changed:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
            # Whoever is waiting for their answers lets go of them.
            for process in self._busy:
                process.kill()
            self._changed.notify_all()
        for process in idle:
            process.end()

    def _taken(self) -> Process:
        """Return a process that is ready and nobody else's."""
        while True:
            process = self._claimed()
            if process.ready:
                if process.quiet():
                    return process
                self._lost(process, None)
                continue
            try:
                _wait_until_ready(process)
            except Unconfined:
                self._lost(process, None, replace=False)
                raise
            except Lost:
                self._lost(process, None, replace=False)
                self._false_starts += 1
                if self._false_starts >= _MOST_FALSE_STARTS:
                    self._false_starts = 0
                    raise not_started(self._module) from None
                continue
            self._false_starts = 0
            if self.held is None:
                self.held = process.held
                if not self.held.confined:
                    _log.critical("parsing.unconfined", missing=self.held.missing)
            return process

    def _claimed(self) -> Process:
        until = time.monotonic() + self._room.patience
        with self._changed:
            if self._waiting >= self._room.waiting:
                raise _crowded()
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise Unavailable("Tutela is stopping.", "Try again later.")
                    if not self._idle and len(self._busy) < self._room.processes:
                        self._idle.append(Process(self._module, self._terms))
                    if self._idle:
                        process = self._idle.pop()
                        self._busy.add(process)
                        return process
                    if not self._changed.wait(until - time.monotonic()):
                        raise _crowded()
            finally:
                self._waiting -= 1

    def _given_back(self, process: Process) -> None:
        process.done += 1
        if process.done >= _JOBS_EACH:
            self._lost(process, None)
            return
        with self._changed:
            self._busy.discard(process)
            closed = self._closed
            if not closed:
                self._idle.append(process)
            self._changed.notify()
        if closed:
            process.end()

    def _lost(self, process: Process, lost: Lost | None, *, replace: bool = True) -> None:
        """Put a fresh process in the place of one that is of no use any more."""
        if lost is not None:
            _log.warning("parsing.lost", fault=lost.fault.value)
        process.end()
        with self._changed:
            self._busy.discard(process)
            if replace and not self._closed:
                # Last in line: it takes a while to be ready.
                self._idle.insert(0, Process(self._module, self._terms))
            self._changed.notify()


def _crowded() -> Unavailable:
    return Unavailable(
        "All processes that parse uploads are busy.", "Send it again in a while; keep it held."
    )


def _told(answer: Frame) -> Lost:
    """Return what a process says went wrong; it stays in service."""
    much = answer.words["fault"] == Fault.TOO_MUCH_MEMORY
    fault = Fault.TOO_MUCH_MEMORY if much else Fault.FAILED
    problem = str(answer.words.get("problem", ""))[:40]
    _log.warning("parsing.failed", fault=fault.value, problem=problem if problem.isalpha() else "")
    return Lost(fault, problem)


def _taken(answer: Frame, understood: Callable[[Frame], _Told]) -> _Told:
    try:
        return understood(answer)
    except SENSELESS as problem:
        raise Lost(Fault.CRASHED) from problem


def _wait_until_ready(process: Process) -> None:
    process.greeted(_answer(process, time.monotonic() + _START_SECONDS, Most()))


def _answer(process: Process, until: float, most: Most) -> Frame:
    """Return the one frame that is due, handing over what is left of the request meanwhile."""
    poll = select.poll()
    poll.register(process.answers, select.POLLIN)
    watching = False
    while True:
        if process.unsaid != watching:
            watching = process.unsaid
            if watching:
                poll.register(process.requests, select.POLLOUT)
            else:
                poll.unregister(process.requests)
        left = until - time.monotonic()
        ready = poll.poll(left * 1000) if left > 0 else []
        if not ready:
            raise Lost(Fault.TIMED_OUT)
        if watching:
            process.push()
        if any(descriptor == process.answers for descriptor, _ in ready):
            frames = process.hear(most)
            if len(frames) > 1:
                raise Lost(Fault.CRASHED)
            if frames:
                return frames[0]
