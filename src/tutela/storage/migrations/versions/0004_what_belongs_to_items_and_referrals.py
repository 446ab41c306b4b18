"""What a host platform knows beside an item, and referrals that follow others."""

import json
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "items", sa.Column("surroundings", sa.JSON(), nullable=False, server_default="{}")
    )
    op.add_column(
        "decisions", sa.Column("harm", sa.String(24), nullable=False, server_default="depiction")
    )
    op.add_column(
        "decisions", sa.Column("circumstances", sa.JSON(), nullable=False, server_default="[]")
    )
    op.add_column(
        "host_orders", sa.Column("wanted", sa.JSON(), nullable=False, server_default="[]")
    )
    op.add_column("items", sa.Column("exif", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("evidence_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(2056)),
        sa.Column("about", sa.String(1000)),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("md5", sa.String(32), nullable=False),
        sa.Column("sha1", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_attachments_case_id_cases")
        ),
        sa.UniqueConstraint("case_id", "sha256", name=op.f("uq_attachments_case_id_sha256")),
    )
    op.create_index(op.f("ix_attachments_case_id"), "attachments", ["case_id"])
    op.create_table(
        "referral_feedback",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("referral_id", sa.String(40), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_feedback")),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referrals.id"],
            name=op.f("fk_referral_feedback_referral_id_referrals"),
        ),
    )
    op.create_index(op.f("ix_referral_feedback_referral_id"), "referral_feedback", ["referral_id"])
    op.create_table(
        "referral_letters",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("referral_id", sa.String(40), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("report", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(16), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_letters")),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referrals.id"],
            name=op.f("fk_referral_letters_referral_id_referrals"),
        ),
        sa.UniqueConstraint(
            "referral_id", "ordinal", name=op.f("uq_referral_letters_referral_id_ordinal")
        ),
    )
    with op.batch_alter_table("referrals") as table:
        table.add_column(sa.Column("ordinal", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(
            sa.Column("nature", sa.String(16), nullable=False, server_default="original")
        )
        table.add_column(sa.Column("follows", sa.String(40)))
        table.add_column(
            sa.Column("recalled", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("approvals", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("aware_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("warn_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("due_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("warned_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("missed_at", sa.DateTime(timezone=True)))
        table.create_foreign_key(
            op.f("fk_referrals_follows_referrals"), "referrals", ["follows"], ["id"]
        )
        table.drop_constraint(op.f("uq_referrals_decision_id_authority"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_referrals_decision_id_authority_ordinal"),
            ["decision_id", "authority", "ordinal"],
        )
    _set_clocks()
    op.create_table(
        "preservations",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("referral_id", sa.String(40)),
        sa.Column("basis", sa.String(200), nullable=False),
        sa.Column("what", sa.String(1000), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preservations")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_preservations_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referrals.id"],
            name=op.f("fk_preservations_referral_id_referrals"),
        ),
    )
    op.create_index(op.f("ix_preservations_case_id"), "preservations", ["case_id"])
    op.create_index(op.f("ix_preservations_referral_id"), "preservations", ["referral_id"])
    _say_drafts_anew()


def _set_clocks() -> None:
    """Give referrals that were drafted before there were clocks those of their day."""
    referrals = sa.table(
        "referrals",
        sa.column("id", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
        *(
            sa.column(name, sa.DateTime(timezone=True))
            for name in ("aware_at", "warn_at", "due_at")
        ),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(referrals.c.id, referrals.c.created_at)).all():
        connection.execute(
            referrals.update()
            .where(referrals.c.id == row.id)
            .values(
                aware_at=row.created_at,
                warn_at=row.created_at + timedelta(hours=24),
                due_at=row.created_at + timedelta(hours=72),
            )
        )
    with op.batch_alter_table("referrals") as table:
        for name in ("aware_at", "warn_at", "due_at"):
            table.alter_column(name, existing_type=sa.DateTime(timezone=True), nullable=False)
        table.create_index(op.f("ix_referrals_due_at"), ["due_at"])


def _say_drafts_anew() -> None:
    """Put drafts into the form that knows more kinds of incidents."""
    referrals = sa.table("referrals", sa.column("id", sa.String), sa.column("draft", sa.Text))
    connection = op.get_bind()
    for identity, text in connection.execute(sa.select(referrals)).all():
        told = json.loads(text)
        if "incident_type" not in told:
            continue
        told["harm"] = "depiction"
        del told["incident_type"]
        urls = told.pop("urls")
        told["places"] = [{"kind": "web", "urls": urls}] if urls else []
        subject = told["subject"]
        subject["id"] = subject.pop("account_id")
        told["prior_receipts"] = subject.pop("prior_referrals", [])
        connection.execute(
            referrals.update().where(referrals.c.id == identity).values(draft=json.dumps(told))
        )
