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
