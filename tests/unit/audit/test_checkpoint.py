"""Checkpoints as C2SP writes them, checked by a second reader that shares no code with ours."""

from __future__ import annotations

import base64
import hashlib
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_sign_open

from tutela.audit.checkpoint import (
    Checkpoint,
    CheckpointSigner,
    CheckpointVerifier,
    WitnessFile,
)
from tutela.errors import Tampered

if TYPE_CHECKING:
    from pathlib import Path

_SEED = bytes(range(32))
_ROOT = hashlib.sha256(b"a root").digest()
_SIGNER = CheckpointSigner("tutela.test/log", _SEED)
_NOTE = _SIGNER.sign(42, _ROOT)


def _second_reader(note: bytes, verifier_key: str) -> tuple[str, int, bytes]:
    """c2sp.org/signed-note and c2sp.org/tlog-checkpoint, read byte by byte."""
    name, key_hash, key = verifier_key.split("+", 2)
    raw_key = base64.b64decode(key)
    assert raw_key[0] == 1, "Ed25519"
    assert key_hash == hashlib.sha256(name.encode() + b"\n" + raw_key).hexdigest()[:8]

    assert note.endswith(b"\n")
    end = note.rindex(b"\n\n")
    text, signatures = note[: end + 1], note[end + 2 :]
    (line,) = signatures[:-1].split(b"\n")
    assert line.startswith("— ".encode())
    signed_by, blob = line[len("— ".encode()) :].split(b" ")
    assert signed_by.decode() == name
    raw = base64.b64decode(blob, validate=True)
    assert raw[:4].hex() == key_hash
    assert len(raw) == 4 + 64
    assert crypto_sign_open(raw[4:] + text, raw_key[1:]) == text

    origin, size, root = text.decode().split("\n")[:3]
    assert size == str(int(size)), "decimal, no leading zero"
    return origin, int(size), base64.b64decode(root, validate=True)


@given(
    st.from_regex(r"[a-z0-9.]{1,30}(/[a-z0-9-]{1,20})?", fullmatch=True),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**62),
    st.binary(min_size=32, max_size=32),
)
def test_a_second_reader_accepts_the_note(origin: str, seed: bytes, size: int, root: bytes) -> None:
    signer = CheckpointSigner(origin, seed)
    note = signer.sign(size, root)
    assert _second_reader(note.encode(), signer.text) == (origin, size, root)
    assert signer.open(note) == Checkpoint(origin, size, root)


def test_the_public_key_alone_opens() -> None:
    public = base64.b64decode(_SIGNER.text.split("+", 2)[2])[1:]
    assert CheckpointVerifier(_SIGNER.origin, public).open(_NOTE).size == 42


@given(st.integers(0, len(_NOTE.encode()) * 8 - 1))
def test_any_flipped_bit_is_found(bit: int) -> None:
    changed = bytearray(_NOTE.encode())
    changed[bit // 8] ^= 1 << bit % 8
    text = changed.decode(errors="replace")
    with pytest.raises(Tampered):
        _SIGNER.open(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        "\n",
        _NOTE.split("\n\n")[0] + "\n",
        _NOTE.replace("42", "042"),
        _NOTE.replace("42", "+42"),
        _NOTE.replace("\n42\n", "\n42\nextra\n"),
        _NOTE.replace("— ", "- "),
        CheckpointSigner("tutela.test/log", b"\1" * 32).sign(42, _ROOT),
        CheckpointSigner("another.log", _SEED).sign(42, _ROOT),
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_refused(note: str) -> None:
    with pytest.raises(Tampered):
        _SIGNER.open(note)


def test_a_signature_added_by_an_outside_witness_does_no_harm() -> None:
    blob = base64.b64encode(b"\0" * 76).decode()
    assert _SIGNER.open(f"{_NOTE}— witness.example {blob}\n").size == 42


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak"])
def test_an_origin_that_no_note_can_carry_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        CheckpointSigner(origin, _SEED)


def test_the_witness_keeps_the_largest_tree(tmp_path: Path) -> None:
    witness = WitnessFile(tmp_path / "witness", _SIGNER)
    assert witness.read() is None
    for size in (3, 10, 7):
        witness.keep(_SIGNER.sign(size, _ROOT), size)
    assert witness.read() == Checkpoint(_SIGNER.origin, 10, _ROOT)


def test_the_witness_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "witness"
    WitnessFile(file, _SIGNER).keep(_NOTE, 42)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_forged_witness_is_found(tmp_path: Path) -> None:
    file = tmp_path / "witness"
    stranger = CheckpointSigner(_SIGNER.origin, b"\2" * 32)
    file.write_text(stranger.sign(99, _ROOT))
    with pytest.raises(Tampered):
        WitnessFile(file, _SIGNER).read()


def test_readers_never_see_half_a_witness(tmp_path: Path) -> None:
    witness = WitnessFile(tmp_path / "witness", _SIGNER)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            witness.read()

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for power in range(60):
            witness.keep(_SIGNER.sign(2**power, _ROOT), 2**power)
        stop.set()
        for reader in readers:
            reader.result(10)
