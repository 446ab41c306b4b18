"""Sealed bytes and letters: altered ones do not open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.keyring import PAIR, held
from tutela.errors import Refused, Tampered
from tutela.evidence import enclosing, sealing, secretstream

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY, _BOUND, _PLAIN = bytes(range(32)), b"evd_1", b"benign " * 9
_HELD = held()


def seeds() -> Iterator[bytes]:
    """Seal an object in both formats, an empty one, and a letter."""
    yield sealing.seal(_PLAIN, _KEY, _BOUND)
    yield sealing.seal(b"", _KEY, _BOUND)
    yield secretstream.MAGIC + bytes(60)
    yield enclosing.enclose(_PLAIN, "ltr_1", PAIR.sealing)


def run(data: bytes) -> None:
    """Open it as both; only what was sealed may come out."""
    try:
        assert sealing.unseal(data, _KEY, _BOUND) in {_PLAIN, b""}, "other bytes opened"
    except Tampered:
        pass
    try:
        assert enclosing.disclose(data, "ltr_1", _HELD) == _PLAIN, "another letter opened"
    except (Tampered, Refused):
        pass
