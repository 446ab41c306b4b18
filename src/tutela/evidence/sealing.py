"""Sealing bytes: one fresh key per object. Written in format 2; formats 1 and 2 are read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError

from tutela.errors import Tampered
from tutela.evidence import chunks, secretstream
from tutela.evidence.parts import cut, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = chunks.CHUNK
KEY_SIZE = 32
_MAGIC_SIZE = 16
_FORMATS = {
    secretstream.MAGIC: (secretstream.HEADER, secretstream.opened),
    chunks.MAGIC: (chunks.HEADER, chunks.opened),
}


def seal(data: bytes, object_key: bytes, bound_to: bytes) -> bytes:
    """Return `data` sealed under `object_key` and bound to an evidence id."""
    return b"".join(sealed((data,), object_key, bound_to))


def sealed(parts: Iterable[bytes], object_key: bytes, bound_to: bytes) -> Iterator[bytes]:
    """Seal what comes in parts of any size, holding about one part at a time."""
    return chunks.sealed(parts, object_key, bound_to)


def unseal(data: bytes, object_key: bytes, bound_to: bytes) -> bytes:
    """Return the plain bytes. Raises `Tampered` if altered, cut, extended or exchanged."""
    return b"".join(unsealed(cut(data, 1 << 20), object_key, bound_to))


def unsealed(parts: Iterable[bytes], object_key: bytes, bound_to: bytes) -> Iterator[bytes]:
    """Open what comes in parts of any size, holding about one part at a time. Raises as `unseal`.

    Each chunk that is given has been proved by itself; that none is missing is known at the end.
    """
    with proving():
        magic, rest = split(parts, _MAGIC_SIZE)
        if magic not in _FORMATS:
            raise ValueError("not sealed by Tutela")
        header_size, opened = _FORMATS[magic]
        header, rest = split(rest, header_size)
        yield from opened(header, rest, object_key, bound_to)


@contextmanager
def proving() -> Iterator[None]:
    """Say `Tampered` of whatever does not open."""
    try:
        yield
    except (ValueError, TypeError, CryptoError, RuntimeError) as problem:
        raise Tampered(
            "Sealed bytes do not open: they were altered, cut or exchanged.",
            "Restore the object from a backup; the audit log says when it was sealed.",
        ) from problem
