"""Short texts sealed into one string that carries its own wrapped key, for a column of a table.

Layout: two zero bytes, the key's id (8), the wrapped key's length (2, big-endian), the wrapped
key, and sealed bytes. What the first versions wrote begins with the length and names no key.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.errors import Refused, Tampered
from tutela.evidence import sealing

if TYPE_CHECKING:
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.keys import SealingKey

_MARK = b"\0\0"
_ID = 8
_LENGTH = 2
HEAD = len(_MARK) + _ID
"""Bytes that say to which key a text is sealed."""


@dataclass(frozen=True, slots=True)
class _Enclosed:
    key_id: str | None
    wrapped: bytes
    sealed: bytes

    @classmethod
    def read(cls, data: bytes) -> _Enclosed:
        named = data.startswith(_MARK)
        start = HEAD if named else 0
        key_id = data[len(_MARK) : HEAD].hex() if named else None
        begin = start + _LENGTH
        end = begin + int.from_bytes(data[start:begin], "big")
        return cls(key_id, data[begin:end], data[end:])

    def object_key(self, keys: KeyService) -> bytes:
        if self.key_id is not None:
            return keys.unwrap(self.key_id, self.wrapped)
        for key_id in sorted(keys.ids()):
            try:
                return keys.unwrap(key_id, self.wrapped)
            except Tampered:
                continue
        raise Refused(
            "A sealed text opens with no key that is held here.",
            "Open it where the private key is held.",
        )


def head(key: SealingKey) -> bytes:
    """Return how every text begins that is sealed to `key`."""
    return _MARK + bytes.fromhex(key.id)


def sealed_to(data: bytes) -> str | None:
    """Return the id of the key a text is sealed to; None: it does not say."""
    return _Enclosed.read(data).key_id


def enclose(data: bytes, bound_to: str, key: SealingKey) -> bytes:
    """Seal a text, bound to the name of where it stands."""
    object_key = secrets.token_bytes(sealing.KEY_SIZE)
    return _written(key, object_key, sealing.seal(data, object_key, bound_to.encode()))


def disclose(enclosed: bytes, bound_to: str, keys: KeyService) -> bytes:
    """Return the text. Raises `Tampered`, `Refused`."""
    found = _Enclosed.read(enclosed)
    return sealing.unseal(found.sealed, found.object_key(keys), bound_to.encode())


def rewrapped(enclosed: bytes, keys: KeyService, key: SealingKey) -> bytes:
    """Return the same text for another key; its sealed bytes are not touched."""
    found = _Enclosed.read(enclosed)
    return _written(key, found.object_key(keys), found.sealed)


def _written(key: SealingKey, object_key: bytes, sealed: bytes) -> bytes:
    wrapped = key.wrap(object_key)
    return head(key) + len(wrapped).to_bytes(_LENGTH, "big") + wrapped + sealed
