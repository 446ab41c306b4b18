"""Sketches of listed pictures, each kept once whatever entries have it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hash_sketches",
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_hash_sketches")),
    )
