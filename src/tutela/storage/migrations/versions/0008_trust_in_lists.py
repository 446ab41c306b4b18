"""Sources of lists, files and entries that wait for a person, the switch, what people judge."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hash_lists", sa.Column("off_at", sa.DateTime(timezone=True)))
    op.add_column("hash_lists", sa.Column("off_by", sa.String(80)))
    op.add_column("hash_lists", sa.Column("off_reason", sa.String(1000)))
    op.create_table(
        "list_sources",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("source", sa.String(255)),
        sa.Column("key", sa.String(80)),
        sa.Column("serial", sa.BigInteger()),
        sa.Column("most_entries", sa.BigInteger()),
        sa.Column("most_a_day", sa.BigInteger()),
        sa.Column("set_by", sa.String(80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_list_sources")),
    )
    op.create_table(
        "list_deliveries",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("doubts", sa.JSON(), nullable=False),
        sa.Column("founding", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(255)),
        sa.Column("version", sa.String(80)),
        sa.Column("algorithm", sa.String(16)),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.Column("key", sa.String(80)),
        sa.Column("serial", sa.BigInteger()),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("flagged", sa.BigInteger(), nullable=False),
        sa.Column("received_by", sa.String(80), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(80)),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String(1000)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_deliveries")),
    )
    op.create_index(
        op.f("ix_list_deliveries_name_decided_at"), "list_deliveries", ["name", "decided_at"]
    )
    op.create_table(
        "list_delivery_parts",
        sa.Column("delivery_id", sa.String(40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["list_deliveries.id"],
            name=op.f("fk_list_delivery_parts_delivery_id_list_deliveries"),
        ),
        sa.PrimaryKeyConstraint("delivery_id", "place", name=op.f("pk_list_delivery_parts")),
    )
    op.create_table(
        "reference_hashes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("set_name", sa.String(80), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("value", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_hashes")),
        sa.UniqueConstraint(
            "set_name",
            "algorithm",
            "value",
            name=op.f("uq_reference_hashes_set_name_algorithm_value"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "list_flags",
        sa.Column("list_id", sa.String(40), nullable=False),
        sa.Column("entry_id", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("hashes", sa.String(40), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("set_name", sa.String(80), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(80)),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String(1000)),
        sa.PrimaryKeyConstraint("list_id", "entry_id", name=op.f("pk_list_flags")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["hash_lists.id"], name=op.f("fk_list_flags_list_id_hash_lists")
        ),
    )
    op.create_table(
        "list_judgements",
        sa.Column("list_name", sa.String(80), nullable=False),
        sa.Column("entry_id", sa.String(255), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.Column("is_right", sa.Boolean()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "list_name", "entry_id", "case_id", name=op.f("pk_list_judgements")
        ),
    )
    op.create_index(op.f("ix_list_judgements_list_name_at"), "list_judgements", ["list_name", "at"])
    op.create_index(op.f("ix_list_judgements_case_id"), "list_judgements", ["case_id"])
