"""Each change of the hash lists is kept, so that an index can follow it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    changes = op.create_table(
        "hash_changes",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_hash_changes")),
    )
    op.create_table(
        "hash_removals",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hash_removals")),
    )
    op.create_index("ix_hash_removals_revision", "hash_removals", ["revision"])
    connection = op.get_bind()
    counted = connection.execute(sa.text("SELECT revision FROM hash_lists_revision")).scalar()
    if counted:
        last = connection.execute(sa.text("SELECT max(id) FROM hash_entries")).scalar() or 0
        # No index was on disk before this version, so any mark will do.
        op.bulk_insert(changes, [{"revision": counted, "mark": 1, "last_id": last}])
    op.drop_table("hash_lists_revision")
