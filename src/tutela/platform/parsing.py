"""Where untrusted bytes are parsed: in confined processes, never in this one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import Most, whole
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

_Told = TypeVar("_Told")
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

        def understood(answer: Frame) -> Fingerprint:
            return fingerprint_understood(answer.words | {"digests": asdict(taken[0])})

        try:
            printed = self._ask(words, data, effort.most, understood, meanwhile)
        except Lost as lost:
            return self._lost(data, taken, lost.fault)
        return replace(printed, media_type=sniff(data), bytes=len(data))

    def exif(self, data: bytes) -> Fields:
        """Return what a picture's file says about its making, as `tutela.content.exif` does."""
        try:
            return self._ask({"job": "exif"}, data, Most(), _fields)
        except Lost:
            return ()

    def sketches(self, data: bytes) -> list[str]:
        """Return what a list keeps of a picture beside its hash: base 64, to be checked."""
        words = {"job": "sketches", "limits": self._limits}
        try:
            return self._ask(words, data, Most(), _sketches)
        except Lost:
            return []

    def smaller(self, data: bytes, side: int) -> NDArray[np.uint8]:
        """Return a file's first picture, (height, width, 3), no side longer than `side`.

        Raises `Undecodable`.
        """
        words = {"job": "smaller", "limits": self._limits, "side": side}
        return self._drawn(words, data, Most(data=3 * side * side), partial(_picture, side=side))

    def frames(
        self, data: bytes, moments: tuple[int, ...], side: int
    ) -> dict[int, NDArray[np.uint8]]:
        """Return the frames that a film shows at some moments, (height, width, 3) each.

        Raises `Undecodable` where none can be had.
        """
        words = {"job": "frames", "limits": self._limits, "side": side, "moments": moments}
        most = Most(data=3 * side * side * len(moments))
        return self._drawn(words, data, most, partial(_apart, moments=moments, side=side))

    def _drawn(
        self,
        words: dict[str, Any],
        data: bytes,
        most: Most,
        of: Callable[[Frame], _Told | Undecodable],
    ) -> _Told:
        """Return pixels, or raise `Undecodable`."""

        def understood(answer: Frame) -> _Told | Undecodable:
            if "undecodable" in answer.words:
                return Undecodable(Reason(answer.words["undecodable"]))
            return of(answer)

        try:
            told = self._ask(words, data, most, understood)
        except Lost as lost:
            raise Undecodable(Reason(lost.fault.value)) from lost
        if isinstance(told, Undecodable):
            raise told
        return told

    def _ask(
        self,
        words: dict[str, Any],
        data: bytes,
        most: Most,
        understood: Callable[[Frame], _Told],
        meanwhile: Callable[[Callable[[], None]], None] | None = None,
    ) -> _Told:
        allowed = Allowance(self._patience.seconds, self._patience.cpu_seconds, most)
        return self._pool.run(words, data, allowed, understood, meanwhile)

    def _lost(self, data: bytes, taken: list[Digests], fault: Fault) -> Fingerprint:
        whole = taken[0] if taken else digests((data,))
        return Fingerprint(sniff(data), len(data), whole, (), Reason(fault.value))


def _fields(answer: Frame) -> Fields:
    fields = answer.words["fields"][:_MOST_FIELDS]
    return tuple((_shown(name, _NAME), _shown(value, _VALUE)) for name, value in fields)


def _shown(said: str, longest: int) -> str:
    if not said.isprintable():
        raise ValueError
    return said[:longest]


def _sketches(answer: Frame) -> list[str]:
    return [str(one) for one in answer.words["sketches"][:_MOST_SKETCHES]]


def _picture(answer: Frame, side: int) -> NDArray[np.uint8]:
    height, width = (whole(answer.words[one], 1, side) for one in ("height", "width"))
    return np.frombuffer(answer.data, np.uint8).reshape(height, width, 3)


def _apart(
    answer: Frame, moments: tuple[int, ...], side: int
) -> dict[int, NDArray[np.uint8]] | Undecodable:
    """Take pixels apart as an answer says. Raises `ValueError` where that is no sense."""
    found: dict[int, NDArray[np.uint8]] = {}
    at = 0
    for moment, *sides in answer.words["frames"]:
        width, height = (whole(one, 1, side) for one in sides)
        if moment not in moments:
            raise ValueError
        size = 3 * width * height
        pixels = np.frombuffer(answer.data[at : at + size], np.uint8)
        found[int(moment)] = pixels.reshape(height, width, 3)
        at += size
    return found or Undecodable(Reason.NO_FRAMES)


def _chunks(data: bytes, push: Callable[[], None]) -> Iterator[memoryview | bytes]:
    """Yield the bytes bit by bit, and see between two that a process has what it works on."""
    whole = memoryview(data)
    for start in range(0, len(data), _CHUNK):
        push()
        yield whole[start : start + _CHUNK]
