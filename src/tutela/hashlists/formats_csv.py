"""CSV: a header in any order and case, or one bare hash a line."""

from __future__ import annotations

import csv
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.errors import InvalidInput
from tutela.hashing.algorithm import ALGORITHMS
from tutela.hashlists.fields import COLUMNS, KEYS, Line, line_of, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

_BY_LENGTH = {32: "md5", 40: "sha1"}
_AMBIGUOUS = 64
_HEX = frozenset(string.hexdigits)


def split(text: str) -> list[str] | None:
    """Return the fields of one CSV record (RFC 4180), or None when a quote is left open."""
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None


def is_bare(text: str) -> bool:
    """Say whether a line is a single hash of a known length."""
    word = text.strip().strip('"')
    return len(word) in {*_BY_LENGTH, _AMBIGUOUS} and _HEX.issuperset(word)


@dataclass(slots=True)
class Headed:
    """CSV whose first line names the columns."""

    columns: Sequence[str]
    name: str = "csv"

    @classmethod
    def of(cls, fields: Sequence[str]) -> Headed | None:
        """Return the format if these fields are a header. Raises `InvalidInput` if useless."""
        columns = [one.strip().lower() for one in fields]
        known = [one for one in columns if one in COLUMNS]
        if not known:
            return None
        doubled = sorted({one for one in known if known.count(one) > 1})
        if doubled:
            raise InvalidInput(
                f"The header names {', '.join(doubled)} more than once.", "Keep one column of each."
            )
        if KEYS.isdisjoint(known) and not {"id", "withdrawn"} <= set(known):
            raise InvalidInput(
                "The header names no column of hashes.",
                f"Name at least one of {', '.join(sorted(KEYS))}.",
            )
        return cls(columns)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the columns that mean nothing here."""
        return tuple(one for one in self.columns if one and one not in COLUMNS)

    def read(self, number: int, text: str) -> Line:
        """Return what a record says. Missing fields at its end are empty."""
        values = split(text)
        if values is None:
            return refused(number, "a quoted field is not closed")
        if len(values) > len(self.columns):
            return refused(number, f"{len(values)} fields under {len(self.columns)} columns")
        return line_of(number, dict(zip(self.columns, values, strict=False)))


@dataclass(slots=True)
class Bare:
    """One hash a line, named by its length or by the caller."""

    algorithm: str | None
    name: str = "bare hashes"
    ignored: tuple[str, ...] = ()

    def read(self, number: int, text: str) -> Line:
        """Return the hash of a line. Raises `InvalidInput` where its length leaves a choice."""
        word = text.strip().strip('"')
        algorithm = self.algorithm or _BY_LENGTH.get(len(word))
        if algorithm is not None:
            return line_of(number, {algorithm: word})
        if is_bare(word):
            choice = [one.name for one in ALGORITHMS.values() if one.bits == _AMBIGUOUS * 4]
            raise InvalidInput(
                f"Line {number} holds 64 hex digits, which may be {' or '.join(choice)}.",
                f"Say which: --algorithm {' or --algorithm '.join(choice)}.",
            )
        return refused(number, "not a hash of 32, 40 or 64 hex digits")
