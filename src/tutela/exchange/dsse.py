"""Signed envelopes: a payload, its type and an Ed25519 signature over both.

Source: DSSE v1 (github.com/secure-systems-lab/dsse, protocol.md and envelope.md). The payload's own
bytes are signed, so nobody has to agree on how JSON is written.
"""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from tutela.errors import InvalidInput, Tampered

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_BYTES = 1 << 24


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed (protocol.md, PAE)."""
    named = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(named), named, len(payload), payload)


def key_id(public: bytes) -> str:
    """Return how a key is named: the SHA-256 of its 32 bytes in hex. A hint, never trusted."""
    return sha256(public).hexdigest()


def sign(payload_type: str, payload: bytes, seed: bytes) -> bytes:
    """Return the envelope as JSON. `seed`: 32 bytes."""
    key = SigningKey(seed)
    signature = key.sign(pre_authentication(payload_type, payload)).signature
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            {
                "keyid": key_id(key.verify_key.encode()),
                "sig": base64.b64encode(signature).decode(),
            }
        ],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


def opened(envelope: bytes, payload_type: str, trusted: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return whose key signed it, by its name in `trusted`, and the payload.

    1. The envelope is of the form and of the expected type.
    2. One of its signatures is by a trusted key, over type and payload.
    Raises `InvalidInput` for what is no envelope, `Tampered` where no trusted key signed it.
    """
    told = _read(envelope)
    try:
        payload = base64.b64decode(told["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in told["signatures"]]
        found_type = told["payloadType"]
    except (KeyError, TypeError, ValueError, binascii.Error) as problem:
        raise _no_envelope() from problem
    if found_type != payload_type:
        raise InvalidInput(
            "The signed document is of another type.", f"It must be of type {payload_type}."
        )
    signed = pre_authentication(payload_type, payload)
    for name, public in trusted.items():
        for signature in signatures:
            if _by(public, signed, signature):
                return name, payload
    raise Tampered(
        "No key that is trusted here signed the document.",
        "Ask the sender for it again, and for their public key by another way.",
    )


def _by(public: bytes, signed: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public).verify(signed, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def _read(envelope: bytes) -> Any:
    if len(envelope) > _MOST_BYTES:
        raise InvalidInput("The signed document is too long.", "At most 16 MiB can be read.")
    try:
        return json.loads(envelope)
    except (ValueError, RecursionError) as problem:
        raise _no_envelope() from problem


def _no_envelope() -> InvalidInput:
    return InvalidInput("This is no signed envelope.", "Send a DSSE envelope as JSON.")
