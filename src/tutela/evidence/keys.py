"""The evidence key pair: who holds only the public half can seal and never open."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from tutela.errors import Tampered
from tutela.evidence import private_key_file
from tutela.storage import keyfile

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.evidence.passphrase import Passphrase

_PUBLIC_WORD = "tutela-evidence-public-1"
_KEY_ID_SIZE = 8


class Sealing(Protocol):
    """Says to which key is sealed now."""

    def current(self) -> SealingKey:
        """Return the newest public key."""
        ...


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

    def current(self) -> SealingKey:
        """Return itself: the one key of who has one."""
        return self

    def save(self, path: Path) -> None:
        """Put the public key where `SealingKeyFile` reads it, at one stroke."""
        fresh = path.with_name(f".{path.name}.new")
        keyfile.write_public(fresh, _PUBLIC_WORD, self.public.encode())
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> SealingKey:
        """Read the public key file. Raises `SettingsInvalid`."""
        return cls(PublicKey(keyfile.read(path, _PUBLIC_WORD)))


class SealingKeyFile:
    """The public key in a file. A process notices when another key is put there."""

    def __init__(self, path: Path) -> None:
        """Raises `SettingsInvalid` where there is none."""
        self._path = path
        self._seen = self._look()
        self._key = SealingKey.load(path)

    def current(self) -> SealingKey:
        """Return the key that is in the file now. Raises `SettingsInvalid`."""
        if (seen := self._look()) != self._seen:
            self._key, self._seen = SealingKey.load(self._path), seen
        return self._key

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


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
        except (CryptoError, ValueError, TypeError) as problem:
            raise Tampered(
                "The key of a sealed object does not open.",
                "Use the private key it was sealed to, or treat the record as altered.",
            ) from problem

    @classmethod
    def generate(cls) -> OpeningKey:
        """Make a new pair."""
        return cls(PrivateKey.generate())

    @classmethod
    def load(cls, path: Path, passphrase: Passphrase | None = None) -> OpeningKey:
        """Read a private key file; it must be readable by its owner only.

        Raises `SettingsInvalid`, and `Refused` where the passphrase is missing or wrong.
        """
        return cls(PrivateKey(private_key_file.read(path, passphrase)))

    def save(self, path: Path, passphrase: Passphrase | None) -> None:
        """Write a new private key file. Raises `SettingsInvalid` rather than overwrite one."""
        private_key_file.write(path, self.private.encode(), passphrase)


def create(
    public_path: Path, private_path: Path, passphrase: Passphrase | None = None
) -> OpeningKey:
    """Make a new pair and write both files; never overwrites one."""
    key = OpeningKey.generate()
    key.save(private_path, passphrase)
    key.sealing.save(public_path)
    return key
