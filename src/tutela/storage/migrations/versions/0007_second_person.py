"""Approvals of dangerous acts, accounts that say whose they are, tokens with scopes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("verb", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("terms", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(80)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_verb_subject", "approvals", ["verb", "subject"])
    op.create_table(
        "set_up",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_up")),
    )
    op.add_column(
        "accounts", sa.Column("kind", sa.String(8), nullable=False, server_default="person")
    )
    accounts = sa.table("accounts", sa.column("id"), sa.column("kind"), sa.column("roles", sa.JSON))
    connection = op.get_bind()
    for row in connection.execute(sa.select(accounts.c.id, accounts.c.roles)).all():
        if row.roles == ["intake"]:
            machine = accounts.update().where(accounts.c.id == row.id).values(kind="machine")
            connection.execute(machine)
    op.add_column("api_tokens", sa.Column("scopes", sa.JSON()))
    # A token of a person from before was not made by that person, with both proofs shown.
    op.execute(
        "UPDATE api_tokens SET revoked_at = CURRENT_TIMESTAMP WHERE revoked_at IS NULL "
        "AND account_id IN (SELECT id FROM accounts WHERE kind = 'person')"
    )
