"""Reading list files as a stream: CSV with or without a header, and NDJSON.

One record is one line: a quote left open costs its line and not those that follow.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from tutela.errors import InvalidInput
from tutela.hashing.algorithm import ALGORITHMS
from tutela.hashlists.fields import Line, refused
from tutela.hashlists.formats_csv import Bare, Headed, is_bare, split
from tutela.hashlists.formats_ndjson import Objects, is_whole_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_LINE = 1 << 16
_BOM = b"\xef\xbb\xbf"
_ODD_STARTS = (b"\xff\xfe", b"\xfe\xff", b"PK", b"\x1f\x8b")


class Format(Protocol):
    """How the lines of one file are read."""

    name: str

    def read(self, number: int, text: str) -> Line:
        """Return what a line says."""
        ...

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the names of columns that were met and mean nothing here."""
        ...


class Known(Protocol):
    """One pass over a list file: iterate once; the rest is then known.

    Raises `InvalidInput` when the file is of no known format, while it is iterated.
    """

    def __iter__(self) -> Iterator[Line]:
        """Yield what the lines say."""
        ...

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes read so far, in hex."""
        ...

    @property
    def format(self) -> str:
        """Return what the file was recognised as."""
        ...

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the names of columns that mean nothing here."""
        ...


class Reading:
    """The reading of one list file, which is given a chunk at a time."""

    def __init__(self, algorithm: str | None = None) -> None:
        """Take bare hashes as of this algorithm. Raises `InvalidInput` for an unknown one."""
        if algorithm is not None and algorithm not in ALGORITHMS:
            raise InvalidInput(
                f"{algorithm!r} is not an algorithm that lists can hold.",
                f"Use one of {', '.join(ALGORITHMS)}.",
            )
        self._algorithm = algorithm
        self._cut = _Cut(LONGEST_LINE)
        self._format: Format | None = None

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Yield what the lines say that are whole now. Raises `InvalidInput`."""
        yield from self._said(self._cut.feed(chunk))

    def end(self) -> Iterator[Line]:
        """Yield what the last line says. Raises `InvalidInput`, also for a file of nothing."""
        yield from self._said(self._cut.end())
        if self._format is None:
            raise InvalidInput("The file is empty.", "Check that it was downloaded completely.")

    @property
    def format(self) -> str:
        """Return what the file was recognised as."""
        return self._format.name if self._format else "unknown"

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the names of columns that mean nothing here."""
        return self._format.ignored if self._format else ()

    def _said(self, numbered: Iterable[tuple[int, bytes | None]]) -> Iterator[Line]:
        for number, raw in numbered:
            line = self._line(number, raw)
            if line is not None:
                yield line

    def _line(self, number: int, raw: bytes | None) -> Line | None:
        if self._format is None:
            if raw is not None and not raw.removeprefix(_BOM).strip():
                return None
            raw = raw.removeprefix(_BOM) if raw is not None else None
            self._format = recognise(raw, self._algorithm)
            if isinstance(self._format, Headed):
                return None
        if raw is None:
            return refused(number, f"longer than {LONGEST_LINE} bytes")
        if b"\x00" in raw:
            return refused(number, "holds a NUL byte")
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return refused(number, "not valid UTF-8")
        return self._format.read(number, text) if text.strip() else None


class ListFile:
    """A file that is read in this process: of our own making, or in a confined process."""

    def __init__(self, chunks: Iterable[bytes], algorithm: str | None = None) -> None:
        self._chunks = chunks
        self._reading = Reading(algorithm)
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[Line]:
        for chunk in self._chunks:
            self._digest.update(chunk)
            yield from self._reading.feed(chunk)
        yield from self._reading.end()

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes read so far, in hex."""
        return self._digest.hexdigest()

    @property
    def format(self) -> str:
        """Return what the file was recognised as."""
        return self._reading.format

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the names of columns that mean nothing here."""
        return self._reading.ignored


class _Cut:
    """Cuts chunks into numbered lines."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._number, self._rest, self._too_long = 1, b"", False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        *whole, rest = (self._rest + chunk).split(b"\n")
        number, too_long = self._number, self._too_long
        fits = len(rest) <= self._longest
        self._rest = rest if fits else b""
        self._number = number + len(whole)
        self._too_long = not fits or (too_long and not whole)
        for raw in whole:
            kept = not too_long and len(raw) <= self._longest
            yield number, raw.removesuffix(b"\r") if kept else None
            number, too_long = number + 1, False

    def end(self) -> Iterator[tuple[int, bytes | None]]:
        if self._rest or self._too_long:
            yield self._number, None if self._too_long else self._rest.removesuffix(b"\r")


def lines(chunks: Iterable[bytes], longest: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield numbered lines without their ends; None for one that is longer than `longest` bytes."""
    cut = _Cut(longest)
    for chunk in chunks:
        yield from cut.feed(chunk)
    yield from cut.end()


def recognise(first: bytes | None, algorithm: str | None) -> Format:
    """Return the format of the file that starts with this line. Raises `InvalidInput`."""
    if first is None or first.startswith(_ODD_STARTS) or b"\x00" in first:
        raise _unknown()
    text = first.decode(errors="replace")
    if text.lstrip().startswith(("{", "[")):
        if is_whole_document(text):
            raise InvalidInput(
                "The file is one JSON document.", "Supply CSV, or one JSON object a line (NDJSON)."
            )
        _no_algorithm(algorithm)
        return Objects()
    fields = split(text)
    named = Headed.of(fields) if fields is not None else None
    if named is not None:
        _no_algorithm(algorithm)
        return named
    if algorithm is None and not is_bare(text):
        raise _unknown()
    return Bare(algorithm)


def _no_algorithm(algorithm: str | None) -> None:
    if algorithm is not None:
        raise InvalidInput(
            "The file names its hashes itself.",
            "Leave the algorithm out: it is for files with one bare hash a line.",
        )


def _unknown() -> InvalidInput:
    return InvalidInput(
        "The first line is neither a header, nor a JSON object, nor a single hash.",
        "Supply UTF-8 CSV with named columns, NDJSON, or one hash a line "
        "(docs/reference/hash-lists.md).",
    )
