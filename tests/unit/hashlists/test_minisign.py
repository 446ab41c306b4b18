"""Signatures: what minisign itself wrote is proven, and any other byte is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.minisign_signer import Signer

from tutela.errors import InvalidInput, Tampered, TutelaError
from tutela.hashlists.minisign import PublicKey, Signature

_MADE = Path(__file__).parents[2] / "vectors" / "minisign"
"""Written by minisign 0.11 (Debian) over a list of two digests of plain words."""


def _read(name: str) -> bytes:
    return (_MADE / name).read_bytes()


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=64).digest()


KEY = PublicKey.parse(_read("test.pub").decode())


def test_what_minisign_signed_is_proven() -> None:
    signature = Signature.parse(_read("list.csv.minisig"))
    signature.verify(KEY, _digest(_read("list.csv")))
    assert signature.serial == 1764086400
    assert PublicKey.parse(KEY.text()) == KEY
    assert KEY.text() in _read("test.pub").decode()


def test_our_signer_is_the_same_to_the_code() -> None:
    signer = Signer()
    Signature.parse(signer.numbered(b"x", 3)).verify(PublicKey.parse(signer.public), _digest(b"x"))


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_one_altered_bit_of_the_signature_proves_nothing(place: int, bit: int) -> None:
    data = bytearray(_read("list.csv.minisig"))
    untrusted = data.index(b"\n") + 1
    at = untrusted + place % (len(data) - 1 - untrusted)
    data[at] ^= 1 << bit
    with pytest.raises(TutelaError):
        Signature.parse(bytes(data)).verify(KEY, _digest(_read("list.csv")))


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_one_altered_bit_of_the_file_is_found(place: int, bit: int) -> None:
    data = bytearray(_read("list.csv"))
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(Tampered):
        Signature.parse(_read("list.csv.minisig")).verify(KEY, _digest(bytes(data)))


def test_another_key_proves_nothing() -> None:
    with pytest.raises(Tampered):
        Signature.parse(Signer().numbered(b"x", 1)).verify(KEY, _digest(b"x"))


def test_the_trusted_comment_of_another_signature_is_found() -> None:
    signer = Signer()
    old, new = (signer.numbered(b"x", one).splitlines(keepends=True) for one in (1, 2))
    mixed = b"".join([*old[:2], new[2], old[3]])
    with pytest.raises(Tampered):
        Signature.parse(mixed).verify(PublicKey.parse(signer.public), _digest(b"x"))


def test_the_old_kind_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="prehashed"):
        Signature.parse(_read("legacy.minisig"))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        Signature.parse(data)


@given(st.text(max_size=100))
def test_any_text_is_no_key(text: str) -> None:
    with pytest.raises(InvalidInput):
        PublicKey.parse(text)


@pytest.mark.parametrize(
    ("comment", "serial"),
    [
        ("timestamp:12\tfile:a", 12),
        ("timestamp:12 serial:7", 7),
        ("serial:007", 7),
        ("no number", None),
        ("mytimestamp:12", None),
        ("timestamp:-3", None),
        ("timestamp:" + "9" * 30, None),
    ],
)
def test_the_serial_is_the_trusted_comments(comment: str, serial: int | None) -> None:
    assert Signature.parse(Signer().sign(b"", comment)).serial == serial
