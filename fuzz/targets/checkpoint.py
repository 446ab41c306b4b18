"""Signed notes, the witness file and key files: hostile ones are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.target import scratch
from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.errors import SettingsInvalid, Tampered
from tutela.storage import keyfile

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNER = CheckpointSigner("tutela.test", bytes(range(32)))
_NOTE = _SIGNER.sign(7, bytes(32))


def seeds() -> Iterator[bytes]:
    """Sign a note; write a key file."""
    yield _NOTE.encode()
    yield _NOTE.replace("\n7\n", "\n\u00b2\n").encode()
    yield b"word AAECAwQFBgcICQoLDA0ODw==\n"


def run(data: bytes) -> None:
    """Open the bytes as each; only what was signed opens."""
    try:
        opened = _SIGNER.open(data.decode(errors="surrogateescape"))
        assert (opened.size, opened.root) == (7, bytes(32)), "another checkpoint opened"
    except Tampered:
        pass
    path = scratch() / "checkpoint.note"
    path.write_bytes(data)
    path.chmod(0o600)
    witness = WitnessFile(path, _SIGNER)
    try:
        witness.read()
    except Tampered:
        pass
    witness.keep(_NOTE, 7)
    try:
        keyfile.read_secret(path, "word")
    except SettingsInvalid:
        pass
