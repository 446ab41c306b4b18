"""A sealed object reads like a file, from any place, and only what is asked for is fetched."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings as sodium

from tutela.errors import Tampered
from tutela.evidence import chunks, sealing
from tutela.evidence.chunks import CHUNK, EXTRA
from tutela.evidence.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = bytes(range(32))
PLAIN = secrets.token_bytes(5 * CHUNK + 777)
SEALED = sealing.seal(PLAIN, KEY, b"evd_1")


@dataclass
class Held:
    data: bytes
    fetched: list[int] = field(default_factory=list)

    def range(self, start: int, length: int) -> bytes:
        found = self.data[start : start + length]
        self.fetched.append(len(found))
        return found

    def parts(self) -> Iterator[bytes]:
        for at in range(0, len(self.data), 100_000):
            self.fetched.append(100_000)
            yield self.data[at : at + 100_000]


def format_1(data: bytes, step: int = 1 << 20) -> bytes:
    """Seal as the first versions did."""
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    out = b"TUTELA-SEALED-1\n" + sodium.crypto_secretstream_xchacha20poly1305_init_push(state, KEY)
    cut = [data[at : at + step] for at in range(0, len(data), step)] or [b""]
    for number, chunk in enumerate(cut):
        tag = 3 if number == len(cut) - 1 else 0
        out += sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, b"evd_1", tag)
    return out


OLD = format_1(PLAIN * 4)


@given(st.integers(0, len(PLAIN) + 10), st.integers(0, 3 * CHUNK))
def test_any_range_is_those_bytes(start: int, length: int) -> None:
    reading = Reading(Held(SEALED), len(PLAIN), KEY, b"evd_1")
    assert reading.read_range(start, length) == PLAIN[start : start + length]


@given(st.lists(st.tuples(st.integers(0, len(PLAIN)), st.integers(1, CHUNK * 2)), max_size=8))
def test_it_reads_like_a_file(steps: list[tuple[int, int]]) -> None:
    ours, theirs = Reading(Held(SEALED), len(PLAIN), KEY, b"evd_1"), io.BytesIO(PLAIN)
    for place, length in steps:
        assert ours.seek(place) == theirs.seek(place)
        assert ours.read_range(place, length) == theirs.read(length)
        assert ours.tell() == theirs.tell()
    whole = Reading(Held(SEALED), len(PLAIN), KEY, b"evd_1")
    assert whole.seek(-5, io.SEEK_END) == len(PLAIN) - 5
    assert whole.read() == PLAIN[-5:]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 70 * CHUNK + 1])
def test_the_borders(size: int) -> None:
    data = bytes(size)
    reading = Reading(Held(sealing.seal(data, KEY, b"x")), size, KEY, b"x")
    assert reading.readall() == data
    assert reading.read(10) == b""


def test_only_the_chunks_that_hold_the_range_are_fetched() -> None:
    held = Held(SEALED)
    reading = Reading(held, len(PLAIN), KEY, b"evd_1")
    assert reading.read_range(3 * CHUNK + 5, 100) == PLAIN[3 * CHUNK + 5 :][:100]
    assert reading.read_range(3 * CHUNK + 500, 100) == PLAIN[3 * CHUNK + 500 :][:100]
    assert held.fetched == [chunks.START, CHUNK + EXTRA]


def test_a_run_of_chunks_is_one_request() -> None:
    held = Held(SEALED)
    Reading(held, len(PLAIN), KEY, b"evd_1").read_range(10, 4 * CHUNK)
    assert held.fetched == [chunks.START, 5 * (CHUNK + EXTRA)]


@given(st.data())
def test_a_flipped_bit_is_found_where_it_is_read(choice: st.DataObject) -> None:
    place = choice.draw(st.integers(0, len(SEALED) - 1))
    spoilt = bytearray(SEALED)
    spoilt[place] ^= 1 << choice.draw(st.integers(0, 7))
    if place < chunks.START:
        with pytest.raises(Tampered):
            Reading(Held(bytes(spoilt)), len(PLAIN), KEY, b"evd_1")
        return
    number = (place - chunks.START) // (CHUNK + EXTRA)
    reading = Reading(Held(bytes(spoilt)), len(PLAIN), KEY, b"evd_1")
    with pytest.raises(Tampered):
        reading.read_range(number * CHUNK, 1)


def cut(sealed: bytes) -> list[bytes]:
    body = sealed[chunks.START :]
    return [body[at : at + CHUNK + EXTRA] for at in range(0, len(body), CHUNK + EXTRA)]


@given(st.permutations(range(6)), st.integers(0, 6), st.sampled_from(["moved", "cut", "doubled"]))
def test_chunks_moved_dropped_or_doubled_are_found(order: list[int], kept: int, how: str) -> None:
    pieces = cut(SEALED)
    changed = {
        "moved": [pieces[place] for place in order],
        "cut": pieces[:kept],
        "doubled": [*pieces[:kept], *pieces[max(0, kept - 1) :]],
    }[how]
    if changed == pieces:
        return
    spoilt = SEALED[: chunks.START] + b"".join(changed)
    with pytest.raises(Tampered):
        sealing.unseal(spoilt, KEY, b"evd_1")
    with pytest.raises(Tampered):
        Reading(Held(spoilt), len(PLAIN), KEY, b"evd_1").readall()


def test_chunks_of_another_object_under_the_same_key_are_found() -> None:
    other = sealing.seal(PLAIN, KEY, b"evd_1")
    mixed = SEALED[: chunks.START] + b"".join([*cut(SEALED)[:3], *cut(other)[3:]])
    with pytest.raises(Tampered):
        sealing.unseal(mixed, KEY, b"evd_1")


def test_a_size_that_was_changed_on_record_is_found() -> None:
    for size in (len(PLAIN) - 1, len(PLAIN) + 1, 5 * CHUNK, 7 * CHUNK):
        with pytest.raises(Tampered):
            Reading(Held(SEALED), size, KEY, b"evd_1").readall()


def test_another_key_or_identity_does_not_open() -> None:
    for key, bound in ((bytes(32), b"evd_1"), (KEY, b"evd_2")):
        with pytest.raises(Tampered):
            Reading(Held(SEALED), len(PLAIN), key, bound)


def test_the_layout_is_as_documented() -> None:
    assert SEALED[:16] == b"TUTELA-SEALED-2\n"
    assert len(SEALED) == 64 + len(PLAIN) + 6 * 16
    assert chunks.place(1) == 64 + 65_536 + 16


def test_what_the_first_versions_sealed_still_opens() -> None:
    assert sealing.unseal(OLD, KEY, b"evd_1") == PLAIN * 4
    with pytest.raises(Tampered):
        sealing.unseal(OLD[:-1], KEY, b"evd_1")
    with pytest.raises(Tampered):
        sealing.unseal(OLD[: 16 + 24 + (1 << 20) + 17], KEY, b"evd_1")


@given(st.lists(st.tuples(st.integers(0, 4 * len(PLAIN)), st.integers(1, CHUNK)), max_size=3))
def test_ranges_of_the_first_format_are_those_bytes(steps: list[tuple[int, int]]) -> None:
    reading, plain = Reading(Held(OLD), 4 * len(PLAIN), KEY, b"evd_1"), PLAIN * 4
    for start, length in steps:
        assert reading.read_range(start, length) == plain[start : start + length]
