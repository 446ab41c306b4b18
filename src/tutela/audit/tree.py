"""The tree as it is stored: leaves, and the roots of full tiles, so that a proof reads little.

A tile's root stands over 256 leaves, or over 256 roots of the level below; one row for about every
255 entries. A proof in a log of ten million entries reads some hundreds of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tutela.audit.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    consistency_ranges,
    full_subtrees,
    inclusion_ranges,
    joined,
    node_hash,
)
from tutela.audit.rows import REMEDY, audit_entries
from tutela.errors import Tampered
from tutela.storage.database import metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

audit_tiles = sa.Table(
    "audit_tiles",
    metadata,
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(HASH_SIZE), nullable=False),
)

_HEIGHT = 8
"""A tile's height: it stands over 2⁸ hashes of the level below."""
_AT_ONCE = 100


def tiles_of(seq: int, completed: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return the rows of the tiles that leaf `seq` fills, given `Frontier.completed` of it."""
    return [
        {"level": height // _HEIGHT, "place": seq >> height, "root": completed[height]}
        for height in range(_HEIGHT, len(completed), _HEIGHT)
    ]


class StoredTree:
    """Roots and proofs out of the database. Nothing in it is trusted: check before handing out."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves."""
        return self._root(0, size) if size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Return a leaf's stored hash."""
        return self._hashes(0, index, index + 1)[0]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the audit path of a leaf in the tree of `size`, RFC 9162 §2.1.3.1."""
        return [self._root(*one) for one in inclusion_ranges(index, size)]

    def consistency(self, old_size: int, size: int) -> list[bytes]:
        """Return the proof that the tree of `size` extends that of `old_size`, §2.1.4.1."""
        return [self._root(*one) for one in consistency_ranges(old_size, size)]

    def _root(self, start: int, end: int) -> bytes:
        return joined([self._full(*one) for one in full_subtrees(start, end)])

    def _full(self, height: int, place: int) -> bytes:
        level, above = divmod(height, _HEIGHT)
        hashes = self._hashes(level, place << above, (place + 1) << above)
        while len(hashes) > 1:
            hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    def _hashes(self, level: int, start: int, end: int) -> list[bytes]:
        where, found = audit_entries.c.seq, audit_entries.c.leaf
        query = sa.select(found)
        if level:
            where, found = audit_tiles.c.place, audit_tiles.c.root
            query = sa.select(found).where(audit_tiles.c.level == level)
        query = query.where(where >= start, where < end).order_by(where)
        hashes = list(self._connection.execute(query).scalars())
        if len(hashes) != end - start or any(
            not isinstance(one, bytes) or len(one) != HASH_SIZE for one in hashes
        ):
            raise Tampered("Hashes of the audit log's tree are missing or damaged.", REMEDY)
        return hashes


class TilesProven:
    """Compares the stored tiles with those that the entries give, some at a time."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._waiting: dict[tuple[int, int], bytes] = {}
        self._seen = 0

    def take(self, seq: int, completed: Sequence[bytes]) -> None:
        """Note what leaf `seq` fills. Raises `Tampered` where the database says otherwise."""
        for tile in tiles_of(seq, completed):
            self._waiting[tile["level"], tile["place"]] = tile["root"]
        if len(self._waiting) >= _AT_ONCE:
            self._compare()

    def finish(self) -> None:
        """Compare the rest, and that there are no others. Raises `Tampered`."""
        self._compare()
        stored = self._connection.execute(
            sa.select(sa.func.count()).select_from(audit_tiles)
        ).scalar_one()
        if stored != self._seen:
            raise Tampered("The audit log's tree holds hashes that no entry gives.", REMEDY)

    def _compare(self) -> None:
        if not self._waiting:
            return
        where = sa.tuple_(audit_tiles.c.level, audit_tiles.c.place).in_(list(self._waiting))
        found = {
            (row.level, row.place): row.root
            for row in self._connection.execute(sa.select(audit_tiles).where(where))
        }
        for (level, place), root in self._waiting.items():
            if found.get((level, place)) != root:
                first = place << (_HEIGHT * level)
                raise Tampered(
                    f"The stored hash over the entries from {first} on is not theirs.", REMEDY
                )
        self._seen += len(self._waiting)
        self._waiting.clear()
