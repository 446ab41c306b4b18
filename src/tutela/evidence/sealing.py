"""Sealing bytes: one fresh key per object, XChaCha20-Poly1305 secretstream (libsodium)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from tutela.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"TUTELA-SEALED-1\n"
CHUNK = 1 << 20
KEY_SIZE = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
_HEADER = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_EXTRA = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL


def seal(data: bytes, object_key: bytes, bound_to: bytes) -> bytes:
    """Return `data` sealed under `object_key` and bound to an evidence id.

    Layout: magic, 24-byte stream header, chunks of 1 MiB + 17; the last carries the final tag.
    """
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, object_key)
    parts = [MAGIC, header]
    for chunk, last in _chunks(data):
        tag = _FINAL if last else _MESSAGE
        parts.append(sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, bound_to, tag))
    return b"".join(parts)


def unseal(sealed: bytes, object_key: bytes, bound_to: bytes) -> bytes:
    """Return the plain bytes. Raises `Tampered` if altered, cut, extended or exchanged."""
    start = len(MAGIC) + _HEADER
    try:
        if not sealed.startswith(MAGIC):
            raise ValueError("not sealed by Tutela")
        state = sodium.crypto_secretstream_xchacha20poly1305_state()
        header = sealed[len(MAGIC) : start]
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, object_key)
        parts, tag = [], _MESSAGE
        for at in range(start, len(sealed), CHUNK + _EXTRA):
            if tag == _FINAL:
                raise ValueError("bytes after the end")
            plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                state, sealed[at : at + CHUNK + _EXTRA], bound_to
            )
            parts.append(plain)
        if tag != _FINAL:
            raise ValueError("cut off")
    except (ValueError, TypeError, CryptoError, RuntimeError) as problem:
        raise Tampered(
            "Sealed bytes do not open: they were altered, cut or exchanged.",
            "Restore the object from a backup; the audit log says when it was sealed.",
        ) from problem
    return b"".join(parts)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bool]]:
    last = max(0, len(data) - 1) // CHUNK
    for number in range(last + 1):
        yield data[number * CHUNK : (number + 1) * CHUNK], number == last
