"""Names of people, sealed at rest: who reads the database alone cannot tell who is behind an id.

An account is found by a keyed digest of its name, and its name is kept encrypted. Both keys are
derived from the access key, which lies in the home's folder `keys` and never in the database
(docs/decisions/0026).
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from nacl.bindings import sodium_pad, sodium_unpad
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tutela.errors import Tampered

_BLOCK = 512
"""All sealed names have one length: 80 characters of four bytes, the account's id and room."""
_BETWEEN = b"\0"


class SealedNames:
    """Digests, seals and opens names. `key` (32 bytes) is kept apart from the database."""

    def __init__(self, key: bytes) -> None:
        self._finding = _derived(key, b"tutela names: finding")
        self._box = SecretBox(_derived(key, b"tutela names: sealing"))

    def digest(self, name: str) -> str:
        """Return what an account of this name is found by (hex)."""
        return _derived(self._finding, b"account\0" + _plain(name)).hex()

    def subject_digest(self, issuer: str, subject: str) -> str:
        """Return what a person at an identity provider is found by (hex)."""
        told = b"subject\0" + issuer.encode() + _BETWEEN + subject.encode()
        return _derived(self._finding, told).hex()

    def seal(self, account_id: str, name: str) -> bytes:
        """Return the name encrypted, bound to its account."""
        told = account_id.encode() + _BETWEEN + _plain(name)
        return bytes(self._box.encrypt(sodium_pad(told, _BLOCK)))

    def open(self, account_id: str, sealed: bytes) -> str:
        """Return a name. Raises `Tampered` with another key, or for another account."""
        try:
            told = sodium_unpad(self._box.decrypt(sealed), _BLOCK)
        except (CryptoError, ValueError):
            raise _closed(account_id) from None
        owner, _, name = told.partition(_BETWEEN)
        if owner != account_id.encode():
            raise _closed(account_id)
        return name.decode()


def _plain(name: str) -> bytes:
    return name.strip().encode()


def _derived(key: bytes, told: bytes) -> bytes:
    return hmac.new(key, told, sha256).digest()


def _closed(account_id: str) -> Tampered:
    return Tampered(
        f"The name of {account_id} does not open.",
        "Put back the access key that it was sealed with, keys/access.key, from its backup; "
        "docs/reference/access.md says what to do where it is lost.",
    )
