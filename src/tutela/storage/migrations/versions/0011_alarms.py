"""Alarms, who was told of them, signs of life, and since when each duty is owed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("what", sa.String(300), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.String(80)),
        sa.Column("note", sa.String(1000)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(op.f("ix_alarms_cleared_at"), "alarms", ["cleared_at"])
    op.create_table(
        "alarm_tellings",
        sa.Column("alarm_id", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", "channel", "at", name=op.f("pk_alarm_tellings")),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarms.id"], name=op.f("fk_alarm_tellings_alarm_id_alarms")
        ),
    )
    op.create_table(
        "heartbeats",
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_heartbeats")),
    )
    op.add_column("duties", sa.Column("since", sa.DateTime(timezone=True)))
    op.execute("UPDATE duties SET since = due")
    with op.batch_alter_table("duties") as table:
        table.alter_column("since", existing_type=sa.DateTime(timezone=True), nullable=False)
