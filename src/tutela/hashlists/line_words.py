"""How a confined process says what the lines of a list file say: one plain line for each.

Fields are parted by tabs, which no text that may be kept can hold. Reading them takes nothing
but cutting; what they say is checked again, for a hostile file may have taken the process over.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from tutela.hashing.sketch import Sketch
from tutela.hashlists.fields import HASHES, LABEL, LABELS, LONGEST, SKETCHES, Line, Problem
from tutela.hashlists.hashlist import Entry, EntryHash, parse_hash, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIELDS = 3 + len(HASHES) + 1 + len(LONGEST) + 2
_LONGEST_ID = 255
_LONGEST_REASON = 200
_WHOLE, _PART = "!", "?"
_BEST_QUALITY = 100


def spoken(lines: Iterable[Line]) -> bytes:
    """Return lines as they are said."""
    return "\n".join(map(_spoken, lines)).encode()


def understood(said: bytes, after: int = 0) -> Iterator[Line]:
    """Yield the lines that were said, of which the first is beyond `after`.

    Raises `ValueError` for what no process says that does as it should.
    """
    if not said:
        return
    for text in said.decode().split("\n"):
        fields = text.split("\t")
        if len(fields) != _FIELDS or not text.replace("\t", "").isprintable():
            raise ValueError
        line = _understood(fields)
        if line.number <= after:
            raise ValueError
        after = line.number
        yield line


def _spoken(line: Line) -> str:
    problems = "|".join(f"{_WHOLE if one.whole else _PART}{one.reason}" for one in line.problems)
    entry = line.entry
    if entry is None:
        return f"{line.number}\t{problems}" + "\t" * (_FIELDS - 2)
    hashes = {one.algorithm: one for one in entry.hashes}
    quality = hashes["pdq"].quality if "pdq" in hashes else None
    return "\t".join(
        (
            str(line.number),
            problems,
            entry.entry_id,
            *(hashes[one].value.hex() if one in hashes else "" for one in HASHES),
            "" if quality is None else str(quality),
            ";".join(entry.labels),
            *(getattr(entry, one) or "" for one in LONGEST),
            ",".join(b64encode(one).decode() for one in entry.sketches),
        )
    )


def _understood(fields: list[str]) -> Line:
    number, problems, name, *rest = fields
    if not (number.isascii() and number.isdecimal()):
        raise ValueError
    found = tuple(_problem(int(number), one) for one in problems.split("|") if one)
    if not name:
        if any(rest) or not found:
            raise ValueError
        return Line(int(number), None, found)
    return Line(int(number), _entry(name, rest), found)


def _problem(line: int, said: str) -> Problem:
    if said[0] not in {_WHOLE, _PART} or len(said) > _LONGEST_REASON:
        raise ValueError
    return Problem(line, said[1:], whole=said[0] == _WHOLE)


def _entry(name: str, rest: list[str]) -> Entry:
    stated, (quality, labels, *remarks, sketches) = rest[: len(HASHES)], rest[len(HASHES) :]
    hashes = [
        _hash(algorithm, text, quality)
        for algorithm, text in zip(HASHES, stated, strict=True)
        if text
    ]
    drawn = tuple(_sketch(one) for one in sketches.split(",")) if sketches else ()
    hashes += [EntryHash.of_sketch(one) for one in drawn]
    told = tuple(labels.split(";")) if labels else ()
    kept = dict(zip(LONGEST, (one or None for one in remarks), strict=True))
    if (
        len(name) > _LONGEST_ID
        or len(drawn) > SKETCHES
        or len(told) > LABELS
        or any(not 0 < len(one) <= LABEL for one in told)
        or any(one is not None and len(one) > LONGEST[which] for which, one in kept.items())
        or not (hashes or kept["withdrawn"])
    ):
        raise ValueError
    return Entry(name, tuple(hashes), told, **kept, sketches=drawn)


def _hash(algorithm: str, text: str, quality: str) -> EntryHash:
    stated = int(quality) if quality and algorithm == "pdq" else None
    one = parse_hash(algorithm, text, stated)
    if isinstance(one, str) or refuse(one) is not None:
        raise ValueError
    if stated is not None and not 0 <= stated <= _BEST_QUALITY:
        raise ValueError
    return one


def _sketch(text: str) -> bytes:
    stored = b64decode(text, validate=True)
    Sketch.decoded(stored)
    return stored
