"""Golden pictures and the checks that are made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "golden_pictures",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("set_name", sa.String(80), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("teaches", sa.String(300), nullable=False),
        sa.Column("enough", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pdq", sa.String(64), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_pictures")),
        sa.UniqueConstraint("set_name", "sha256", name=op.f("uq_golden_pictures_set_name_sha256")),
    )
    op.create_table(
        "golden_checks",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("picture_id", sa.String(40), nullable=False),
        sa.Column("set_name", sa.String(80), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("teaches", sa.String(300), nullable=False),
        sa.Column("enough", sa.String(16), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("posed", sa.Text(), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("lease", sa.String(40)),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("dealt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("grounds", sa.String(40)),
        sa.Column("viewed_at", sa.String(16)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_checks")),
        sa.UniqueConstraint("item_id", name=op.f("uq_golden_checks_item_id")),
    )
    op.create_index(op.f("ix_golden_checks_person_state"), "golden_checks", ["person", "state"])
    op.create_index(op.f("ix_golden_checks_state_ended_at"), "golden_checks", ["state", "ended_at"])
