"""Evidence keys in the order in which they came, legal holds, and records of destruction."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("destroyed_at", sa.DateTime(timezone=True)))
    op.create_index("ix_evidence_key_id", "evidence", ["key_id"])
    op.create_table(
        "evidence_keys",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_keys")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_evidence_keys_ordinal")),
    )
    op.create_table(
        "destructions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("evidence_id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("destroyed_by", sa.String(80), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destructions")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_destructions_evidence_id_evidence")
        ),
        sa.UniqueConstraint("evidence_id", name=op.f("uq_destructions_evidence_id")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("evidence_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("placed_by", sa.String(80), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(80)),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_because", sa.String(1000)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_legal_holds_evidence_id_evidence")
        ),
    )
    op.create_index(op.f("ix_legal_holds_evidence_id"), "legal_holds", ["evidence_id"])
