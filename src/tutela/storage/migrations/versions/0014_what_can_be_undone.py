"""Decisions that can be undone or appealed, what is typed into one, and what people prefer."""

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
    op.add_column("host_orders", sa.Column("appeal", sa.String(255)))
    op.add_column("host_orders", sa.Column("answer", sa.String(16)))
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
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("text", sa.String(3000), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(80)),
        sa.Column("taken_until", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.String(16)),
        sa.Column("answered_by", sa.String(80)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_appeals_item_id_items")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_appeals_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_appeals_decision_id_decisions")
        ),
        sa.UniqueConstraint("item_id", "external_id", name=op.f("uq_appeals_item_id_external_id")),
    )
    op.create_index(op.f("ix_appeals_case_id"), "appeals", ["case_id"])
    op.create_index(op.f("ix_appeals_answer_received_at"), "appeals", ["answer", "received_at"])
    op.create_table(
        "second_reviews",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(80)),
        sa.Column("taken_until", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("grounds", sa.String(40)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.String(80)),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_reviews")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_second_reviews_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_second_reviews_case_id_cases")
        ),
        sa.UniqueConstraint("decision_id", name=op.f("uq_second_reviews_decision_id")),
    )
    op.create_index(op.f("ix_second_reviews_case_id"), "second_reviews", ["case_id"])
    op.create_index(
        op.f("ix_second_reviews_outcome_drawn_at"), "second_reviews", ["outcome", "drawn_at"]
    )
