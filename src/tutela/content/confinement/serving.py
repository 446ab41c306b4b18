"""The inside of a confined process: warm up, give everything up, answer until the input ends."""

from __future__ import annotations

import gc
import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tutela.content.confinement.confining import confine
from tutela.content.confinement.fault import Fault
from tutela.content.confinement.filter_program import ANSWERS, REQUESTS
from tutela.content.confinement.frame import HEAD, head_and_words, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Handler = Callable[[dict[str, Any], "Incoming"], tuple[dict[str, Any], bytes]]
    """Gets the words of a request and its bytes; returns the words of the answer and its bytes."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Terms:
    """How a process is started. Bytes of memory; `insecure`: go on where confining fails.

    `looks`: it will be asked for looks, so what those need is loaded as well.
    """

    memory: int = 6 << 30
    insecure: bool = False
    looks: bool = False


USUAL = Terms()


class Incoming:
    """The bytes of one job, read when wanted, once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._left = size

    def chunks(self) -> Iterator[bytes]:
        """Yield what is left of the bytes."""
        while self._left:
            chunk = os.read(REQUESTS, min(self._left, _CHUNK))
            if not chunk:
                raise EOFError
            self._left -= len(chunk)
            yield chunk

    def whole(self) -> bytes:
        """Return all bytes."""
        return b"".join(self.chunks())


def serve(handlers: Mapping[str, Handler], warm_up: Callable[[Terms], None]) -> None:
    """Answer each request by the handler that its word `job` names.

    The terms are the first argument of the command line.
    """
    terms = Terms(**json.loads(sys.argv[1]))
    # What decoders print must not get between the answers.
    os.dup2(sys.stdout.fileno(), ANSWERS)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warm_up(terms)
    gc.collect()
    gc.freeze()
    held = confine(terms.memory)
    if not (held.confined or terms.insecure):
        _say({"refused": held.missing}, b"")
        return
    _say({"ready": asdict(held)}, b"")
    while (head := _head()) is not None:
        words, size = head
        incoming = Incoming(size)
        try:
            answer, data = handlers[words["job"]](words, incoming)
        except MemoryError:
            answer, data = {"fault": Fault.TOO_MUCH_MEMORY}, b""
        except Exception as problem:  # noqa: BLE001 - a decoder's fault is an answer, not the end
            answer, data = {"fault": Fault.FAILED, "problem": type(problem).__name__}, b""
        for _ in incoming.chunks():
            pass
        _say(answer, data)


def _head() -> tuple[dict[str, Any], int] | None:
    packed = _exactly(HEAD.size)
    if packed is None:
        return None
    words, size = HEAD.unpack(packed)
    said = _exactly(words)
    return None if said is None else (json.loads(said), size)


def _exactly(size: int) -> bytes | None:
    """Return the next bytes; None where the input ends."""
    got = b""
    while len(got) < size:
        chunk = os.read(REQUESTS, size - len(got))
        if not chunk:
            return None
        got += chunk
    return got


def _say(words: dict[str, Any], data: bytes) -> None:
    for part in (head_and_words(spoken(words), len(data)), data):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(ANSWERS, rest) :]
