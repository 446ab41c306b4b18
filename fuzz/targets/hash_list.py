"""Hash lists: hostile lines cost themselves; none passes as an entry that it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.errors import InvalidInput
from tutela.hashlists.formats import ListFile

if TYPE_CHECKING:
    from collections.abc import Iterator

_MD5, _SHA256, _PDQ = "0f" * 16, "1e" * 32, "2d3c" * 16


def seeds() -> Iterator[bytes]:
    """Write each format small."""
    yield f"id,md5,sha256,pdq,pdq_quality,labels\na,{_MD5},{_SHA256},{_PDQ},80,x;y\n".encode()
    yield f'"id","pdq","withdrawn"\r\n"a, b",{_PDQ.upper()},true\r\n'.encode()
    yield f'{{"id": "a", "md5": "{_MD5}", "labels": ["x"], "pdq_quality": 7}}\n'.encode()
    yield f"\ufeff{_MD5}\n{_MD5[::-1]}\n".encode()
    yield _SHA256.encode()
    yield b"id,sketch\na,VFVTSwEgACAAAAA=\n"


def run(data: bytes) -> None:
    """Read the list in chunks of several sizes; they must not matter."""
    assert _read(data, 7) == _read(data, 1 << 16), "chunks change what is read"


def _read(data: bytes, size: int) -> list[object]:
    file = ListFile(data[at : at + size] for at in range(0, len(data), size))
    found: list[object] = []
    try:
        for line in file:
            for problem in line.problems:
                assert len(problem.reason) < 300
            if line.entry is not None:
                assert line.entry.entry_id
                line.entry.entry_id.encode()
            found.append(line)
    except InvalidInput as problem:
        found.append(str(problem))
    return [repr(one) for one in found]
