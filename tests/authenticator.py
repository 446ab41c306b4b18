"""An authenticator in software (WebAuthn Level 2 §6, ES256, no attestation) that can misbehave."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(said: str) -> bytes:
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))


@dataclass
class Authenticator:
    """One key in one device. What it says of itself and of the site can be set to lies."""

    origin: str
    site: str
    verifies: bool = True
    uses: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: str) -> str:
        """Answer `navigator.credentials.create`."""
        client = self._client("webauthn.create", json.loads(options)["challenge"])
        numbers = self.key.public_key().public_numbers()
        # A COSE key: EC2, ES256, P-256, x, y (RFC 9053 §7.1.1).
        public = {1: 2, 3: -7, -1: 1, -2: _point(numbers.x), -3: _point(numbers.y)}
        attested = b"\0" * 16 + len(self.credential).to_bytes(2, "big") + self.credential
        stated = self._stated(_ATTESTED) + attested + cbor2.dumps(public)
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": stated})
        return self._answer(clientDataJSON=text(client), attestationObject=text(statement))

    def show(self, options: str) -> str:
        """Answer `navigator.credentials.get`."""
        self.uses += 1
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        stated = self._stated(0)
        signature = self.key.sign(stated + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=text(client),
            authenticatorData=text(stated),
            signature=text(signature),
            userHandle=None,
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _stated(self, more: int) -> bytes:
        flags = _PRESENT | more | (_VERIFIED if self.verifies else 0)
        return sha256(self.site.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _answer(self, **response: str | None) -> str:
        name = text(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _point(number: int) -> bytes:
    return number.to_bytes(32, "big")
