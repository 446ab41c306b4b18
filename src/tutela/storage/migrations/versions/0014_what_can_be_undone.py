"""Decisions that can be undone, what is typed into one meanwhile, and what people prefer."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decisions", sa.Column("leaves_at", sa.DateTime(timezone=True)))
    op.add_column("decisions", sa.Column("undone_at", sa.DateTime(timezone=True)))
    op.create_index(
        op.f("ix_decisions_decided_by_leaves_at"), "decisions", ["decided_by", "leaves_at"]
    )
    op.add_column("host_orders", sa.Column("undone_at", sa.DateTime(timezone=True)))
    op.create_table(
        "typed_decisions",
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("writer", sa.String(40), nullable=False),
        sa.Column("stroke", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "person", name=op.f("pk_typed_decisions")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_typed_decisions_case_id_cases")
        ),
    )
    op.create_table(
        "preferences",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("theme", sa.String(8), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_preferences")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_preferences_account_id_accounts")
        ),
    )
