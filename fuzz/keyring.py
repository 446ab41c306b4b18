"""One evidence key pair that targets seal to, held by a key service in memory's folder."""

from __future__ import annotations

from nacl.public import PrivateKey

from fuzz.target import scratch
from tutela.evidence.key_service import KeyFolder
from tutela.evidence.keys import OpeningKey

PAIR = OpeningKey(PrivateKey(bytes(range(1, 33))))


def held() -> KeyFolder:
    """Return a key service that holds the pair."""
    folder = scratch() / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    service = KeyFolder(folder)
    if PAIR.sealing.id not in service.ids():
        service.add(PAIR)
    return service
