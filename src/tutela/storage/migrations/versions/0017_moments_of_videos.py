"""Where in a video a match was found, and which frame of it was looked at alone."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_matches", sa.Column("moment", sa.BigInteger()))
    op.add_column("views", sa.Column("moment", sa.BigInteger()))
