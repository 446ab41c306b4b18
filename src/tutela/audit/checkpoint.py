"""Signed checkpoints of the log, as C2SP signed notes (c2sp.org/signed-note, /tlog-checkpoint)."""

from __future__ import annotations

import base64
import fcntl
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from tutela.errors import Tampered

if TYPE_CHECKING:
    from pathlib import Path

_ED25519 = b"\x01"
_KEY_HASH_SIZE = 4
_SIZE = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log's size in entries and its root hash (32 bytes) under a name, the origin."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the body that is signed: origin, size, base64 root, one a line."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class CheckpointVerifier:
    """Checks signed checkpoints; needs the public key only."""

    def __init__(self, origin: str, public: bytes) -> None:
        if not origin or "+" in origin or any(letter.isspace() for letter in origin):
            raise ValueError("an origin is not empty and holds no space and no plus sign")
        self.origin = origin
        self._public = VerifyKey(public)
        named = origin.encode() + b"\n" + _ED25519 + public
        self.key_hash = sha256(named).digest()[:_KEY_HASH_SIZE]

    @property
    def text(self) -> str:
        """Return the verifier key as C2SP writes it: name+hash+key."""
        key = base64.b64encode(_ED25519 + self._public.encode()).decode()
        return f"{self.origin}+{self.key_hash.hex()}+{key}"

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint in `note`. Raises `Tampered` if form or signature is wrong."""
        try:
            body, _, signatures = note.rpartition("\n\n")
            body += "\n"
            origin, size, root = body.removesuffix("\n").split("\n")
            checkpoint = Checkpoint(origin, int(size), _decoded(root))
            signature = self._signature(signatures)
            self._public.verify(body.encode(), signature)
        except (TypeError, AttributeError, ValueError, BadSignatureError) as problem:
            raise Tampered(
                "A checkpoint of the audit log does not carry this instance's signature.",
                "Compare with a checkpoint kept elsewhere; treat later entries as unproven.",
            ) from problem
        if checkpoint.origin != self.origin or checkpoint.text() != body:
            raise Tampered(
                "A checkpoint names another log.", "Use the checkpoint of this instance."
            )
        return checkpoint

    def _signature(self, lines: str) -> bytes:
        *each, end = lines.split("\n")
        if end:
            raise ValueError("the last line is not ended")
        for line in each:
            dash, name, blob = line.split(" ")
            raw = _decoded(blob)
            if dash == "—" and name == self.origin and raw[:_KEY_HASH_SIZE] == self.key_hash:
                return raw[_KEY_HASH_SIZE:]
        raise ValueError("no signature by this key")


def _decoded(text: str) -> bytes:
    """Return what base 64 says in its one spelling. Raises `ValueError` for any other."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("another spelling")
    return raw


class CheckpointSigner(CheckpointVerifier):
    """Signs checkpoints with the instance's Ed25519 seed (32 bytes)."""

    def __init__(self, origin: str, seed: bytes) -> None:
        self._key = SigningKey(seed)
        super().__init__(origin, self._key.verify_key.encode())

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed note over `size` and `root`."""
        body = Checkpoint(self.origin, size, root).text()
        signature = self._key.sign(body.encode()).signature
        blob = base64.b64encode(self.key_hash + signature).decode()
        return f"{body}\n— {self.origin} {blob}\n"


class WitnessFile:
    """The newest checkpoint this machine has seen, kept outside the database.

    A database set back to an older, validly signed state is found out by it.
    """

    def __init__(self, path: Path, verifier: CheckpointVerifier) -> None:
        self._path = path
        self._verifier = verifier

    def read(self) -> Checkpoint | None:
        """Return the newest checkpoint seen, or None before the first."""
        try:
            with self._path.open(newline="") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                note = file.read()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            note = "not a note"
        return self._verifier.open(note) if note else None

    def keep(self, note: str, size: int) -> None:
        """Keep `note` unless a larger tree was seen; safe among processes."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # A damaged file is no larger tree: `read` has refused it, or it is replaced here.
        with os.fdopen(descriptor, "r+", errors="replace") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            lines = file.read().split("\n")
            # Only the size line matters here; `read` checks the signature.
            stated = lines[1] if len(lines) > 1 else ""
            seen = int(stated) if _SIZE.fullmatch(stated) else -1
            if size > seen:
                file.seek(0)
                file.write(note)
                file.truncate()
