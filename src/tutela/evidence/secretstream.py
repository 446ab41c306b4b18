"""Format 1 of sealed bytes, read only: libsodium's secretstream, which opens from its start.

Layout: magic (16 bytes), stream header (24), chunks of 1 MiB + 17; the last has the final tag.
Written until format 2 (`chunks`) came; what was sealed then still opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl import bindings as sodium

from tutela.evidence.parts import sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"TUTELA-SEALED-1\n"
CHUNK = 1 << 20
HEADER = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_EXTRA = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL


def opened(
    header: bytes, rest: Iterable[bytes], object_key: bytes, bound_to: bytes
) -> Iterator[bytes]:
    """Give the plain chunks. Raises what libsodium raises, and `ValueError`."""
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, object_key)
    tag = _MESSAGE
    for chunk in sized(rest, CHUNK + _EXTRA):
        if tag == _FINAL:
            raise ValueError("bytes after the end")
        plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, bound_to)
        yield plain
    if tag != _FINAL:
        raise ValueError("cut off")
