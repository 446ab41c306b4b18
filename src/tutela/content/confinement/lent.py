"""A confined process of one's own, for as long as one hostile file takes; then it is ended.

What takes it over has seen that file alone, and can lie about nothing else.
"""

from __future__ import annotations

import select
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import Most, spoken
from tutela.content.confinement.process import Process, not_started

if TYPE_CHECKING:
    from tutela.content.confinement.frame import Frame
    from tutela.content.confinement.serving import Terms

_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one request may take: seconds by the clock and of processor time, and its answer."""

    seconds: float
    cpu_seconds: float
    most: Most


class Lent:
    """Requests go out and answers come back in order; several may be under way."""

    def __init__(self, module: str, terms: Terms, turn: Turn) -> None:
        """Start the process. Raises `Unconfined`, or `Unavailable` when it does not start."""
        self._turn = turn
        self._frames: deque[Frame] = deque()
        self._process = Process(module, terms)
        self.under_way = 0
        try:
            until = time.monotonic() + _START_SECONDS
            self._process.greeted(self._next(until, Most()))
        except Lost:
            self._process.end()
            raise not_started(module) from None
        except BaseException:
            self._process.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._process.end()

    def ask(self, words: dict[str, Any], data: bytes = b"") -> None:
        """Put a request behind those under way."""
        self._process.allow_cpu(self._turn.cpu_seconds)
        self._process.put(spoken(words), data)
        self._process.push()
        self.under_way += 1

    def answer(self) -> Frame:
        """Return the answer to the oldest request. Raises `Lost`, after which there are none."""
        frame = self._next(time.monotonic() + self._turn.seconds, self._turn.most)
        self.under_way -= 1
        fault = frame.words.get("fault")
        if fault is not None:
            raise Lost(Fault.TOO_MUCH_MEMORY if fault == Fault.TOO_MUCH_MEMORY else Fault.FAILED)
        return frame

    def _next(self, until: float, most: Most) -> Frame:
        while not self._frames:
            poll = select.poll()
            poll.register(self._process.answers, select.POLLIN)
            if self._process.unsaid:
                poll.register(self._process.requests, select.POLLOUT)
            left = until - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise Lost(Fault.TIMED_OUT)
            self._process.push()
            self._frames.extend(self._process.hear(most))
        return self._frames.popleft()
