"""Private evidence keys under a key of AWS KMS, or of what speaks its protocol.

Each private key lies in a folder as what KMS made of it, `ID.kms`, bound to its id by the
encryption context. KMS gives it back for a few minutes at a time, and writes down that it did: who
may no longer ask cannot open any more, soon, and without anything being changed here.
Source: AWS KMS API Reference (TrentService, JSON 1.1): Encrypt, Decrypt, Common Errors.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from nacl.public import PrivateKey

from tutela.errors import CounterpartyFailed, Refused, Tampered
from tutela.evidence.key_service import held_already, no_such_key, not_held
from tutela.evidence.keys import OpeningKey
from tutela.exchange import sigv4
from tutela.exchange.http import Outbound
from tutela.storage import keyfile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tutela.exchange.address import Network
    from tutela.exchange.http import Answer
    from tutela.exchange.sigv4 import Credentials
    from tutela.storage.clock import Clock

_WORD = "tutela-evidence-kms-1"
_CONTEXT = "tutela-evidence-key"
_LATER = frozenset(
    {
        "ThrottlingException",
        "LimitExceededException",
        "DependencyTimeoutException",
        "KMSInternalException",
        "KeyUnavailableException",
        "RequestLimitExceeded",
    }
)
_SPOILT = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_OK = 200
_TRIES = 3


@dataclass(frozen=True, slots=True)
class KmsKey:
    """Which key of which service: address, region, and the key's id, ARN or alias."""

    url: str
    region: str
    key: str


class AwsKms:
    """The key service whose private keys only KMS can give back."""

    def __init__(
        self,
        folder: Path,
        kms: KmsKey,
        credentials: Credentials,
        clock: Clock,
        hold_seconds: float,
        pause: Callable[[float], None] = time.sleep,
        timeout: float = 10.0,
        private: Sequence[Network] = (),
    ) -> None:
        """`hold_seconds`: how long a key may stay in memory before KMS is asked again."""
        self._folder = folder
        self._kms = kms
        self._credentials = credentials
        self._clock = clock
        self._hold = hold_seconds
        self._pause = pause
        self._outbound = Outbound(kms.url, timeout=timeout, private=private)
        self._host = httpx.URL(kms.url).netloc.decode()
        self._known: dict[str, tuple[float, OpeningKey]] = {}

    def ids(self) -> frozenset[str]:
        """Return which keys are held."""
        return frozenset(path.stem for path in self._folder.glob("[!.]*.kms"))

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Recover an object's key."""
        return self.private(key_id).unwrap(wrapped)

    def add(self, key: OpeningKey) -> None:
        """Have KMS encrypt the key, see that it gives it back, and keep what it made."""
        identity = key.sealing.id
        if identity in self.ids():
            raise held_already()
        answer = self._asked(
            "Encrypt",
            {
                "KeyId": self._kms.key,
                "Plaintext": base64.b64encode(key.private.encode()).decode(),
                "EncryptionContext": {_CONTEXT: identity},
            },
        )
        blob = bytes_of(answer, "CiphertextBlob")
        # A key that cannot be had back must not be sealed to.
        self._decrypted(identity, blob)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keyfile.write_secret(self._folder / f"{identity}.kms", _WORD, blob)

    def private(self, key_id: str) -> OpeningKey:
        """Have KMS decrypt the key, unless it did so moments ago."""
        since, key = self._known.get(key_id, (0.0, None))
        if key is not None and time.monotonic() - since < self._hold:
            return key
        self._known.pop(key_id, None)
        if key_id not in self.ids():
            raise not_held(key_id)
        blob = keyfile.read_secret(self._folder / f"{key_id}.kms", _WORD)
        key = self._decrypted(key_id, blob)
        if self._hold > 0:
            self._known[key_id] = (time.monotonic(), key)
            # Also where nobody asks again.
            timer = threading.Timer(self._hold, self._forget, (key_id, key))
            timer.daemon = True
            timer.start()
        return key

    def held_now(self) -> frozenset[str]:
        """Return which private keys lie in this process's memory."""
        return frozenset(self._known)

    def _forget(self, key_id: str, key: OpeningKey) -> None:
        """Let go of a key that was held long enough, unless KMS gave it back anew."""
        if self._known.get(key_id, (0.0, None))[1] is key:
            self._known.pop(key_id, None)

    def remove(self, key_id: str) -> None:
        """Delete what KMS made of the key."""
        if key_id not in self.ids():
            raise no_such_key()
        (self._folder / f"{key_id}.kms").unlink(missing_ok=True)
        self._known.pop(key_id, None)

    def _decrypted(self, key_id: str, blob: bytes) -> OpeningKey:
        answer = self._asked(
            "Decrypt",
            {
                "KeyId": self._kms.key,
                "CiphertextBlob": base64.b64encode(blob).decode(),
                "EncryptionContext": {_CONTEXT: key_id},
            },
        )
        raw = bytes_of(answer, "Plaintext")
        if len(raw) == PrivateKey.SIZE:
            key = OpeningKey(PrivateKey(raw))
            if key.sealing.id == key_id:
                return key
        raise Tampered(
            "The key service gave back another key than it was given.",
            "Restore the key from its shares, and find out what happened to the key service.",
        )

    def _asked(self, call: str, what: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._once(call, what)
            except CounterpartyFailed:
                if attempt == _TRIES:
                    raise
                self._pause(0.2 * 2**attempt)
        raise AssertionError

    def _once(self, call: str, what: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(what).encode()
        headers = {
            "Host": self._host,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"TrentService.{call}",
        }
        signed = sigv4.signed(
            self._credentials, self._kms.region, "kms", self._clock(), headers, body
        )
        answer = self._outbound.post("/", content=body, headers=signed)
        return said_by(answer)


def said_by(answer: Answer) -> dict[str, Any]:
    """Read an answer. Raises `CounterpartyFailed`, `Tampered`, `Refused`."""
    try:
        told = json.loads(answer.body)
        if not isinstance(told, dict):
            raise TypeError
    except (ValueError, TypeError, RecursionError):
        raise _nonsense() from None
    if answer.status != _OK:
        raise _refusal(str(told.get("__type", "")).rpartition("#")[2])
    return told


def _refusal(kind: str) -> Exception:
    shown = kind if kind.isalnum() and len(kind) < 60 else "no reason"  # noqa: PLR2004 - a name
    if kind in _LATER:
        return CounterpartyFailed(
            f"The key service cannot answer now ({shown}).", "It is tried again."
        )
    if kind in _SPOILT:
        return Tampered(
            "The key service does not know what it should decrypt.",
            "Restore the key's file from its backup, or the key from its shares.",
        )
    return Refused(
        f"The key service refused ({shown}).",
        "Check the key's policy and state, and the credentials in [aws_kms].",
    )


def bytes_of(answer: dict[str, Any], name: str) -> bytes:
    """Return the bytes of an answer. Raises `CounterpartyFailed`."""
    try:
        return base64.b64decode(answer[name], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise _nonsense() from None


def _nonsense() -> CounterpartyFailed:
    return CounterpartyFailed(
        "The key service's answer makes no sense.", "It is tried again; check aws_kms.url."
    )
