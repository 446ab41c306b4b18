"""A list file that can be read more than once: to prove it, to try it, to keep it."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK = 1 << 20
_IN_MEMORY = 4 << 20


class ListBytes:
    """The bytes of one file: from a path, in memory, or what a generator yields once.

    What a generator yields is spooled while it is read for the first time; hashes, no evidence.
    """

    def __init__(self, file: Path | bytes | Iterable[bytes]) -> None:
        self._file = file
        self._open = ExitStack()
        self._spool: tempfile.SpooledTemporaryFile[bytes] | None = None
        self._whole = False
        self.proven_sha256: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._open.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first on. Raises `InvalidInput`."""
        if isinstance(self._file, bytes):
            yield from (
                self._file[start : start + _CHUNK] for start in range(0, len(self._file), _CHUNK)
            )
        elif isinstance(self._file, Path):
            yield from _read(self._file)
        elif self._whole and self._spool is not None:
            self._spool.seek(0)
            while chunk := self._spool.read(_CHUNK):
                yield chunk
        else:
            yield from self._spooled(self._file)

    def blake2b(self) -> bytes:
        """Return the BLAKE2b-512 of the whole file, and remember which bytes those were."""
        digest, sha256 = hashlib.blake2b(digest_size=64), hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
            sha256.update(chunk)
        self.proven_sha256 = sha256.hexdigest()
        return digest.digest()

    def prove_same(self, sha256: str) -> None:
        """Raise `InvalidInput` if the bytes read now are not those that were proven."""
        if self.proven_sha256 not in {None, sha256}:
            raise InvalidInput(
                "The file changed while it was read.", "Import it again when it is complete."
            )

    def _spooled(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - by __exit__
        self._open.callback(self._spool.close)
        for chunk in chunks:
            self._spool.write(chunk)
            yield chunk
        self._whole = True


def packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks compressed, each by itself, about a megabyte at a time."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        while len(rest) >= _CHUNK:
            yield zlib.compress(rest[:_CHUNK], 1)
            del rest[:_CHUNK]
    if rest:
        yield zlib.compress(rest, 1)


def unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what `packed` was given."""
    for part in parts:
        yield zlib.decompress(part)


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                yield chunk
    except OSError as problem:
        raise InvalidInput(
            f"The file cannot be read: {problem.strerror}.", "Check its path and your rights."
        ) from problem
