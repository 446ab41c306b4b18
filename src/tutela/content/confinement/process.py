"""One confined process as seen from outside: what it is given, what it says, how it ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from tutela.content.confinement.confining import Held
from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import Frame, Most, Nonsense, TooLong, head_and_words, taken
from tutela.errors import Unavailable, Unconfined

if TYPE_CHECKING:
    from tutela.content.confinement.serving import Terms

_PIPE_BYTES = 1 << 20
"""As much as a kernel gives without being told to; a picture of a megapixel fits."""
_READ = 1 << 18
_DYING_SECONDS = 5.0
_CPU_HARD = resource.getrlimit(resource.RLIMIT_CPU)[1]
"""Ours, which they inherit."""
_PASSED_ON = {
    "LD_LIBRARY_PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONPATH",
    "TUTELA_KERNELS",
}
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(slots=True, eq=False)
class Stretch:
    """Bytes of an open file that are still to be handed over; whoever does so closes it."""

    descriptor: int
    left: int


class CutShort(Exception):
    """A file became shorter while it was handed over."""

    def __init__(self, stretch: Stretch) -> None:
        super().__init__("cut short")
        self.stretch = stretch


class Process:
    """A process that runs `serve`. Nothing here waits; `requests` and `answers` can be polled.

    It gets none of our environment but what its interpreter needs: settings may hold secrets.
    """

    def __init__(self, module: str, terms: Terms) -> None:
        # -P: a module in the current folder must not be imported.
        self._running = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", module, json.dumps(asdict(terms))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ONE_THREAD | {name: os.environ[name] for name in _PASSED_ON & os.environ.keys()},
            bufsize=0,
        )
        if self._running.stdin is None or self._running.stdout is None:  # pragma: no cover
            raise RuntimeError
        self._requests, self._answers = self._running.stdin, self._running.stdout
        self.requests, self.answers = self._requests.fileno(), self._answers.fileno()
        for end in (self.requests, self.answers):
            os.set_blocking(end, False)
            _widen(end)
        self._outgoing: deque[memoryview | Stretch] = deque()
        self._heard = bytearray()
        self.pid = self._running.pid
        self.ready = False
        self.held = Held(filtered=False, landlock=0)
        self.done = 0

    @property
    def unsaid(self) -> bool:
        """Say whether something is still to be handed over."""
        return bool(self._outgoing)

    def quiet(self) -> bool:
        """Say whether it waits for a request: it lives, and has not said a byte unasked."""
        if self._outgoing or self._heard:
            return False
        try:
            os.read(self.answers, 1)
        except BlockingIOError:
            return True
        return False

    def put(self, words: bytes, data: bytes | Stretch) -> None:
        """Put a request behind those that are under way; `push` hands it over."""
        size = data.left if isinstance(data, Stretch) else len(data)
        self._outgoing.append(memoryview(head_and_words(words, size)))
        self._outgoing.append(data if isinstance(data, Stretch) else memoryview(data))

    def push(self) -> None:
        """Hand over as much as goes now, of a file at most what a pipe holds. Raises `CutShort`."""
        while self._outgoing:
            first = self._outgoing[0]
            try:
                over = self._push_file(first) if isinstance(first, Stretch) else self._push()
            except BlockingIOError:
                return
            except BrokenPipeError:
                # That it is gone is noticed by the end of its answers.
                self._forget()
                return
            if not over:
                return

    def _push(self) -> bool:
        """Hand over the bytes before the next file, words and data in one go."""
        parts = list(takewhile(lambda one: isinstance(one, memoryview), self._outgoing))
        sent = os.writev(self.requests, [one for one in parts if isinstance(one, memoryview)])
        while self._outgoing and isinstance(first := self._outgoing[0], memoryview):
            if sent < len(first):
                self._outgoing[0] = first[sent:]
                return False
            sent -= len(first)
            self._outgoing.popleft()
        return True

    def _push_file(self, first: Stretch) -> bool:
        if first.left:
            moved = _moved(first, self.requests)
            if not moved:
                raise CutShort(first)
            first.left -= moved
        if first.left:
            return False
        self._outgoing.popleft()
        os.close(first.descriptor)
        return True

    def hear(self, most: Most) -> list[Frame]:
        """Return the frames that have come. Raises `Lost` when it has ended, or makes no sense."""
        try:
            said = os.read(self.answers, _READ)
        except BlockingIOError:
            return []
        if not said:
            raise Lost(self._ending())
        self._heard += said
        try:
            frames = []
            while (frame := taken(self._heard, most)) is not None:
                frames.append(frame)
        except TooLong:
            raise Lost(Fault.TOO_MUCH_OUTPUT) from None
        except Nonsense:
            raise Lost(Fault.CRASHED) from None
        return frames

    def greeted(self, frame: Frame) -> None:
        """Take its first frame. Raises `Unconfined` where it could not be confined."""
        held = frame.words.get("ready")
        if not isinstance(held, dict):
            why = str(frame.words.get("refused"))
            raise Unconfined(
                f"This system does not confine the processes that parse uploads ({why}).",
                "Use Linux with seccomp filters, allowed in the container's profile; or ask for "
                "`--insecure-decoding`, and know that a hostile file may then take over a process.",
            )
        # Said before it has read anything that could have taken it over.
        self.ready, self.held = True, Held(**held)

    def allow_cpu(self, seconds: float) -> None:
        """Let it use so much processor time from now on; the kernel ends it after that."""
        if sys.platform != "linux":
            return
        # It may have ended, which its answers tell.
        with contextlib.suppress(OSError, ValueError):
            used = time.clock_gettime((~self.pid << 3) | 2)
            soft = math.ceil(used + seconds)
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (soft, _CPU_HARD))

    def _ending(self) -> Fault:
        """Return why it has ended, by the signal that ended it."""
        try:
            code = self._running.wait(_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return Fault.CRASHED
        if code == -signal.SIGSYS:
            return Fault.VIOLATED
        return Fault.TOO_MUCH_CPU_TIME if code == -signal.SIGXCPU else Fault.CRASHED

    def kill(self) -> None:
        """Kill it, which whoever reads its answers will notice. Any thread may."""
        self._running.kill()

    def end(self) -> None:
        """Kill it and let go of it."""
        self._forget()
        self._running.kill()
        # One that hangs in the kernel dies later; nobody should wait for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running.wait(_DYING_SECONDS)
        for end in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                end.close()

    def _forget(self) -> None:
        for one in self._outgoing:
            if isinstance(one, Stretch):
                os.close(one.descriptor)
        self._outgoing.clear()


def not_started(module: str) -> Unavailable:
    """Return the error of a process that ended before it was ready, again and again."""
    return Unavailable(
        "A process that parses what others sent did not start.",
        f"Run `python -m {module} '{{}}'` to see why.",
    )


def _moved(stretch: Stretch, pipe: int) -> int:
    """Move bytes from a file into a pipe, without looking at them where that goes."""
    if hasattr(os, "splice"):
        try:
            return os.splice(stretch.descriptor, pipe, stretch.left)
        except BlockingIOError:
            raise
        except BrokenPipeError:
            raise
        except OSError:
            pass
    return _copied(stretch, pipe)


def _copied(stretch: Stretch, pipe: int) -> int:
    """Copy up to a page, which a pipe takes whole or not at all."""
    here = os.lseek(stretch.descriptor, 0, os.SEEK_CUR)
    some = os.pread(stretch.descriptor, min(stretch.left, 4096), here)
    sent = os.write(pipe, some) if some else 0
    os.lseek(stretch.descriptor, here + sent, os.SEEK_SET)
    return sent


def _widen(pipe: int) -> None:
    """Make a pipe as wide as goes; narrow ones serve, too."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
