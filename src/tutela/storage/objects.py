"""Objects: sealed bytes by key, in a folder, S3, GCS or Azure, through obstore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from tutela.errors import NotFound, SettingsInvalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART = 1 << 20
_FILE_PART = 4 << 20
"""A file is read in such ranges: as a stream it comes in 8 KiB, each by way of another thread."""


class Objects:
    """A store of byte strings under keys. Only sealed bytes may be put."""

    def __init__(self, location: str | Path) -> None:
        try:
            if isinstance(location, str):
                self._store = from_url(location)
            else:
                location.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._store = LocalStore(location)
        except (BaseError, ValueError, OSError) as problem:
            raise SettingsInvalid(
                "The object store cannot be opened.",
                "Give a folder that can be written, or an s3://, gs:// or az:// address.",
            ) from problem

    def put(self, key: str, data: bytes) -> None:
        """Store `data` whole or not at all. Raises `Unavailable`."""
        try:
            obstore.put(self._store, key, data)
        except (BaseError, OSError) as problem:
            raise Unavailable(
                "Sealed bytes could not be stored.",
                "Check the object store's space and rights; the item stays held.",
            ) from problem

    def get(self, key: str) -> bytes:
        """Return the bytes under `key`. Raises `NotFound`, `Unavailable`."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as problem:
            raise _absent() from problem
        except (BaseError, OSError) as problem:
            raise _silent() from problem

    def put_parts(self, key: str, parts: Iterator[bytes]) -> None:
        """Store what comes in parts whole or not at all, holding a few MiB. Raises `Unavailable`.

        What `parts` raises is raised, and nothing is stored.
        """
        try:
            obstore.put(self._store, key, parts, max_concurrency=2)
        except (BaseError, OSError) as problem:
            raise Unavailable(
                "Sealed bytes could not be stored.",
                "Check the object store's space and rights; the item stays held.",
            ) from problem

    def get_parts(self, key: str) -> Iterator[bytes]:
        """Give the bytes under `key` in parts. Raises `NotFound`, `Unavailable`."""
        try:
            if isinstance(self._store, LocalStore):
                size = obstore.head(self._store, key)["size"]
                for start in range(0, size, _FILE_PART):
                    length = min(_FILE_PART, size - start)
                    yield bytes(obstore.get_range(self._store, key, start=start, length=length))
                return
            for part in obstore.get(self._store, key).stream(min_chunk_size=_PART):
                yield bytes(part)
        except (NotFoundError, FileNotFoundError) as problem:
            raise _absent() from problem
        except (BaseError, OSError) as problem:
            raise _silent() from problem

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return `length` bytes from `start`, fewer where the object ends. Raises as `get`."""
        try:
            return bytes(obstore.get_range(self._store, key, start=start, length=length))
        except (NotFoundError, FileNotFoundError) as problem:
            raise _absent() from problem
        except (BaseError, OSError) as problem:
            raise _silent() from problem

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, in no order. Raises `Unavailable`."""
        try:
            for some in obstore.list(self._store, prefix):
                yield from (str(one["path"]) for one in some)
        except (BaseError, OSError) as problem:
            raise _silent() from problem

    def delete(self, key: str) -> None:
        """Remove the bytes under `key`; removing what is not there is no error."""
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return


def _absent() -> NotFound:
    return NotFound(
        "The sealed bytes are not in the object store.",
        "Restore them from a backup; the record of them stands.",
    )


def _silent() -> Unavailable:
    return Unavailable("The object store did not answer.", "Check that it can be reached.")
