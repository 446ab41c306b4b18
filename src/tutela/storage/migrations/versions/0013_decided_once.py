"""How far decisions reach, what was decided before, and what people have seen in a day."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

_QUALITY = 50


def upgrade() -> None:
    with op.batch_alter_table("decisions") as table:
        table.add_column(sa.Column("reaches", sa.JSON, nullable=False, server_default="[]"))
        table.add_column(sa.Column("rests_on", sa.JSON, nullable=False, server_default="[]"))
    with op.batch_alter_table("decisions") as table:
        table.alter_column("reaches", server_default=None)
        table.alter_column("rests_on", server_default=None)
    op.create_table(
        "decided_pictures",
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("pdq", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_decided_pictures")),
    )
    op.create_table(
        "decided_words",
        sa.Column("word", sa.Integer, nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("word", "item_id", name=op.f("pk_decided_words")),
    )
    _remember()


def _remember() -> None:
    """Keep the hashes of what is decided already: the first picture of each file, if it is good."""
    connection = op.get_bind()
    decided = sa.text(
        "SELECT items.id, items.pictures FROM items JOIN cases ON cases.id = items.case_id"
        " WHERE cases.state = 'decided'"
    )
    for identity, stored in connection.execute(decided).all():
        pictures = json.loads(stored) if isinstance(stored, str) else stored
        if not pictures or pictures[0]["quality"] < _QUALITY:
            continue
        value = int(pictures[0]["pdq"], 16)
        connection.execute(
            sa.text("INSERT INTO decided_pictures (item_id, pdq) VALUES (:item, :pdq)"),
            {"item": identity, "pdq": pictures[0]["pdq"]},
        )
        connection.execute(
            sa.text("INSERT INTO decided_words (word, item_id) VALUES (:word, :item)"),
            [
                {"word": place << 16 | value >> 16 * place & 0xFFFF, "item": identity}
                for place in range(16)
            ],
        )
