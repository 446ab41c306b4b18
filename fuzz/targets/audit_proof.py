"""Proofs of audit entries, as a court's checker reads them: first the letter P, then the file.

After S comes the signed note of a checkpoint alone, put into a proof that otherwise holds.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from fuzz.target import scratch
from tutela.audit import offline
from tutela.audit.checkpoint import CheckpointSigner
from tutela.audit.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

from datetime import UTC, datetime

_SIGNER = CheckpointSigner("fuzz.test", bytes(range(32)))
_ENTRY = Entry(1, datetime(2026, 1, 5, tzinfo=UTC), "person:a", "case.decided", "cas_1", {"n": 1})


@cache
def proof() -> dict[str, Any]:
    """Prove the second of two entries."""
    told = _ENTRY.canonical()
    first, leaf = sha256(b"\0first").digest(), sha256(b"\0" + told).digest()
    return {
        "format": offline.FORMAT,
        "log": _SIGNER.text,
        "index": 1,
        "entry": told.decode(),
        "checkpoint": _SIGNER.sign(2, sha256(b"\1" + first + leaf).digest()),
        "inclusion": [base64.b64encode(first).decode()],
        "witnesses": [],
    }


def seeds() -> Iterator[bytes]:
    """Write a proof, a later one, and a note."""
    whole = proof()
    yield b"P" + json.dumps(whole).encode()
    later = {"checkpoint": whole["checkpoint"], "consistency": []}
    yield b"P" + json.dumps(whole | {"later": later}).encode()
    yield b"P" + json.dumps(whole | {"entry": "\ud800", "witnesses": [whole["log"]]}).encode()
    yield b"S" + whole["checkpoint"].encode()


def run(data: bytes) -> None:
    """Check it with the log's key: it holds for our entry alone, and never breaks."""
    file = data[1:]
    if data[:1] == b"S":
        note = file.decode(errors="surrogateescape")
        file = json.dumps(proof() | {"checkpoint": note}).encode()
    path = scratch() / "proof.json"
    path.write_bytes(file)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = offline.main([str(path), "--key", _SIGNER.text])
    assert status in {offline.HOLDS, offline.FAILS}
    text = said.getvalue()
    assert text.replace("\n", "").isprintable(), "something that a terminal may act on"
    if status == offline.HOLDS:
        assert json.loads(file)["entry"] == _ENTRY.canonical().decode(), "another entry holds"
