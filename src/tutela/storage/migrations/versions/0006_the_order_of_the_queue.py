"""Reasons to see a case sooner, and cases passed on."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_HOURS_AHEAD = {"noticed": 24, "near": 12, "unscreened": 6, "possible": -24}


def upgrade() -> None:
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("abusive", sa.Boolean()))
        table.add_column(sa.Column("reasons", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("ranked_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("kept_for", sa.String(80)))
        table.drop_index("ix_cases_state_opened_at")
    _rank_by_kind_and_outcome()
    with op.batch_alter_table("cases") as table:
        table.alter_column("ranked_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        table.create_index("ix_cases_state_ranked_at", ["state", "ranked_at", "id"])
    op.create_table(
        "case_passings",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("to", sa.String(80)),
        sa.Column("said", sa.String(3000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_passings")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_passings_case_id_cases")
        ),
    )
    op.create_index(op.f("ix_case_passings_case_id"), "case_passings", ["case_id"])


def _rank_by_kind_and_outcome() -> None:
    """Rank cases by their kind and age; other reasons come with what happens next."""
    cases = sa.table(
        "cases",
        sa.column("id", sa.String),
        sa.column("kind", sa.String),
        sa.column("opened_at", sa.DateTime(timezone=True)),
        sa.column("ranked_at", sa.DateTime(timezone=True)),
        sa.column("abusive", sa.Boolean),
    )
    decisions = sa.table(
        "decisions",
        sa.column("id", sa.String),
        sa.column("case_id", sa.String),
        sa.column("outcome", sa.String),
        sa.column("decided_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(cases.c.id, cases.c.kind, cases.c.opened_at)).all():
        ahead = timedelta(hours=_HOURS_AHEAD.get(row.kind, 0))
        connection.execute(
            cases.update().where(cases.c.id == row.id).values(ranked_at=row.opened_at - ahead)
        )
    found = connection.execute(
        sa.select(decisions.c.case_id, decisions.c.outcome).order_by(
            decisions.c.decided_at, decisions.c.id
        )
    ).all()
    for case_id, outcome in dict(found).items():
        connection.execute(
            cases.update().where(cases.c.id == case_id).values(abusive=outcome == "abusive")
        )
