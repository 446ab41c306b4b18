"""What witnesses and key services answer: the first byte chooses whose, the second its status."""

from __future__ import annotations

import base64
import contextlib
import json
import struct
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from tutela.audit.checkpoint import CheckpointSigner
from tutela.audit.cosignature import CosignatureVerifier
from tutela.audit.witnessing import HasAnother
from tutela.errors import (
    CounterpartyFailed,
    CounterpartyRefused,
    Refused,
    SettingsInvalid,
    Tampered,
)
from tutela.exchange import aws_kms, tlog_witness
from tutela.exchange.http import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "witness.example"
_WITNESS = SigningKey(bytes(range(32)))
_RAW = b"\x04" + _WITNESS.verify_key.encode()
_ID = sha256(f"{_NAME}\n".encode() + _RAW).digest()[:4]
_KEY = f"{_NAME}+{_ID.hex()}+{base64.b64encode(_RAW).decode()}"
VERIFIER = CosignatureVerifier(_KEY)
NOTE = CheckpointSigner("fuzz.test", bytes(range(32))).sign(7, bytes(32))
_OK, _CONFLICT = bytes((0,)), bytes((209,))


def line(at: int) -> str:
    """Return the signature line of a witness that saw the note at a time."""
    body = NOTE.rpartition("\n\n")[0] + "\n"
    signature = _WITNESS.sign(f"cosignature/v1\ntime {at}\n{body}".encode()).signature
    blob = _ID + struct.pack(">Q", at) + signature
    return f"\u2014 {_NAME} {base64.b64encode(blob).decode()}\n"


def seeds() -> Iterator[bytes]:
    """Answer as honest services do, and as one from the end of time."""
    yield b"w" + _OK + line(1_760_000_000).encode()
    yield b"w" + _OK + line((1 << 64) - 1).encode()
    yield b"w" + _CONFLICT + b"12\n"
    yield b"w" + _CONFLICT + "\u0661\u00b2\n".encode()
    yield b"k" + _OK + json.dumps({"Plaintext": base64.b64encode(bytes(32)).decode()}).encode()
    yield b"k" + _CONFLICT + b'{"__type": "a#ThrottlingException"}'
    yield b"v" + _OK + _KEY.encode()


def run(data: bytes) -> None:
    """Read an answer as its adapter does; only what was signed is a signature."""
    who, status, body = data[:1], data[1:2], data[2:]
    answer = Answer(200 + (status[0] if status else 0), body, None)
    with contextlib.suppress(
        CounterpartyFailed, CounterpartyRefused, Refused, SettingsInvalid, Tampered
    ):
        if who == b"k":
            assert isinstance(aws_kms.bytes_of(aws_kms.said_by(answer), "Plaintext"), bytes)
            return
        if who == b"v":
            CosignatureVerifier(body.decode(errors="replace"))
            return
        said = tlog_witness.said_by(answer)
        if isinstance(said, HasAnother):
            assert said.size >= 0
            return
        found, _ = VERIFIER.open(NOTE, said.lines)
        assert found in {line(1_760_000_000)}, "a signature that the witness did not make"
