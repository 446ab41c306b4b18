"""What confined processes say: the first byte chooses who listens, then come words and bytes.

JSON is often spoilt by changes of bytes, so that numbers in it may also be written anew.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

from tests.pictures import crowded, encoded

from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import SENSELESS, Frame, Nonsense, head_and_words, taken
from tutela.content.decoding import DecodeLimits, Undecodable
from tutela.errors import CounterpartyFailed
from tutela.exchange.confined_answers import ConfinedAnswers
from tutela.hashing.look import Budget
from tutela.hashlists.line_words import understood as lines
from tutela.matching.evasion.effort import looked_at
from tutela.platform.fingerprint_said import fingerprint_said
from tutela.platform.parsing import Parsing, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tutela.content.confinement.pool import Allowance

_Told = TypeVar("_Told")
_SIDE, _MOMENTS = 8, (0, 5)
_LIMITS = DecodeLimits()
_LONGEST = 1000


class _TakenOver:
    """Stands where the pool of processes does, and says the same to whatever it is asked."""

    def __init__(self, said: bytes) -> None:
        words, _, data = said.partition(b"\0")
        self._heard = bytearray(head_and_words(words, len(data)) + data)

    def run(
        self,
        _words: dict[str, Any],
        _data: bytes,
        allowed: Allowance,
        understood: Callable[[Frame], _Told],
        meanwhile: Callable[[Callable[[], None]], None] | None = None,
    ) -> _Told:
        if meanwhile is not None:
            meanwhile(lambda: None)
        try:
            frame = taken(self._heard, allowed.most)
            assert frame is not None, "it is whole"
            return understood(frame)
        except Nonsense as problem:
            raise Lost(Fault.CRASHED) from problem
        except SENSELESS as problem:
            raise Lost(Fault.CRASHED) from problem


def seeds() -> Iterator[bytes]:
    """Say what an honest process says."""
    printed = looked_at(encoded(crowded(5, 64, 48), "PNG"), _LIMITS, Budget.CHEAP)
    yield b"h" + json.dumps(fingerprint_said(replace(printed, looks=None))).encode()
    yield b"h" + json.dumps(fingerprint_said(printed)).encode()
    yield b'e{"fields": [["Make", "x"], ["Model", "y"]]}'
    yield b's{"height": 1, "width": 2}\0' + bytes(6)
    yield b'f{"frames": [[0, 2, 1], [5, 1, 1]]}\0' + bytes(9)
    yield b'x{"code": 0, "report": "12", "file": null, "hash": "ab"}'
    yield b'n{"said": {"a": "b"}}'
    yield b"l" + b"\t".join((b"3", b"?labels: no", b"a", b"0f" * 16, *[b""] * 11))


def run(data: bytes) -> None:
    """Listen; what is believed is in range, and can be stored."""
    who, said = data[:1], data[1:]
    parsing = Parsing(_TakenOver(said), _LIMITS, Patience())  # type: ignore[arg-type]
    answers = ConfinedAnswers(_TakenOver(said))  # type: ignore[arg-type]
    if who == b"e":
        assert all(len(one) <= _LONGEST for field in parsing.exif(b"") for one in field)
    elif who == b"s":
        with contextlib.suppress(Undecodable):
            assert max(parsing.smaller(b"", _SIDE).shape) <= _SIDE
    elif who == b"f":
        with contextlib.suppress(Undecodable):
            assert set(parsing.frames(b"", _MOMENTS, _SIDE)) <= set(_MOMENTS)
    elif who == b"x":
        with contextlib.suppress(CounterpartyFailed):
            assert isinstance(answers.xml(b"").code, int)
    elif who == b"n":
        found = answers.named(b"", {"a": "a"}) or {}
        assert all(isinstance(one, str) for one in found.values())
    elif who == b"l":
        with contextlib.suppress(ValueError):
            assert all(one.number for one in lines(said))
    else:
        printed = parsing.fingerprint(b"", Budget.FULL)
        for one in printed.pictures:
            assert bytes.fromhex(one.pdq).hex() == one.pdq, "another form of a hash"
            assert 0 <= one.quality <= 100, "no quality"
            assert max(one.frame, one.width, one.height) < 1 << 31, "no column holds it"
        told = asdict(replace(printed, looks=None, quick=None))
        json.dumps(told, allow_nan=False)
        for look in printed.looks.hashes if printed.looks else ():
            json.dumps(look.corners, allow_nan=False)
