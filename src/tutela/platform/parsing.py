"""Where untrusted bytes are parsed: in confined processes, never in this one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import Most
from tutela.content.confinement.pool import Allowance
from tutela.content.decoding import Reason, Undecodable
from tutela.content.media_type import sniff
from tutela.hashing.digests import Digests, digests
from tutela.hashing.fingerprint import Fingerprint
from tutela.hashing.look import Budget
from tutela.platform.fingerprint_said import Effort, fingerprint_understood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tutela.content.confinement.frame import Frame
    from tutela.content.confinement.pool import Pool
    from tutela.content.decoding import DecodeLimits

    Fields = tuple[tuple[str, str], ...]

WORKER = "tutela.platform.parsing_worker"
_CHUNK = 1 << 18
_MOST_FIELDS, _NAME, _VALUE = 200, 64, 1000
_MOST_SKETCHES = 10


@dataclass(frozen=True, slots=True)
class Patience:
    """What one file may take: seconds by the clock, and of processor time."""

    seconds: float = 120.0
    cpu_seconds: float = 60.0


class Parsing:
    """Hands files to confined processes and understands what they answer. Any thread may ask."""

    def __init__(self, pool: Pool, limits: DecodeLimits, patience: Patience) -> None:
        """Use the processes of a pool that runs `WORKER`."""
        self.limits = limits
        self._limits = asdict(limits)
        self._pool = pool
        self._patience = patience

    def prove_ready(self) -> bool:
        """Start the processes, and say whether they are confined: else somebody asked for it.

        Raises `Unconfined` where they cannot be, and nobody asked; `Unavailable` when none starts.
        """
        held = self._pool.held or self._pool.start()
        return held.confined

    def processes(self) -> tuple[int, ...]:
        """Return the numbers of the processes that run."""
        return self._pool.processes()

    def fingerprint(self, data: bytes, budget: Budget = Budget.NONE) -> Fingerprint:
        """Hash a file, with the looks that a budget pays for. Never raises for what is in it.

        The digests are taken here, meanwhile: a process that was taken over cannot lie about them.
        Raises `Unavailable` when no process is free for too long.
        """
        effort = Effort.EXACT if budget is Budget.NONE else Effort(budget)
        words = {
            "job": "hash",
            "limits": self._limits,
            "effort": effort,
            "digests": False,
        }
        taken: list[Digests] = []

        def meanwhile(push: Callable[[], None]) -> None:
            taken.append(digests(_chunks(data, push)))

        if len(data) > self.limits.max_bytes:
            whole = digests((data,))
            return Fingerprint(sniff(data), len(data), whole, (), Reason.TOO_MANY_BYTES)
        try:
            answer = self._ask(words, data, effort.most, meanwhile)
            said = answer.words | {"digests": asdict(taken[0])}
            printed = fingerprint_understood(said)
        except Lost as lost:
            return self._lost(data, taken, lost.fault)
        except ValueError:
            return self._lost(data, taken, Fault.CRASHED)
        return replace(printed, media_type=sniff(data), bytes=len(data))

    def exif(self, data: bytes) -> Fields:
        """Return what a picture's file says about its making, as `tutela.content.exif` does."""
        try:
            fields = self._ask({"job": "exif"}, data, Most()).words["fields"]
            return tuple(
                (str(name)[:_NAME], str(value)[:_VALUE]) for name, value in fields[:_MOST_FIELDS]
            )
        except (Lost, ValueError, KeyError, TypeError):
            return ()

    def sketches(self, data: bytes) -> list[str]:
        """Return what a list keeps of a picture beside its hash: base 64, to be checked."""
        words = {"job": "sketches", "limits": self._limits}
        try:
            drawn = self._ask(words, data, Most()).words["sketches"]
        except (Lost, KeyError):
            return []
        return [str(one) for one in drawn[:_MOST_SKETCHES]] if isinstance(drawn, list) else []

    def smaller(self, data: bytes, side: int) -> NDArray[np.uint8]:
        """Return a file's first picture, (height, width, 3), no side longer than `side`.

        Raises `Undecodable`.
        """
        words = {"job": "smaller", "limits": self._limits, "side": side}
        try:
            answer = self._ask(words, data, Most(data=3 * side * side))
            if "undecodable" in answer.words:
                raise Undecodable(Reason(answer.words["undecodable"]))
            height, width = int(answer.words["height"]), int(answer.words["width"])
            if not (0 < height <= side and 0 < width <= side):
                raise ValueError
            return np.frombuffer(answer.data, np.uint8).reshape(height, width, 3)
        except Lost as lost:
            raise Undecodable(Reason(lost.fault.value)) from lost
        except (ValueError, KeyError, TypeError, OverflowError) as problem:
            raise Undecodable(Reason.DECODER_CRASHED) from problem

    def frames(
        self, data: bytes, moments: tuple[int, ...], side: int
    ) -> dict[int, NDArray[np.uint8]]:
        """Return the frames that a film shows at some moments, (height, width, 3) each.

        Raises `Undecodable` where none can be had.
        """
        words = {"job": "frames", "limits": self._limits, "side": side, "moments": moments}
        try:
            answer = self._ask(words, data, Most(data=3 * side * side * len(moments)))
            if "undecodable" in answer.words:
                raise Undecodable(Reason(answer.words["undecodable"]))
            return _apart(answer, moments, side)
        except Lost as lost:
            raise Undecodable(Reason(lost.fault.value)) from lost
        except (ValueError, KeyError, TypeError, OverflowError) as problem:
            raise Undecodable(Reason.DECODER_CRASHED) from problem

    def _ask(
        self,
        words: dict[str, Any],
        data: bytes,
        most: Most,
        meanwhile: Callable[[Callable[[], None]], None] | None = None,
    ) -> Frame:
        allowed = Allowance(self._patience.seconds, self._patience.cpu_seconds, most)
        return self._pool.run(words, data, allowed, meanwhile)

    def _lost(self, data: bytes, taken: list[Digests], fault: Fault) -> Fingerprint:
        whole = taken[0] if taken else digests((data,))
        return Fingerprint(sniff(data), len(data), whole, (), Reason(fault.value))


def _apart(answer: Frame, moments: tuple[int, ...], side: int) -> dict[int, NDArray[np.uint8]]:
    """Take pixels apart as an answer says. Raises `ValueError` where that is no sense."""
    found: dict[int, NDArray[np.uint8]] = {}
    at = 0
    for moment, width, height in answer.words["frames"]:
        if moment not in moments or not (0 < height <= side and 0 < width <= side):
            raise ValueError
        size = 3 * width * height
        pixels = np.frombuffer(answer.data[at : at + size], np.uint8)
        found[int(moment)] = pixels.reshape(height, width, 3)
        at += size
    if not found:
        raise Undecodable(Reason.NO_FRAMES)
    return found


def _chunks(data: bytes, push: Callable[[], None]) -> Iterator[memoryview | bytes]:
    """Yield the bytes bit by bit, and see between two that a process has what it works on."""
    whole = memoryview(data)
    for start in range(0, len(data), _CHUNK):
        push()
        yield whole[start : start + _CHUNK]
