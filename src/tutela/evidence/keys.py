"""The evidence key pair: who holds only the public half can seal and never open."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from tutela.errors import Tampered
from tutela.storage import keyfile

if TYPE_CHECKING:
    from pathlib import Path

_PUBLIC_WORD = "tutela-evidence-public-1"
_PRIVATE_WORD = "tutela-evidence-private-1"
_KEY_ID_SIZE = 8


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The public half (X25519)."""

    public: PublicKey

    @property
    def id(self) -> str:
        """Return the key's name: the first 8 bytes of SHA-256 over the public key, in hex."""
        return sha256(self.public.encode()).digest()[:_KEY_ID_SIZE].hex()

    def wrap(self, object_key: bytes) -> bytes:
        """Seal one object's key to this pair (libsodium sealed box)."""
        return SealedBox(self.public).encrypt(object_key)

    @classmethod
    def load(cls, path: Path) -> SealingKey:
        """Read the public key file. Raises `SettingsInvalid`."""
        return cls(PublicKey(keyfile.read(path, _PUBLIC_WORD)))


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """The private half; lives on the review side only."""

    private: PrivateKey = field(repr=False)

    @property
    def sealing(self) -> SealingKey:
        """Return the public half."""
        return SealingKey(self.private.public_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Recover one object's key. Raises `Tampered` when it was sealed to another pair."""
        try:
            return SealedBox(self.private).decrypt(wrapped)
        except (CryptoError, ValueError) as problem:
            raise Tampered(
                "The key of a sealed object does not open.",
                "Use the private key it was sealed to, or treat the record as altered.",
            ) from problem

    @classmethod
    def load(cls, path: Path) -> OpeningKey:
        """Read the private key file; it must be readable by its owner only."""
        return cls(PrivateKey(keyfile.read_secret(path, _PRIVATE_WORD)))


def create(public_path: Path, private_path: Path) -> OpeningKey:
    """Make a new pair and write both files; never overwrites one."""
    key = PrivateKey.generate()
    keyfile.write_secret(private_path, _PRIVATE_WORD, key.encode())
    keyfile.write_public(public_path, _PUBLIC_WORD, key.public_key.encode())
    return OpeningKey(key)
