"""A hash list and its entries, and which hashes no list may hold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tutela.hashing.algorithm import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Iterable

MIN_QUALITY = 50
"""Below this PDQ quality a hash says nothing (PDQ paper, Facebook 2019): no list may hold it."""

SKETCH = "sketch"
"""A hash of this name is the SHA-256 of a sketch, which is kept beside."""

_EMPTY_FILE = {
    "md5": hashlib.md5(usedforsecurity=False).digest(),
    "sha1": hashlib.sha1(usedforsecurity=False).digest(),
    "sha256": hashlib.sha256().digest(),
}


@dataclass(frozen=True, slots=True)
class EntryHash:
    """One hash of an entry. `value` in raw bytes; `quality` 0 to 100, for PDQ where stated."""

    algorithm: str
    value: bytes
    quality: int | None = None

    @classmethod
    def of_sketch(cls, stored: bytes) -> EntryHash:
        """Return the hash that stands for a sketch, which is kept beside."""
        return cls(SKETCH, hashlib.sha256(stored).digest())


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed thing: its hashes and what its source says of it, in the source's words.

    `sketches` are those of the hashes named sketch, where this is what a file says.
    `added` and `withdrawn` are the source's dates, as written there. A withdrawn entry matches
    nothing; it may come without hashes.
    """

    entry_id: str
    hashes: tuple[EntryHash, ...]
    labels: tuple[str, ...] = ()
    classification: str | None = None
    source: str | None = None
    added: str | None = None
    withdrawn: str | None = None
    sketches: tuple[bytes, ...] = ()

    def joined(self, other: Entry) -> Entry:
        """Return this entry with what another line of the same file adds to it."""
        return Entry(
            self.entry_id,
            tuple(dict.fromkeys(self.hashes + other.hashes)),
            tuple(dict.fromkeys(self.labels + other.labels)),
            other.classification or self.classification,
            other.source or self.source,
            other.added or self.added,
            other.withdrawn or self.withdrawn,
            tuple(dict.fromkeys(self.sketches + other.sketches)),
        )


@dataclass(frozen=True, slots=True)
class HashList:
    """One list and where it came from: its last import. Counts are of active entries.

    A list that is switched off matches nothing; `off_reason` says why.
    """

    id: str
    name: str
    source: str | None
    version: str | None
    file_sha256: str
    imported_by: str
    imported_at: datetime
    entries: int
    hashes: int
    off_at: datetime | None = None
    off_by: str | None = None
    off_reason: str | None = None

    @property
    def off(self) -> bool:
        """Say whether the list is switched off."""
        return self.off_at is not None


def parse_hash(algorithm: str, text: str, quality: int | None = None) -> EntryHash | str:
    """Return the hash that hex digits of either case state, or the reason why not."""
    digits = ALGORITHMS[algorithm].bits // 4
    if len(text) != digits:
        return f"{algorithm}: {len(text)} characters instead of {digits}"
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    # fromhex() skips blanks between bytes, so the length must be proven too.
    if len(value) * 2 != digits:
        return f"{algorithm}: not hexadecimal"
    return EntryHash(algorithm, value, quality)


def refuse(one: EntryHash, min_quality: int = MIN_QUALITY) -> str | None:
    """Return why a hash may not be listed, or None. Such hashes match what nobody meant."""
    bits = ALGORITHMS[one.algorithm].bits
    if len(one.value) * 8 != bits:
        return f"{one.algorithm}: {len(one.value)} bytes instead of {bits // 8}"
    if one.value == _EMPTY_FILE.get(one.algorithm):
        return f"{one.algorithm}: the digest of the empty file"
    if one.value in {b"\x00" * len(one.value), b"\xff" * len(one.value)}:
        return f"{one.algorithm}: all bits are the same"
    if one.quality is not None and one.quality < min_quality:
        return f"{one.algorithm}: quality {one.quality} is below {min_quality}"
    return None


def derived_id(hashes: Iterable[EntryHash]) -> str:
    """Return the stable id of an entry whose source gives none: the same hashes, the same id."""
    words = sorted(f"{one.algorithm}:{one.value.hex()}" for one in hashes)
    return "h-" + hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]
