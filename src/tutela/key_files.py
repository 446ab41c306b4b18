"""The keys of a home, each in a file that only its owner can read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from tutela.evidence.keys import OpeningKey, SealingKeyFile
from tutela.storage import keyfile

if TYPE_CHECKING:
    from pathlib import Path

_AUDIT_WORD = "tutela-audit-seed-1"
_ACCESS_WORD = "tutela-access-key-1"
_WEBHOOK_WORD = "tutela-webhook-secret-1"
_PEER_WORD = "tutela-peer-seed-1"
_PEER_PUBLIC_WORD = "tutela-peer-public-1"
_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where each key of a home lies. Reading one raises `SettingsInvalid` where it is not sound."""

    folder: Path

    @property
    def evidence_public(self) -> Path:
        """Return the public evidence key's file."""
        return self.folder / "evidence.pub"

    @property
    def evidence_private(self) -> Path:
        """Return the folder of the private evidence keys; absent on screening machines."""
        return self.folder / "evidence"

    @property
    def audit(self) -> Path:
        """Return the file of the seed that signs checkpoints."""
        return self.folder / "audit.key"

    @property
    def access(self) -> Path:
        """Return the file of the key that seals second factors and names."""
        return self.folder / "access.key"

    @property
    def webhook(self) -> Path:
        """Return the file of the secret shared with the host platform."""
        return self.folder / "webhook.key"

    @property
    def peer(self) -> Path:
        """Return the file of the seed that signs referrals to peers."""
        return self.folder / "peer.key"

    @property
    def peer_public(self) -> Path:
        """Return the public half's file, which peers are given."""
        return self.folder / "peer.pub"

    def create(self) -> None:
        """Make the folder and a fresh key of each kind but the evidence's."""
        self.folder.mkdir(mode=0o700)
        keyfile.write_secret(self.audit, _AUDIT_WORD, SigningKey.generate().encode())
        keyfile.write_secret(self.access, _ACCESS_WORD, secrets.token_bytes(_KEY_SIZE))
        keyfile.write_secret(self.webhook, _WEBHOOK_WORD, secrets.token_bytes(_KEY_SIZE))
        self.create_newer()

    def create_newer(self) -> None:
        """Bring keys of earlier versions to their places, and make those that are missing."""
        self._move_oldest()
        if not self.peer.exists():
            key = SigningKey.generate()
            keyfile.write_secret(self.peer, _PEER_WORD, key.encode())
            keyfile.write_public(self.peer_public, _PEER_PUBLIC_WORD, key.verify_key.encode())

    def sealing_key(self) -> SealingKeyFile:
        """Return the public evidence key, which may be exchanged while we run."""
        return SealingKeyFile(self.evidence_public)

    def _move_oldest(self) -> None:
        oldest = self.folder / "evidence.key"
        if oldest.exists():
            name = OpeningKey.load(oldest).sealing.id
            self.evidence_private.mkdir(mode=0o700, exist_ok=True)
            oldest.rename(self.evidence_private / f"{name}.key")

    def audit_seed(self) -> bytes:
        """Return the seed that signs checkpoints (32 bytes)."""
        return keyfile.read_secret(self.audit, _AUDIT_WORD)

    def access_key(self) -> bytes:
        """Return the key that seals second factors and names (32 bytes)."""
        return keyfile.read_secret(self.access, _ACCESS_WORD)

    def peer_seed(self) -> bytes:
        """Return the seed that signs referrals to peers (32 bytes)."""
        return keyfile.read_secret(self.peer, _PEER_WORD)

    def webhook_secret(self) -> bytes:
        """Return the secret that the host platform checks our orders with (32 bytes)."""
        return keyfile.read_secret(self.webhook, _WEBHOOK_WORD)


def peer_public(path: Path) -> bytes:
    """Return a peer's public key (32 bytes) from the file they gave. Raises `SettingsInvalid`."""
    return keyfile.read(path, _PEER_PUBLIC_WORD)
