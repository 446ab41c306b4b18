"""Signs as minisign does (prehashed), for tests; the code under test only verifies."""

from __future__ import annotations

import base64
import hashlib

from nacl.signing import SigningKey


class Signer:
    """One source's key."""

    def __init__(self, seed: bytes = b"\x07" * 32) -> None:
        self._key = SigningKey(seed)
        self._id = hashlib.sha256(seed).digest()[:8]

    @property
    def public(self) -> str:
        return base64.b64encode(b"Ed" + self._id + bytes(self._key.verify_key)).decode()

    def sign(self, data: bytes, comment: str) -> bytes:
        signature = self._key.sign(hashlib.blake2b(data, digest_size=64).digest()).signature
        whole = self._key.sign(signature + comment.encode()).signature
        return (
            "untrusted comment: signed by a test\n"
            f"{base64.b64encode(b'ED' + self._id + signature).decode()}\n"
            f"trusted comment: {comment}\n"
            f"{base64.b64encode(whole).decode()}\n"
        ).encode()

    def numbered(self, data: bytes, serial: int) -> bytes:
        return self.sign(data, f"timestamp:{serial}\tfile:list.csv\thashed")
