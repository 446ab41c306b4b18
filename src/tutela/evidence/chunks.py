"""Format 2 of sealed bytes: chunks that are sealed each by itself, so that any of them opens alone.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015) over XChaCha20-Poly1305
(libsodium): a chunk's nonce says where it stands and whether it is the last, so chunks that were
moved, dropped, doubled, cut off or added do not open. docs/reference/evidence.md has every byte.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from nacl import bindings as sodium

from tutela.evidence.parts import ending, sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"TUTELA-SEALED-2\n"
CHUNK = 1 << 16
EXTRA = sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES
_PREFIX = 16
_NUMBER = 7
_COMMITMENT = 32
HEADER = _PREFIX + _COMMITMENT
START = len(MAGIC) + HEADER
"""Where the first chunk begins."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """Seals and opens the chunks of one object."""

    prefix: bytes
    key: bytes
    commitment: bytes
    bound_to: bytes

    @classmethod
    def fresh(cls, object_key: bytes, bound_to: bytes) -> Chunks:
        """Begin a new object."""
        return cls._of(secrets.token_bytes(_PREFIX), object_key, bound_to)

    @classmethod
    def read(cls, header: bytes, object_key: bytes, bound_to: bytes) -> Chunks:
        """Read an object's header. Raises `ValueError` for another key or identity."""
        if len(header) != HEADER:
            raise ValueError("cut off")
        found = cls._of(header[:_PREFIX], object_key, bound_to)
        if not hmac.compare_digest(found.commitment, header[_PREFIX:]):
            raise ValueError("another key")
        return found

    @classmethod
    def _of(cls, prefix: bytes, object_key: bytes, bound_to: bytes) -> Chunks:
        def derived(person: bytes) -> bytes:
            return blake2b(
                prefix + bound_to, digest_size=_COMMITMENT, key=object_key, person=person
            ).digest()

        # The cipher alone lets somebody craft bytes that open under two keys; this does not.
        return cls(prefix, derived(b"tutela-chunks-2"), derived(b"tutela-commit-2"), bound_to)

    @property
    def header(self) -> bytes:
        """Return what stands after the magic."""
        return self.prefix + self.commitment

    def seal(self, number: int, plain: bytes, *, last: bool) -> bytes:
        """Seal one chunk, the first is 0."""
        return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain, self.bound_to, self._nonce(number, last=last), self.key
        )

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """Open one chunk. Raises `CryptoError` unless it is this one and whole."""
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, self.bound_to, self._nonce(number, last=last), self.key
        )

    def _nonce(self, number: int, *, last: bool) -> bytes:
        return self.prefix + number.to_bytes(_NUMBER, "big") + bytes((last,))


def sealed(parts: Iterable[bytes], object_key: bytes, bound_to: bytes) -> Iterator[bytes]:
    """Seal what comes in parts, holding about one part at a time."""
    chunks = Chunks.fresh(object_key, bound_to)
    yield MAGIC + chunks.header
    for number, (plain, last) in enumerate(ending(sized(parts, CHUNK))):
        yield chunks.seal(number, plain, last=last)


def opened(
    header: bytes, rest: Iterable[bytes], object_key: bytes, bound_to: bytes
) -> Iterator[bytes]:
    """Give the plain chunks from the first to the last. Raises `ValueError`, `CryptoError`."""
    chunks = Chunks.read(header, object_key, bound_to)
    for number, (found, last) in enumerate(ending(sized(rest, CHUNK + EXTRA))):
        yield chunks.open(number, found, last=last)


def count(size: int) -> int:
    """Return how many chunks `size` plain bytes make: at least one."""
    return max(1, -(-size // CHUNK))


def place(number: int) -> int:
    """Return where a chunk begins in the sealed bytes."""
    return START + number * (CHUNK + EXTRA)
