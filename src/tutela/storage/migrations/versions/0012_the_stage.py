"""Tiles of a picture that were revealed, and evidence that cannot be shown."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "view_tiles",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("view_id", sa.String(40), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("across", sa.Integer, nullable=False),
        sa.Column("down", sa.Integer, nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("shown_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_tiles")),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.id"], name=op.f("fk_view_tiles_view_id_views")
        ),
        sa.UniqueConstraint("view_id", "place", name=op.f("uq_view_tiles_view_id_place")),
    )
    op.create_table(
        "unavailable_evidence",
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("trouble", sa.String(16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_unavailable_evidence")),
    )
