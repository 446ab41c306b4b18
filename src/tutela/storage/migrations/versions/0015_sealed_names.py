"""Names of people sealed: found by a keyed digest, kept encrypted."""

import sqlalchemy as sa
from alembic import context, op

from tutela.errors import SettingsInvalid
from tutela.storage.upgrading import NameSealer

revision = "0015"
down_revision = "0018"
branch_labels = None
depends_on = None

accounts = sa.table(
    "accounts",
    sa.column("id", sa.String),
    sa.column("name_digest", sa.String),
    sa.column("sealed_name", sa.LargeBinary),
)
identities = sa.table(
    "identities",
    sa.column("issuer", sa.String),
    sa.column("subject_digest", sa.String),
    sa.column("account_id", sa.String),
)


def upgrade() -> None:
    op.alter_column("accounts", "name", new_column_name="name_digest")
    op.alter_column("identities", "subject", new_column_name="subject_digest")
    op.add_column(
        "accounts",
        sa.Column("sealed_name", sa.LargeBinary, nullable=False, server_default=sa.text("''")),
    )
    _seal(op.get_bind(), context.config.attributes.get("names"))
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("accounts", "sealed_name", server_default=None)
        # Writes the tables anew. Else the rows of before would stay in their files until some
        # VACUUM, and the names in the planner's statistics.
        for table, column, length in (
            ("accounts", "name_digest", 80),
            ("identities", "subject_digest", 255),
        ):
            op.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column}"
                f" TYPE VARCHAR({length}) USING {column} || ''"
            )


def _seal(connection: sa.Connection, names: NameSealer | None) -> None:
    people = connection.execute(sa.select(accounts.c.id, accounts.c.name_digest)).all()
    if names is None:
        if not people:
            return
        raise SettingsInvalid(
            "The names in this database cannot be sealed without the access key.",
            "Run `tutela upgrade` in the home that holds keys/access.key.",
        )
    for one in people:
        connection.execute(
            accounts.update()
            .where(accounts.c.id == one.id)
            .values(
                name_digest=names.digest(one.name_digest),
                sealed_name=names.seal(one.id, one.name_digest),
            )
        )
    for one in connection.execute(sa.select(identities)).all():
        connection.execute(
            identities.update()
            .where(identities.c.account_id == one.account_id)
            .values(subject_digest=names.subject_digest(one.issuer, one.subject_digest))
        )
