"""The tree against published vectors, published roots, and its own definition done naively."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tutela.errors import Tampered

_VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "rfc6962" / "proofs.json").read_text()
)
_LARGEST = 64


def inclusion_proof(leaves: list[bytes], index: int) -> list[bytes]:
    return [root_of(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: list[bytes], old_size: int) -> list[bytes]:
    return [root_of(leaves[start:end]) for start, end in consistency_ranges(old_size, len(leaves))]


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize("name", _VECTORS["inclusion"])
def test_published_inclusion_proofs(name: str) -> None:
    vector = _VECTORS["inclusion"][name]
    holds = verify_inclusion(
        _bytes(vector["leafHash"]),
        vector["leafIdx"],
        vector["treeSize"],
        [_bytes(step) for step in vector["proof"] or []],
        _bytes(vector["root"]),
    )
    assert holds is not vector["wantErr"], vector["desc"]


@pytest.mark.parametrize("name", _VECTORS["consistency"])
def test_published_consistency_proofs(name: str) -> None:
    vector = _VECTORS["consistency"][name]
    holds = verify_consistency(
        vector["size1"],
        vector["size2"],
        _bytes(vector["root1"]),
        _bytes(vector["root2"]),
        [_bytes(step) for step in vector["proof"] or []],
    )
    assert holds is not vector["wantErr"], vector["desc"]


def _naive_root(entries: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1 word for word: MTH({}), MTH({d0}), MTH(D_n) with k the largest 2^i < n."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + _naive_root(entries[:k]) + _naive_root(entries[k:])).digest()


def _entries(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(entry) for entry in _entries(size)]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert Frontier().root() == EMPTY_ROOT


def test_an_empty_entry_has_the_well_known_leaf_hash() -> None:
    known = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"").hex() == known


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_the_root_is_the_one_defined(entries: list[bytes]) -> None:
    assert root_of([leaf_hash(entry) for entry in entries]) == _naive_root(entries)


@given(st.integers(0, 300))
def test_a_frontier_survives_packing(size: int) -> None:
    frontier = Frontier()
    for leaf in _leaves(size):
        frontier = frontier.append(leaf)
    assert Frontier.unpacked(size, frontier.packed()) == frontier


@given(st.integers(0, 300), st.integers(0, 12))
def test_a_frontier_of_wrong_length_is_tampered(size: int, peaks: int) -> None:
    if peaks == size.bit_count():
        return
    with pytest.raises(Tampered):
        Frontier.unpacked(size, b"\0" * 32 * peaks)


def test_every_inclusion_proof_up_to_64_leaves_holds() -> None:
    for size in range(1, _LARGEST + 1):
        leaves, root = _leaves(size), _naive_root(_entries(size))
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            assert verify_inclusion(leaves[index], index, size, proof, root), (index, size)


def test_every_consistency_proof_up_to_64_leaves_holds() -> None:
    leaves = _leaves(_LARGEST)
    roots = [_naive_root(_entries(size)) for size in range(_LARGEST + 1)]
    for new in range(1, _LARGEST + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(leaves[:new], old)
            assert verify_consistency(old, new, roots[old], roots[new], proof), (old, new)


def _flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


_BITS = st.integers(0, 255)


@given(st.data())
def test_an_inclusion_proof_with_any_bit_flipped_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, _LARGEST))
    index = data.draw(st.integers(0, size - 1))
    leaves = _leaves(size)
    parts = [leaves[index], root_of(leaves), *inclusion_proof(leaves, index)]
    struck = data.draw(st.integers(0, len(parts) - 1))
    parts[struck] = _flipped(parts[struck], data.draw(_BITS))
    leaf, root, *proof = parts
    assert not verify_inclusion(leaf, index, size, proof, root)


@given(st.data())
def test_a_consistency_proof_with_any_bit_flipped_fails(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, _LARGEST))
    old = data.draw(st.integers(1, new - 1))
    leaves = _leaves(new)
    parts = [root_of(leaves[:old]), root_of(leaves), *consistency_proof(leaves, old)]
    struck = data.draw(st.integers(0, len(parts) - 1))
    parts[struck] = _flipped(parts[struck], data.draw(_BITS))
    old_root, new_root, *proof = parts
    assert not verify_consistency(old, new, old_root, new_root, proof)


@given(st.data())
def test_an_inclusion_proof_shows_no_other_place(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, _LARGEST))
    index, other = data.draw(
        st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True)
    )
    leaves = _leaves(size)
    proof = inclusion_proof(leaves, index)
    assert not verify_inclusion(leaves[index], other, size, proof, root_of(leaves))


@given(st.data())
def test_a_proof_cut_or_lengthened_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, _LARGEST))
    index = data.draw(st.integers(0, size - 1))
    leaves = _leaves(size)
    root, proof = root_of(leaves), inclusion_proof(leaves, index)
    extra = data.draw(st.binary(min_size=32, max_size=32))
    place = data.draw(st.integers(0, len(proof)))
    assert not verify_inclusion(
        leaves[index], index, size, [*proof[:place], extra, *proof[place:]], root
    )
    assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)


@pytest.mark.parametrize(("size", "place"), [(0, 0), (3, 3), (3, -1)])
def test_no_proof_is_made_for_a_place_outside(size: int, place: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        inclusion_proof(_leaves(size), place)


@pytest.mark.parametrize("old", [0, -1, 4])
def test_no_consistency_is_proved_for_a_size_outside(old: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        consistency_proof(_leaves(3), old)
