"""A segment file: arrays that never change, in checksummed sections, opened by mapping them.

docs/reference/index-format.md describes the bytes. Nothing is read at opening but the header, so a
file of any size opens at once, and processes that map one file share its memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import mmap
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from tutela.errors import IndexInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from tutela.matching.kernels import Found, FoundMany

MAGIC = b"TUTELAIX"
VERSION = 1
_PAGE = 4096
_HEAD = struct.Struct("<8sI4x8sQI4x")
_SECTION = struct.Struct("<8sQQ32s")
_CHECKED = _PAGE - 32
_MOST_SECTIONS = (_CHECKED - _HEAD.size) // _SECTION.size
_CHUNK = 1 << 24


class Segment(Protocol):
    """Values under ascending ids, searchable."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """Return the ids, ascending."""
        ...

    def values(self) -> NDArray[np.uint8]:
        """Return the values in the order of the ids, shape (n, value_bytes)."""
        ...

    def find(self, query: bytes, radius: int, most: int) -> Found:
        """Return ids and distances of the nearest `most`, by distance, then id."""
        ...

    def find_many(self, queries: NDArray[np.uint8], radius: int) -> FoundMany:
        """Return query number, id and distance of every hit of the queries (n, value_bytes)."""
        ...


Held_co = TypeVar("Held_co", bound=Segment, covariant=True)


class Kind(Protocol[Held_co]):
    """What a store holds: how values are laid out in a segment, and searched outside of one."""

    name: str
    value_bytes: int
    most_rows: int

    def sections(
        self, ids: NDArray[np.int64], values: NDArray[np.uint8]
    ) -> Mapping[str, NDArray[Any]]:
        """Return the arrays of a segment for ascending ids and their values."""
        ...

    def opened(self, file: SegmentFile) -> Held_co:
        """Return the segment that lies in a file. Raises `IndexInvalid`."""
        ...

    def scan(self, values: NDArray[np.uint8], query: bytes, radius: int, most: int) -> Found:
        """Return rows and distances of the nearest `most` among values (n, value_bytes)."""
        ...


@dataclass(frozen=True, slots=True)
class _Section:
    start: int
    size: int
    sha256: bytes


class SegmentFile:
    """An open segment file."""

    def __init__(self, path: Path, kind: str) -> None:
        """Map the file. Raises `IndexInvalid` unless it is whole and of this kind."""
        self.path = path
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            self.inode, size = status.st_ino, status.st_size
            self.rows, self._sections = _header(path, file.read(_PAGE), kind)
            if size < max(one.start + one.size for one in self._sections.values()):
                raise invalid(path, "is cut short")
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        # Look-ups jump about; with small pages each jump would cost a walk of the page tables.
        with contextlib.suppress(AttributeError, OSError):
            mapped.madvise(mmap.MADV_HUGEPAGE)
        self._bytes = np.frombuffer(mapped, np.uint8)
        self.size = size

    def section(self, name: str, dtype: type[Any], *shape: int) -> NDArray[Any]:
        """Return a section as an array of this shape. Raises `IndexInvalid`."""
        place = self._sections.get(name)
        if place is None or place.size != np.dtype(dtype).itemsize * math.prod(shape):
            raise invalid(self.path, f"has no fitting section {name}")
        part = self._bytes[place.start : place.start + place.size]
        array: NDArray[Any] = part.view(dtype).reshape(shape)
        return array

    def has(self, name: str) -> bool:
        """Say whether there is a section of this name."""
        return name in self._sections

    def verify(self) -> None:
        """Read every byte. Raises `IndexInvalid` when one is not as written."""
        for name, place in self._sections.items():
            part = self._bytes[place.start : place.start + place.size]
            if hashlib.sha256(part.data).digest() != place.sha256:
                raise invalid(self.path, f"differs from what was written, in section {name}")


def write(path: Path, kind: str, rows: int, sections: Mapping[str, NDArray[Any]]) -> None:
    """Write a segment file, whole or not at all; on return it is on the disk."""
    if len(sections) > _MOST_SECTIONS:
        raise ValueError(len(sections))
    table = []
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.seek(_PAGE)
        for name, array in sections.items():
            start, sha256 = file.tell(), hashlib.sha256()
            whole = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            for place in range(0, len(whole), _CHUNK):
                part = whole[place : place + _CHUNK]
                sha256.update(part)
                file.write(part)
            table.append(_SECTION.pack(name.encode(), start, len(whole), sha256.digest()))
            file.seek(-(-file.tell() // _PAGE) * _PAGE)
        file.truncate()
        head = _HEAD.pack(MAGIC, VERSION, kind.encode(), rows, len(table)) + b"".join(table)
        head = head.ljust(_CHECKED, b"\0")
        file.seek(0)
        file.write(head + hashlib.sha256(head).digest())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def invalid(path: Path, what: str) -> IndexInvalid:
    """Return the error for a file of the index that cannot be used."""
    return IndexInvalid(
        f"The index file {path.name} {what}.",
        "Remove the index folder: it is made again from the lists.",
    )


def _header(path: Path, page: bytes, kind: str) -> tuple[int, dict[str, _Section]]:
    if len(page) < _PAGE or page[: len(MAGIC)] != MAGIC:
        raise invalid(path, "is not one of Tutela's")
    _magic, version, said, rows, count = _HEAD.unpack_from(page)
    if version != VERSION:
        raise invalid(path, f"is of format {version}, and this version reads {VERSION}")
    if hashlib.sha256(page[:_CHECKED]).digest() != page[_CHECKED:]:
        raise invalid(path, "has a damaged header")
    if said.rstrip(b"\0") != kind.encode():
        raise invalid(path, f"does not hold {kind}")
    if not 0 < count <= _MOST_SECTIONS:
        raise invalid(path, "has no sections that can be")
    sections = {}
    for place in range(count):
        at = _HEAD.size + place * _SECTION.size
        name, start, size, sha256 = _SECTION.unpack_from(page, at)
        sections[name.rstrip(b"\0").decode(errors="replace")] = _Section(start, size, sha256)
    return rows, sections
