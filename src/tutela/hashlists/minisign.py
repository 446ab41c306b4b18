"""Detached Ed25519 signatures in minisign's format, read and verified.

Source: jedisct1.github.io/minisign, "Signature format" and "Public key format". Only prehashed
signatures (`ED`: over the file's BLAKE2b-512) are taken, so that a file is never whole in memory;
minisign has made no others since 0.10.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from tutela.errors import InvalidInput, Tampered

_KEY_ALGORITHM = b"Ed"
_PREHASHED = b"ED"
_KEY_BYTES = 2 + 8 + 32
_SIGNATURE_BYTES = 2 + 8 + 64
_MOST_BYTES = 1 << 14
_LINES = 4
_UNTRUSTED, _TRUSTED = "untrusted comment:", "trusted comment: "
_SERIAL = re.compile(r"(?:^|\s)serial:(\d{1,18})(?=\s|$)")
_TIMESTAMP = re.compile(r"(?:^|\s)timestamp:(\d{1,18})(?=\s|$)")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A minisign public key: its id (8 bytes) and Ed25519 point (32 bytes)."""

    key_id: bytes
    point: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read the base 64 of a key, or the two lines of a key file. Raises `InvalidInput`."""
        lines = [one.strip() for one in text.strip().splitlines() if one.strip()]
        if lines and lines[0].startswith(_UNTRUSTED):
            lines = lines[1:]
        raw = _decoded(lines[0], _KEY_BYTES) if len(lines) == 1 else None
        if raw is None or raw[:2] != _KEY_ALGORITHM:
            raise InvalidInput(
                "This is no minisign public key.",
                "Give the line of base 64 that begins with RW, or the file minisign.pub.",
            )
        return cls(raw[2:10], raw[10:])

    def text(self) -> str:
        """Return the key as its one line of base 64."""
        return base64.b64encode(_KEY_ALGORITHM + self.key_id + self.point).decode()


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature file: over the file's BLAKE2b-512, and over itself with the trusted comment."""

    key_id: bytes
    signature: bytes
    trusted_comment: str
    whole: bytes

    @classmethod
    def parse(cls, data: bytes) -> Signature:
        """Read a signature file of four lines. Raises `InvalidInput`."""
        try:
            lines = data[: _MOST_BYTES + 1].decode().replace("\r\n", "\n").rstrip("\n").split("\n")
        except UnicodeDecodeError as problem:
            raise _no_signature() from problem
        if len(data) > _MOST_BYTES or len(lines) != _LINES or not lines[0].startswith(_UNTRUSTED):
            raise _no_signature()
        raw, whole = _decoded(lines[1], _SIGNATURE_BYTES), _decoded(lines[3], 64)
        if raw is None or whole is None or not lines[2].startswith(_TRUSTED):
            raise _no_signature()
        if raw[:2] != _PREHASHED:
            raise InvalidInput(
                "The signature is of minisign's old kind, over the whole file.",
                "Ask the source for one made by minisign 0.10 or newer (prehashed).",
            )
        return cls(raw[2:10], raw[10:], lines[2].removeprefix(_TRUSTED), whole)

    @property
    def serial(self) -> int | None:
        """Return the number that grows with each version: `serial:`, else `timestamp:` (seconds).

        From the trusted comment, so it may be believed after `verify` only.
        """
        found = _SERIAL.search(self.trusted_comment) or _TIMESTAMP.search(self.trusted_comment)
        return int(found[1]) if found else None

    def verify(self, key: PublicKey, blake2b: bytes) -> None:
        """Raise `Tampered` unless this key signed the digest (64 bytes) and the trusted comment."""
        try:
            verifier = VerifyKey(key.point)
            if self.key_id != key.key_id:
                raise BadSignatureError
            verifier.verify(blake2b, self.signature)
            verifier.verify(self.signature + self.trusted_comment.encode(), self.whole)
        except (BadSignatureError, ValueError) as problem:
            raise Tampered(
                "The list's signature is not its source's, or the file was altered.",
                "Nothing was imported. Get file and signature again from the source itself; "
                "if its key has changed, confirm the new one by another way and pin it.",
            ) from problem


def _decoded(text: str, size: int) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Other spellings of the same bytes are not what a signer writes.
    canonical = base64.b64encode(raw).decode() == text
    return raw if canonical and len(raw) == size else None


def _no_signature() -> InvalidInput:
    return InvalidInput(
        "This is no minisign signature.", "Give the file of four lines that ends in .minisig."
    )
