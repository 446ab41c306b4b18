"""Fingerprints as a confined process tells them: JSON, of which nothing is believed unchecked."""

from __future__ import annotations

from dataclasses import asdict, replace
from enum import StrEnum
from typing import Any

from tutela.content.confinement.frame import Most, whole
from tutela.content.decoding import Reading, Reason
from tutela.hashing.digests import Digests
from tutela.hashing.fingerprint import Fingerprint, PictureHash
from tutela.hashing.screening_hash import ScreeningHash
from tutela.platform.looks_said import looks_said, looks_understood

WITHOUT_LOOKS = Most(words=1 << 20)
WITH_LOOKS = Most(words=64 << 20)
_DIGITS = (("md5", 32), ("sha1", 40), ("sha256", 64))
_MOST_BYTES = (1 << 63) - 1
_FARTHEST = (1 << 31) - 1
"""No frame has a higher number, and no side more pixels."""
_LONGEST = 1 << 52
"""No moment is further away, in milliseconds."""
_BEST, _BITS = 100, 256
_LONGEST_WORD = 80


class Effort(StrEnum):
    """How a file is hashed: quickly for selection, exactly, or exactly with looks."""

    QUICK = "quick"
    EXACT = "exact"
    CHEAP_LOOKS = "cheap"
    FULL_LOOKS = "full"

    @property
    def most(self) -> Most:
        """Return the longest answer that such a fingerprint takes."""
        looks = self in {Effort.CHEAP_LOOKS, Effort.FULL_LOOKS}
        return WITH_LOOKS if looks else WITHOUT_LOOKS


def fingerprint_said(printed: Fingerprint) -> dict[str, Any]:
    """Return a fingerprint as JSON can say it."""
    said = asdict(replace(printed, looks=None))
    if printed.looks is not None:
        said["looks"] = looks_said(printed.looks)
    if printed.quick is not None:
        said["quick"]["bits"] = printed.quick.bits.hex()
    return said


def fingerprint_understood(said: dict[str, Any]) -> Fingerprint:
    """Return what was said. Raises `ValueError` when it is no sense."""
    try:
        media_type, unscreened = said["media_type"], said["unscreened"]
        return Fingerprint(
            None if media_type is None else _word(media_type),
            whole(said["bytes"], 0, _MOST_BYTES),
            Digests(**{name: _hexed(said["digests"][name], size) for name, size in _DIGITS}),
            tuple(_picture(one) for one in said["pictures"]),
            None if unscreened is None else Reason(unscreened),
            _quick(said["quick"]),
            None if said["looks"] is None else looks_understood(said["looks"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as problem:
        raise ValueError from problem


def _picture(said: dict[str, Any]) -> PictureHash:
    return PictureHash(
        whole(said["frame"], 0, _FARTHEST),
        Reading(said["reading"]),
        _hexed(said["pdq"], 64),
        whole(said["quality"], 0, _BEST),
        whole(said["width"], 1, _FARTHEST),
        whole(said["height"], 1, _FARTHEST),
        None if said["moment"] is None else whole(said["moment"], -_LONGEST, _LONGEST),
    )


def _quick(said: dict[str, Any] | None) -> ScreeningHash | None:
    if said is None:
        return None
    bits = bytes.fromhex(_hexed(said["bits"], 64))
    return ScreeningHash(bits, whole(said["quality"], 0, _BEST), whole(said["doubtful"], 0, _BITS))


def _hexed(text: str, digits: int) -> str:
    """Return digits of the one form that is stored: no blanks, no capitals, none too many."""
    if len(text) != digits or bytes.fromhex(text).hex() != text:
        raise ValueError
    return text


def _word(said: str) -> str:
    if not (said.isascii() and said.isprintable() and len(said) <= _LONGEST_WORD):
        raise ValueError
    return said
