"""The Merkle tree of RFC 9162 §2.1 (the same tree as RFC 6962 §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tutela.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY_ROOT = sha256(b"").digest()
HASH_SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ entry), RFC 9162 §2.1.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), RFC 9162 §2.1.1."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the full subtrees that make up a tree of `size` leaves, largest first.

    Enough to append and to compute the root, in O(log size) space.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier with one more leaf hash."""
        return self.grown(self.completed(leaf))

    def completed(self, leaf: bytes) -> list[bytes]:
        """Return the roots of the full subtrees that end with this leaf: of height 0, 1, 2 …"""
        roots = [leaf]
        size, place = self.size, len(self.peaks)
        while size & 1:
            place -= 1
            roots.append(node_hash(self.peaks[place], roots[-1]))
            size >>= 1
        return roots

    def grown(self, completed: list[bytes]) -> Frontier:
        """Return the frontier with one more leaf, given what `completed` said of it."""
        kept = len(self.peaks) + 1 - len(completed)
        return Frontier(self.size + 1, (*self.peaks[:kept], completed[-1]))

    def root(self) -> bytes:
        """Return the root hash of the whole tree, RFC 9162 §2.1.1."""
        if not self.peaks:
            return EMPTY_ROOT
        return joined(self.peaks)

    def packed(self) -> bytes:
        """Return the peaks end to end; their number follows from the size."""
        return b"".join(self.peaks)

    @classmethod
    def unpacked(cls, size: int, packed: object) -> Frontier:
        """Read back what `packed` wrote. Raises `Tampered` when the lengths disagree."""
        if not isinstance(packed, bytes) or len(packed) != size.bit_count() * HASH_SIZE:
            raise Tampered("The audit log's head is damaged.", "Run `tutela audit verify`.")
        peaks = tuple(packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE))
        return cls(size, peaks)


def joined(peaks: Sequence[bytes]) -> bytes:
    """Return the root over full subtrees that lie side by side, largest first."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier.root()


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose roots are the audit path, RFC 9162 §2.1.3.1.

    Each range starts at a multiple of the largest power of two that fits into it.
    """
    if not 0 <= index < size:
        raise ValueError("the index lies outside the tree")
    start, end = 0, size
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(old_size: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges whose roots prove that a tree extends its first leaves, §2.1.4.1."""
    if not 0 < old_size <= size:
        raise ValueError("the old size lies outside the tree")
    start, end = 0, size
    path = []
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:
        path.append((start, end))
    return path[::-1]


def full_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return the full subtrees that make up such a range, left to right: height and place.

    A subtree of height h at place p stands over the leaves from p·2ʰ up to (p+1)·2ʰ.
    """
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Check an inclusion proof, step by step as RFC 9162 §2.1.3.2."""
    if not 0 <= index < size or len(leaf) != HASH_SIZE:
        return False
    fn, sn, running = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            running = node_hash(sibling, running)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            running = node_hash(running, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and running == root


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Check a consistency proof, step by step as RFC 9162 §2.1.4.2."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old_running = new_running = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_running = node_hash(sibling, old_running)
            new_running = node_hash(sibling, new_running)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new_running = node_hash(new_running, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and old_running == old_root and new_running == new_root
