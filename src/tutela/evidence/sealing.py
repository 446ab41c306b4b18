"""Sealing bytes: one fresh key per object, XChaCha20-Poly1305 secretstream (libsodium)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from tutela.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"TUTELA-SEALED-1\n"
CHUNK = 1 << 20
KEY_SIZE = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
_HEADER = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_EXTRA = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL


def seal(data: bytes, object_key: bytes, bound_to: bytes) -> bytes:
    """Return `data` sealed under `object_key` and bound to an evidence id."""
    return b"".join(sealed(_cut(data), object_key, bound_to))


def sealed(parts: Iterable[bytes], object_key: bytes, bound_to: bytes) -> Iterator[bytes]:
    """Seal what comes in parts of any size, holding one chunk at a time.

    Layout: magic, 24-byte stream header, chunks of 1 MiB + 17; the last carries the final tag.
    """
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, object_key)
    yield MAGIC + header
    for chunk, last in _ending(_sized(parts, CHUNK)):
        tag = _FINAL if last else _MESSAGE
        yield sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, bound_to, tag)


def unseal(data: bytes, object_key: bytes, bound_to: bytes) -> bytes:
    """Return the plain bytes. Raises `Tampered` if altered, cut, extended or exchanged."""
    return b"".join(unsealed(_cut(data), object_key, bound_to))


def unsealed(parts: Iterable[bytes], object_key: bytes, bound_to: bytes) -> Iterator[bytes]:
    """Open what comes in parts of any size, holding one chunk at a time. Raises as `unseal`.

    Each chunk that is given has been proved by itself; that none is missing is known at the end.
    """
    try:
        yield from _opened(parts, object_key, bound_to)
    except (ValueError, TypeError, CryptoError, RuntimeError) as problem:
        raise Tampered(
            "Sealed bytes do not open: they were altered, cut or exchanged.",
            "Restore the object from a backup; the audit log says when it was sealed.",
        ) from problem


def _opened(parts: Iterable[bytes], object_key: bytes, bound_to: bytes) -> Iterator[bytes]:
    head, rest = _split(parts, len(MAGIC) + _HEADER)
    if not head.startswith(MAGIC):
        raise ValueError("not sealed by Tutela")
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, head[len(MAGIC) :], object_key)
    tag = _MESSAGE
    for chunk in _sized(rest, CHUNK + _EXTRA):
        if tag == _FINAL:
            raise ValueError("bytes after the end")
        plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, bound_to)
        yield plain
    if tag != _FINAL:
        raise ValueError("cut off")


def _cut(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    for at in range(0, len(data), CHUNK):
        yield bytes(view[at : at + CHUNK])


def _split(parts: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `size` bytes, or all if there are fewer, and what comes after them."""
    waiting = iter(parts)
    head = b""
    while len(head) < size and (part := next(waiting, None)) is not None:
        head += part
    return head[:size], itertools.chain([head[size:]], waiting)


def _sized(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give the same bytes in pieces of `size`; the last may be smaller."""
    held = bytearray()
    for part in parts:
        held += part
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def _ending(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Say of each chunk whether it is the last. Nothing at all is one empty chunk."""
    chunk = next(chunks, b"")
    for following in chunks:
        yield chunk, False
        chunk = following
    yield chunk, True
