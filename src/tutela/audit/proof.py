"""Proving the log: every entry against the signed heads, from inside and outside the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutela.audit.merkle import Frontier, leaf_hash
from tutela.audit.rows import REMEDY, entry_of, head_row, stored_rows
from tutela.audit.tree import TilesProven
from tutela.errors import Tampered

if TYPE_CHECKING:
    import sqlalchemy as sa

    from tutela.audit.checkpoint import Checkpoint, CheckpointVerifier
    from tutela.storage.database import Database


@dataclass(frozen=True, slots=True)
class Proof:
    """What `verify` showed: entries read, root of all, and the newest outside checkpoint."""

    size: int
    root: bytes
    witnessed: int


def verify(database: Database, verifier: CheckpointVerifier, witnessed: Checkpoint | None) -> Proof:
    """Read every entry in order and prove it against the signed heads.

    1. Each entry stands at its own place: nothing dropped, doubled or moved.
    2. Each entry's canonical bytes give its stored leaf hash: nothing altered.
    3. The root over all leaves is the signed head's (RFC 9162 §2.1.1): nothing recomputed.
    4. The stored tiles are those that the entries give.
    5. The checkpoint kept outside the database is a head of the same log at its size:
       nothing cut off, and the database not set back.
    Bounded memory: rows are streamed. Raises `Tampered`.
    """
    root_then: bytes | None = None
    frontier = Frontier()
    with database.reading() as connection:
        head = head_row(connection)
        tiles = TilesProven(connection)
        for row in stored_rows(connection):
            if witnessed and frontier.size == witnessed.size:
                root_then = frontier.root()
            completed = frontier.completed(_proven_leaf(row, frontier.size))
            tiles.take(row.seq, completed)
            frontier = frontier.grown(completed)
        _prove_head(head, frontier, verifier)
        tiles.finish()
    if witnessed and frontier.size == witnessed.size:
        root_then = frontier.root()
    if witnessed and witnessed.size > frontier.size:
        raise Tampered(
            f"The log ends at entry {frontier.size}, but a checkpoint of {witnessed.size} entries "
            f"was signed: entries from {frontier.size} on were cut off.",
            REMEDY,
        )
    if witnessed and root_then != witnessed.root:
        raise Tampered(
            f"The first {witnessed.size} entries are not those of the checkpoint kept outside "
            "the database.",
            REMEDY,
        )
    return Proof(frontier.size, frontier.root(), witnessed.size if witnessed else 0)


def _proven_leaf(row: sa.Row[Any], place: int) -> bytes:
    if row.seq != place:
        raise Tampered(f"Entry {place} is missing: entry {row.seq} stands in its place.", REMEDY)
    try:
        leaf = leaf_hash(entry_of(row).canonical())
    except (TypeError, ValueError, AttributeError) as problem:
        raise Tampered(f"Entry {place} cannot be read.", REMEDY) from problem
    if leaf != row.leaf:
        raise Tampered(f"Entry {place} was altered.", REMEDY)
    return leaf


def _prove_head(head: sa.Row[Any] | None, frontier: Frontier, verifier: CheckpointVerifier) -> None:
    if head is None:
        if frontier.size:
            raise Tampered("The log's signed head is missing.", REMEDY)
        return
    signed = verifier.open(head.checkpoint)
    if signed.size != frontier.size or head.size != frontier.size:
        raise Tampered(
            f"The log holds {frontier.size} entries, but its signed head says {signed.size}: "
            f"the first missing or added entry is {min(frontier.size, signed.size)}.",
            REMEDY,
        )
    if signed.root != frontier.root() or head.peaks != frontier.packed():
        raise Tampered(
            f"The {frontier.size} entries do not have the root that was signed: "
            "entries were rewritten together with their hashes.",
            REMEDY,
        )


def signed_frontier(head: sa.Row[Any], verifier: CheckpointVerifier) -> Frontier:
    """Return the head's frontier. Raises `Tampered` unless it is the one that was signed."""
    signed = verifier.open(head.checkpoint)
    if signed.size == head.size:
        frontier = Frontier.unpacked(signed.size, head.peaks)
        if signed.root == frontier.root():
            return frontier
    raise Tampered("The log's head is not the one that was signed.", REMEDY)


def may_follow(frontier: Frontier, seen: Checkpoint) -> bool:
    """Tell whether a log at `frontier` can be the one `seen` was a checkpoint of.

    The witness is kept after the commit, so it may lag behind but never be ahead.
    """
    if frontier.size == seen.size:
        return frontier.root() == seen.root
    return frontier.size > seen.size
