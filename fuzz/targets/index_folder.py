"""The manifest and the tail of an index: hostile files are refused, and name nothing outside."""

from __future__ import annotations

import contextlib
import shutil
from hashlib import sha256
from json import dumps, loads
from typing import TYPE_CHECKING

import numpy as np

from fuzz.target import scratch
from tutela.errors import IndexInvalid
from tutela.matching import manifest
from tutela.matching.disk_index import DiskIndex
from tutela.matching.manifest import Listed, Manifest
from tutela.matching.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANIFEST, _TAIL = b"M", b"T"


def seeds() -> Iterator[bytes]:
    """Write a manifest, and a tail of two records."""
    folder = scratch() / "seed-index"
    folder.mkdir(exist_ok=True)
    manifest.write(folder, Manifest("pdq", 0, 2, (Listed("segment-0"), Listed("segment-1", "d"))))
    yield _MANIFEST + (folder / manifest.FILE).read_bytes()
    made = Tail.create(folder / "tail-0", 32, 0)
    values = np.arange(64, dtype=np.uint8).reshape(2, 32)
    made.append(np.empty(0, np.int64), np.array([4, 9]), values)
    yield _TAIL + (folder / "tail-0").read_bytes()[:4400]


def run(data: bytes) -> None:
    """Open an index whose manifest or tail is hostile, and search it."""
    folder = scratch() / "index"
    shutil.rmtree(folder, ignore_errors=True)
    DiskIndex(folder)
    if data[:1] == _TAIL:
        with (folder / "tail-0").open("r+b") as file:
            file.write(data[1:])
    else:
        (folder / manifest.FILE).write_bytes(_summed(data[1:]))
    with contextlib.suppress(IndexInvalid):
        DiskIndex(folder).search(bytes(range(32)), 31)


def _summed(raw: bytes) -> bytes:
    """Mend a manifest's checksum where the rest can be read at all."""
    try:
        said = loads(raw)
        body = {name: one for name, one in said.items() if name not in {"sha256", "format"}}
        said["sha256"] = sha256(dumps(body, sort_keys=True).encode()).hexdigest()
        return dumps(said).encode()
    except (ValueError, AttributeError, RecursionError):
        return raw
