"""The exact digests against published answers."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.hashing.digests import Digests, DigestsOnDemand, digests

MILLION_A = Digests(
    "7707d6ae4e027c70eea2a935c2296f21",
    "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (
            b"",
            Digests(
                "d41d8cd98f00b204e9800998ecf8427e",
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
        ),
        (
            b"abc",
            Digests(
                "900150983cd24fb0d6963f7d28e17f72",
                "a9993e364706816aba3e25717850c26c9cd0d89d",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ),
    ],
)
def test_published_answers(message: bytes, answer: Digests) -> None:
    assert digests((message,)) == answer


def test_a_million_letters_in_chunks() -> None:
    assert digests(b"a" * 1000 for _ in range(1000)) == MILLION_A


@given(st.lists(st.binary(max_size=90), max_size=12))
def test_chunks_count_end_to_end(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    assert digests(chunks) == digests((whole,))
    assert digests(chunks).sha256 == hashlib.sha256(whole).hexdigest()


@given(st.binary(max_size=90))
def test_on_demand_they_are_the_same(data: bytes) -> None:
    owed = DigestsOnDemand(data)
    assert owed.md5 == digests((data,)).md5
    assert asdict(owed) == asdict(digests((data,)))
    assert owed == DigestsOnDemand(data)


def test_what_nobody_asks_for_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    owed = DigestsOnDemand(b"abc")
    monkeypatch.delattr(hashlib, "new")
    assert owed.sha256 == digests((b"abc",)).sha256
    with pytest.raises(AttributeError):
        _ = owed.md5
    with pytest.raises(AttributeError, match="crc"):
        getattr(owed, "crc")  # noqa: B009 - a name that is no digest's
