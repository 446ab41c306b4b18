"""Which hashes a list may hold, and the ids of entries that come without one."""

from __future__ import annotations

import hashlib

import pytest

from tutela.hashlists.hashlist import Entry, EntryHash, derived_id, parse_hash, refuse

_PDQ = bytes(range(32))


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_the_digest_of_the_empty_file_is_refused(algorithm: str) -> None:
    value = hashlib.new(algorithm, b"").digest()
    assert refuse(EntryHash(algorithm, value)) == f"{algorithm}: the digest of the empty file"
    assert refuse(EntryHash(algorithm, hashlib.new(algorithm, b"x").digest())) is None


@pytest.mark.parametrize(("algorithm", "size"), [("md5", 16), ("sha1", 20), ("pdq", 32)])
@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
def test_hashes_without_information_are_refused(algorithm: str, size: int, byte: bytes) -> None:
    assert refuse(EntryHash(algorithm, byte * size)) == f"{algorithm}: all bits are the same"
    assert refuse(EntryHash(algorithm, byte * (size - 1) + b"\x01")) is None


@pytest.mark.parametrize(
    ("quality", "reason"),
    [(None, None), (100, None), (50, None), (49, "pdq: quality 49 is below 50")],
)
def test_pdq_of_low_quality_is_refused(quality: int | None, reason: str | None) -> None:
    assert refuse(EntryHash("pdq", _PDQ, quality)) == reason


def test_a_hash_of_another_length_is_refused() -> None:
    assert refuse(EntryHash("sha1", b"\x01" * 16)) == "sha1: 16 bytes instead of 20"


@pytest.mark.parametrize("text", ["AB" * 16, "ab" * 16, "aB" * 16])
def test_hex_is_read_in_either_case(text: str) -> None:
    assert parse_hash("md5", text) == EntryHash("md5", b"\xab" * 16)


@pytest.mark.parametrize("text", ["zz" * 16, "ab cd" + "ab" * 13 + "a", "é" * 32, "0x" + "ab" * 15])
def test_what_is_not_hex_is_refused(text: str) -> None:
    assert parse_hash("md5", text) == "md5: not hexadecimal"


def test_a_wrong_length_says_both_lengths_and_not_the_hash() -> None:
    assert parse_hash("sha1", "ab" * 16) == "sha1: 32 characters instead of 40"


def test_a_derived_id_depends_on_the_hashes_only() -> None:
    one, two = EntryHash("md5", b"\x01" * 16), EntryHash("pdq", _PDQ, 80)
    assert derived_id((one, two)) == derived_id((two, one))
    assert derived_id((one, two)) == derived_id((one, EntryHash("pdq", _PDQ)))
    assert derived_id((one,)) != derived_id((two,))
    # Stored in other people's databases: it may never change.
    assert derived_id((one,)) == "h-e14f5867f07ba8c2bbd7a37fb10e0c37"


def test_lines_of_one_entry_add_up() -> None:
    first = Entry("e", (EntryHash("md5", b"\x01" * 16),), ("a",), source="one")
    second = Entry("e", (EntryHash("pdq", _PDQ),), ("b", "a"), classification="A1")
    assert first.joined(second) == Entry("e", first.hashes + second.hashes, ("a", "b"), "A1", "one")
