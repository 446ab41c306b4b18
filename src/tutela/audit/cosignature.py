"""What an outside witness signs, and checking it (c2sp.org/tlog-cosignature, Ed25519)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from tutela.errors import SettingsInvalid, Tampered

_COSIGNATURE = b"\x04"
_KEY_SIZE, _ID_SIZE, _TIME_SIZE = 32, 4, 8


class CosignatureVerifier:
    """A witness's public key: NAME+HASH+KEY of kind 0x04. Raises `SettingsInvalid`."""

    def __init__(self, text: str) -> None:
        try:
            self.name, named, blob = text.split("+", 2)
            raw = base64.b64decode(blob, validate=True)
            if raw[:1] != _COSIGNATURE or len(raw) != 1 + _KEY_SIZE:
                raise ValueError("not an Ed25519 cosignature key")
            self._id = sha256(self.name.encode() + b"\n" + raw).digest()[:_ID_SIZE]
            if named != self._id.hex() or not self.name or any(map(str.isspace, self.name)):
                raise ValueError("the hash is not the key's")
            self._key = VerifyKey(raw[1:])
        except ValueError as problem:
            raise SettingsInvalid(
                "A witness's key cannot be used.",
                "It has the form NAME+HASH+KEY, is of kind 0x04, and comes from the witness.",
            ) from problem
        self.text = text

    def open(self, note: str, lines: str) -> tuple[str, datetime]:
        """Return this witness's signature line over `note` among `lines`, and its time.

        Raises `Tampered` when there is none that holds.
        """
        body = note.rpartition("\n\n")[0] + "\n"
        for line in lines.split("\n"):
            dash, _, rest = line.partition(" ")
            name, _, blob = rest.partition(" ")
            if dash != "—" or name != self.name:
                continue
            proven = self._proven(body, blob)
            if proven is not None:
                at, raw = proven
                # Written anew: one signature has other spellings in base 64, too.
                return f"— {name} {base64.b64encode(raw).decode()}\n", at
        raise Tampered(
            f"The witness {self.name} did not sign this instance's checkpoint.",
            "Ask the witness which log it saw: it may have been shown another one.",
        )

    def _proven(self, body: str, blob: str) -> tuple[datetime, bytes] | None:
        try:
            raw = base64.b64decode(blob, validate=True)
            if raw[:_ID_SIZE] != self._id:
                return None
            at = int.from_bytes(raw[_ID_SIZE : _ID_SIZE + _TIME_SIZE], "big")
            told = f"cosignature/v1\ntime {at}\n{body}".encode()
            self._key.verify(told, raw[_ID_SIZE + _TIME_SIZE :])
            return datetime.fromtimestamp(at, UTC), raw
        except (BadSignatureError, ValueError, OverflowError, OSError):
            return None
