"""Exact digests: MD5 and SHA-1 because lists carry them, SHA-256 because it is sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Digests:
    """Lower-case hex: 32, 40 and 64 digits."""

    md5: str
    sha1: str
    sha256: str


class DigestsOnDemand(Digests):
    """Digests of bytes in memory, which it keeps: SHA-256, and what else is asked for."""

    __slots__ = ("_data",)
    _data: bytes

    def __init__(self, data: bytes) -> None:
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "sha256", hashlib.sha256(data).hexdigest())

    def __getattr__(self, name: str) -> str:
        """Take a digest that is not there yet."""
        if name not in {"md5", "sha1"}:
            raise AttributeError(name)
        taken = hashlib.new(name, self._data, usedforsecurity=False).hexdigest()
        object.__setattr__(self, name, taken)
        return taken


def digests(chunks: Iterable[bytes | memoryview]) -> Digests:
    """Return the digests of all chunks, end to end."""
    md5 = hashlib.md5(usedforsecurity=False)
    sha1 = hashlib.sha1(usedforsecurity=False)
    sha256 = hashlib.sha256()
    for chunk in chunks:
        md5.update(chunk)
        sha1.update(chunk)
        sha256.update(chunk)
    return Digests(md5.hexdigest(), sha1.hexdigest(), sha256.hexdigest())
