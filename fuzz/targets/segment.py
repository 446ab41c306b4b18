"""Index files of hostile bytes: `IndexInvalid`, or answers that lie in the file.

A header's checksum is mended before the file is opened, so that what lies behind it is reached.
"""

from __future__ import annotations

import contextlib
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from fuzz.target import scratch
from tutela.errors import IndexInvalid
from tutela.matching import segment
from tutela.matching.digest_segment import DigestKind
from tutela.matching.pdq_segment import PdqKind
from tutela.matching.segment import SegmentFile

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE, _SUM = 4096, 32
_QUERIES = (bytes(32), bytes(range(32)), b"\xff" * 32)


def seeds() -> Iterator[bytes]:
    """Write a segment of each kind, and one whose tables are there."""
    path = scratch() / "seed"
    rng = np.random.default_rng(1)
    for kind in (PdqKind(), DigestKind()):
        values = rng.integers(0, 256, (3, kind.value_bytes), np.uint8)
        sections = kind.sections(np.arange(3, dtype=np.int64), values)
        few = {name: array for name, array in sections.items() if array.size < 1000}
        segment.write(path, kind.name, 3, few)
        yield path.read_bytes()
    segment.write(path, "pdq", 0, {"ids": np.empty(0, np.int64)})
    yield path.read_bytes()


def run(data: bytes) -> None:
    """Open the file as each kind, and search it."""
    head = data[: _PAGE - _SUM].ljust(_PAGE - _SUM, b"\0")
    path = scratch() / "segment"
    path.write_bytes(head + sha256(head).digest() + data[_PAGE:])
    for kind in (PdqKind(), DigestKind()):
        with contextlib.suppress(IndexInvalid):
            opened = kind.opened(SegmentFile(path, kind.name))
            for query in _QUERIES:
                found = opened.find(query[: kind.value_bytes], 31, 10)
                assert {one for one, _ in found} <= set(opened.ids.tolist())
            opened.values()
