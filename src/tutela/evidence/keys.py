"""The evidence key pair: who holds only the public half can seal and never open."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from tutela.errors import SettingsInvalid, Tampered

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
        return cls(PublicKey(_read(path, _PUBLIC_WORD)))


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
        except CryptoError as problem:
            raise Tampered(
                "The key of a sealed object does not open.",
                "Use the private key it was sealed to, or treat the record as altered.",
            ) from problem

    @classmethod
    def load(cls, path: Path) -> OpeningKey:
        """Read the private key file; it must be readable by its owner only."""
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsInvalid(
                "The private evidence key can be read by other users.",
                "Set its file mode to 600 and consider the key exposed if others use this machine.",
            )
        return cls(PrivateKey(_read(path, _PRIVATE_WORD)))


def create(public_path: Path, private_path: Path) -> OpeningKey:
    """Make a new pair and write both files; never overwrites one."""
    key = PrivateKey.generate()
    write_secret(private_path, f"{_PRIVATE_WORD} {base64.b64encode(key.encode()).decode()}\n")
    public = base64.b64encode(key.public_key.encode()).decode()
    public_path.write_text(f"{_PUBLIC_WORD} {public}\n")
    return OpeningKey(key)


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner can read. Raises `SettingsInvalid` if it exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as problem:
        raise SettingsInvalid(
            f"The key file {path.name} exists already.",
            "Choose another home, or remove the old one after making sure nothing needs it.",
        ) from problem
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, word: str) -> bytes:
    try:
        found, encoded = path.read_text().split()
        if found != word:
            raise ValueError(found)
        return base64.b64decode(encoded, validate=True)
    except (OSError, ValueError, binascii.Error) as problem:
        raise SettingsInvalid(
            f"The key file {path.name} is missing or is not a {word} file.",
            "Run `tutela init` in a new home, or restore the file from its backup.",
        ) from problem
