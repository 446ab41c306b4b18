"""A list file that a confined process reads: this one only counts its bytes and takes entries."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import SENSELESS, Most
from tutela.content.confinement.lent import Lent, Turn
from tutela.errors import InvalidInput
from tutela.hashlists.formats import Reading
from tutela.hashlists.line_words import understood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.content.confinement.frame import Frame
    from tutela.content.confinement.serving import Terms
    from tutela.hashlists.fields import Line

WORKER = "tutela.hashlists.reading_worker"
_CHUNK = 1 << 17
_AHEAD = 3
"""So many chunks are under way: one is read there while another is taken in here."""
TURN = Turn(seconds=60.0, cpu_seconds=30.0, most=Most(data=1 << 24))
"""The shortest lines with the longest complaints make of a chunk some forty times as much."""
_LONGEST = 500
_MOST_IGNORED = 1 << 16


class ConfinedFile:
    """One pass over a list file. Iterate once; `sha256`, `format` and `ignored` are then known."""

    def __init__(self, terms: Terms, chunks: Iterable[bytes], algorithm: str | None = None) -> None:
        Reading(algorithm)
        self._terms = terms
        self._chunks = chunks
        self._algorithm = algorithm
        self._digest = hashlib.sha256()
        self._last = 0
        self.format = "unknown"
        self.ignored: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes read so far, in hex."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Line]:
        words = {"job": "read", "algorithm": self._algorithm}
        try:
            with Lent(WORKER, self._terms, TURN) as process:
                for chunk in self._chunks:
                    self._digest.update(chunk)
                    for start in range(0, len(chunk), _CHUNK):
                        process.ask(words, chunk[start : start + _CHUNK])
                        while process.under_way > _AHEAD:
                            yield from self._taken(process.answer())
                process.ask({**words, "job": "end"})
                while process.under_way:
                    frame = process.answer()
                    yield from self._taken(frame)
                self._learned(frame.words)
        except Lost as lost:
            raise _unreadable(lost.fault) from lost
        except SENSELESS as problem:
            raise _unreadable(Fault.CRASHED) from problem

    def _taken(self, frame: Frame) -> Iterator[Line]:
        for line in understood(frame.data, self._last):
            self._last = line.number
            yield line
        if "invalid" in frame.words:
            what, remedy = frame.words["invalid"]
            raise InvalidInput(_shown(what), _shown(remedy))

    def _learned(self, words: dict[str, Any]) -> None:
        self.format = _shown(words["format"])
        self.ignored = tuple(str(one) for one in words["ignored"][:_MOST_IGNORED])


def _shown(text: object) -> str:
    """Return what a process says as what may be shown: short, and of one line."""
    kept = str(text)[:_LONGEST]
    return "".join(one if one.isprintable() else "?" for one in kept)


def _unreadable(fault: Fault) -> InvalidInput:
    return InvalidInput(
        f"The process that read the file was lost ({fault.value.replace('_', ' ')}).",
        "Nothing of it was stored. Ask its source for a fresh copy; if that ends so too, the file "
        "may be hostile.",
    )
