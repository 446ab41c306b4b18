"""Roots of full tiles of the audit log's tree, and checkpoints that outside witnesses signed."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TILE = 256


def upgrade() -> None:
    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "audit_cosigned",
        sa.Column("witness", sa.String(80), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("witness", "size", name=op.f("pk_audit_cosigned")),
    )
    op.create_table(
        "audit_disputes",
        sa.Column("witness", sa.String(80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("witness", name=op.f("pk_audit_disputes")),
    )
    _build_tiles()


def _build_tiles() -> None:
    """Give a log that is there already its tiles, level by level, from the leaves it holds."""
    entries = sa.table(
        "audit_entries", sa.column("seq", sa.BigInteger), sa.column("leaf", sa.LargeBinary)
    )
    tiles = sa.table(
        "audit_tiles",
        sa.column("level", sa.SmallInteger),
        sa.column("place", sa.BigInteger),
        sa.column("root", sa.LargeBinary),
    )
    connection = op.get_bind()
    level, place, hashes = 1, entries.c.seq, entries.c.leaf
    where: sa.ColumnElement[bool] = sa.true()
    while True:
        made = 0
        while True:
            span = sa.and_(place >= made * _TILE, place < (made + 1) * _TILE)
            query = sa.select(hashes).where(where, span).order_by(place)
            below = list(connection.execute(query).scalars())
            if len(below) < _TILE:
                break
            connection.execute(tiles.insert().values(level=level, place=made, root=_root(below)))
            made += 1
        if made < _TILE:
            return
        place, hashes, where = tiles.c.place, tiles.c.root, tiles.c.level == level
        level += 1


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]
