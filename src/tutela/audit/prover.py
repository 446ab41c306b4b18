"""Inclusion and consistency proofs, each shown against the signed head before it is handed out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit import offline
from tutela.audit.cosigned import earliest_over
from tutela.audit.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from tutela.audit.proof import signed_frontier
from tutela.audit.rows import REMEDY, audit_entries, entry_of, head_row
from tutela.audit.tree import StoredTree
from tutela.errors import InvalidInput, NotFound, Tampered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.audit.checkpoint import CheckpointVerifier
    from tutela.audit.entry import Entry
    from tutela.storage.database import Database


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf stands at `index` in the tree of `size` leaves; hashes of 32 bytes."""

    index: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the tree of `second` leaves begins with that of `first`."""

    first: int
    second: int
    first_root: bytes
    second_root: bytes
    path: tuple[bytes, ...]


class Prover:
    """Makes proofs about the log. Raises `Tampered` where the stored tree does not give them."""

    def __init__(self, database: Database, verifier: CheckpointVerifier) -> None:
        self._database = database
        self._verifier = verifier

    @property
    def key(self) -> str:
        """Return the log's public key as C2SP writes it."""
        return self._verifier.text

    def size_of(self, note: str) -> int:
        """Return the size of a checkpoint of this log. Raises `Tampered` if it is not one."""
        return self._verifier.open(note).size

    def inclusion(self, index: int, size: int | None = None) -> Inclusion:
        """Prove an entry in the tree of `size`, or of now. Raises `NotFound`."""
        with self._database.reading() as connection:
            return _Signed(connection, self._verifier).inclusion(index, size)

    def consistency(self, first: int, second: int | None = None) -> Consistency:
        """Prove that the tree of `second`, or of now, extends `first`. Raises `InvalidInput`."""
        with self._database.reading() as connection:
            return _Signed(connection, self._verifier).consistency(first, second)

    def document(self, index: int) -> dict[str, Any]:
        """Return the proof of one entry for `offline` to check (docs/reference/audit-proof.md).

        Where an outside witness has signed a checkpoint that covers the entry, the proof is to
        the first such one, and says that today's log extends it. Raises `NotFound`.
        """
        with self._database.reading() as connection:
            signed = _Signed(connection, self._verifier)
            entry = signed.entry(index)
            cosigned = earliest_over(connection, index)
            note = cosigned.note if cosigned else signed.note
            size = self._verifier.open(note).size
            shown = signed.inclusion(index, size)
            document: dict[str, Any] = {
                "format": offline.FORMAT,
                "log": self.key,
                "entry": entry.canonical().decode(),
                "index": index,
                "inclusion": _texts(shown.path),
                "checkpoint": note,
            }
            if cosigned:
                extends = signed.consistency(size, None)
                document["witnesses"] = [cosigned.key]
                document["later"] = {
                    "checkpoint": signed.note,
                    "consistency": _texts(extends.path),
                }
        try:
            offline.Proven(document, self.key)
        except offline.ProofFails as problem:
            raise Tampered(f"The proof would not hold: {problem}", REMEDY) from problem
        return document


def checker() -> bytes:
    """Return the stand-alone program that checks a proof file."""
    return Path(offline.__file__).read_bytes()


class _Signed:
    """The stored tree under the newest signed head, within one reading."""

    def __init__(self, connection: sa.Connection, verifier: CheckpointVerifier) -> None:
        self._connection = connection
        self._tree = StoredTree(connection)
        head = head_row(connection)
        self.note = head.checkpoint if head else ""
        self._frontier = signed_frontier(head, verifier) if head else Frontier()

    def entry(self, index: int) -> Entry:
        row = self._connection.execute(
            sa.select(audit_entries).where(audit_entries.c.seq == index)
        ).first()
        if row is None or index >= self._frontier.size:
            raise NotFound("The log has no such entry.", "Check the number: `tutela audit show`.")
        return entry_of(row)

    def inclusion(self, index: int, size: int | None) -> Inclusion:
        size = self._size(size)
        if not 0 <= index < size:
            raise NotFound(
                f"There is no entry {index} among the first {size}.", "Entries count from 0."
            )
        leaf = self._tree.leaf(index)
        path = self._tree.inclusion(index, size)
        root = self.root(size)
        entry = leaf_hash(self.entry(index).canonical())
        if entry != leaf or not verify_inclusion(leaf, index, size, path, root):
            raise Tampered(f"Entry {index} is not provable: it or its tree was altered.", REMEDY)
        return Inclusion(index, size, leaf, root, tuple(path))

    def consistency(self, first: int, second: int | None) -> Consistency:
        second = self._size(second)
        if not 0 < first <= second:
            raise InvalidInput(
                "The first size lies outside the second.", "Ask for 0 < first <= second."
            )
        path = self._tree.consistency(first, second)
        return Consistency(first, second, self.root(first), self.root(second), tuple(path))

    def root(self, size: int) -> bytes:
        """Return the root at a size, shown to be one the signed head extends."""
        now = self._frontier
        if size == now.size:
            return now.root()
        root = self._tree.root(size)
        path = self._tree.consistency(size, now.size)
        if not verify_consistency(size, now.size, root, now.root(), path):
            raise Tampered("The stored tree is not the one that was signed.", REMEDY)
        return root

    def _size(self, size: int | None) -> int:
        if size is None:
            return self._frontier.size
        if not 0 < size <= self._frontier.size:
            raise InvalidInput(
                f"The log has {self._frontier.size} entries, not {size}.", "Ask for a smaller size."
            )
        return size


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]
