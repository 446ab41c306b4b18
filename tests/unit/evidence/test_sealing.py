"""Sealed bytes open to what was sealed, or not at all."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import Tampered
from tutela.evidence import sealing

KEY = bytes(range(32))


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_to_the_same_bytes(data: bytes) -> None:
    assert sealing.unseal(sealing.seal(data, KEY, b"evd_1"), KEY, b"evd_1") == data


@pytest.mark.parametrize("size", [0, 1, sealing.CHUNK - 1, sealing.CHUNK, sealing.CHUNK + 1])
def test_the_borders_of_chunks(size: int) -> None:
    data = secrets.token_bytes(size)
    assert sealing.unseal(sealing.seal(data, KEY, b"x"), KEY, b"x") == data


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_flipped_bit_is_found(data: bytes, choice: st.DataObject) -> None:
    sealed = bytearray(sealing.seal(data, KEY, b"x"))
    place = choice.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << (place % 8)
    with pytest.raises(Tampered):
        sealing.unseal(bytes(sealed), KEY, b"x")


@given(st.integers(0, 3 * sealing.CHUNK))
def test_any_cut_is_found(kept: int) -> None:
    data = bytes(2 * sealing.CHUNK + 10)
    sealed = sealing.seal(data, KEY, b"x")
    with pytest.raises(Tampered):
        sealing.unseal(sealed[: min(kept, len(sealed) - 1)], KEY, b"x")


def test_bytes_after_the_end_are_found() -> None:
    sealed = sealing.seal(b"abc", KEY, b"x")
    with pytest.raises(Tampered):
        sealing.unseal(sealed + b"\0" * 40, KEY, b"x")


def test_another_identity_or_key_does_not_open() -> None:
    sealed = sealing.seal(b"abc", KEY, b"evd_1")
    with pytest.raises(Tampered):
        sealing.unseal(sealed, KEY, b"evd_2")
    with pytest.raises(Tampered):
        sealing.unseal(sealed, bytes(32), b"evd_1")


@given(st.binary(max_size=300), st.integers(1, 40), st.integers(1, 40))
def test_how_the_bytes_arrive_changes_nothing(data: bytes, sealing_step: int, step: int) -> None:
    sealed = b"".join(sealing.sealed(cut(data, sealing_step), KEY, b"x"))
    assert b"".join(sealing.unsealed(cut(sealed, step), KEY, b"x")) == data
    assert sealing.unseal(sealed, KEY, b"x") == data


@pytest.mark.parametrize("step", [1000, sealing.CHUNK, sealing.CHUNK + 17, 3 * sealing.CHUNK])
def test_parts_that_do_not_fit_the_chunks(step: int) -> None:
    data = secrets.token_bytes(2 * sealing.CHUNK + 10)
    sealed = b"".join(sealing.sealed(cut(data, step), KEY, b"x"))
    assert len(sealed) == len(sealing.seal(data, KEY, b"x"))
    assert b"".join(sealing.unsealed(cut(sealed, step), KEY, b"x")) == data


def test_what_was_opened_before_a_cut_is_known_to_be_incomplete() -> None:
    sealed = sealing.seal(bytes(3 * sealing.CHUNK), KEY, b"x")
    opened = sealing.unsealed([sealed[: 2 * sealing.CHUNK + 100]], KEY, b"x")
    assert next(opened) == bytes(sealing.CHUNK)
    with pytest.raises(Tampered):
        list(opened)


def cut(data: bytes, step: int) -> list[bytes]:
    return [data[at : at + step] for at in range(0, len(data), step)]
