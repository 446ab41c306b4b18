"""How far decisions reach, what was decided before, and what people have seen in a day."""

import json
from typing import Any

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
    op.create_index(op.f("ix_cases_leased_by_leased_until"), "cases", ["leased_by", "leased_until"])
    op.create_index(op.f("ix_views_person_shown_at"), "views", ["person", "shown_at"])
    op.create_table(
        "exposure_stops",
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "day", name=op.f("pk_exposure_stops")),
    )
    op.create_table(
        "exposure_overrides",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposure_overrides")),
    )
    op.create_index(
        op.f("ix_exposure_overrides_person_day"), "exposure_overrides", ["person", "day"]
    )
    op.create_table(
        "case_categories",
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "category", name=op.f("pk_case_categories")),
    )
    op.create_index(op.f("ix_case_categories_category"), "case_categories", ["category"])
    op.create_table(
        "opt_outs",
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "category", name=op.f("pk_opt_outs")),
    )
    _remember()
    _categorise()


def _remember() -> None:
    """Keep the hashes of what is decided already: the first picture of each file, if it is good."""
    connection = op.get_bind()
    decided = sa.text(
        "SELECT items.id, items.pictures FROM items JOIN cases ON cases.id = items.case_id"
        " WHERE cases.state = 'decided'"
    )
    for identity, stored in connection.execute(decided).all():
        pictures = _read(stored)
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


def _categorise() -> None:
    """Say of every open case what its files are of."""
    connection = op.get_bind()
    wanted: set[tuple[str, str]] = set()
    met: dict[str, set[str]] = {}
    matched = sa.text(
        "SELECT items.id, items.case_id, item_matches.via, item_matches.labels FROM item_matches"
        " JOIN items ON items.id = item_matches.item_id JOIN cases ON cases.id = items.case_id"
        " WHERE cases.state = 'open'"
    )
    for item, case, via, labels in connection.execute(matched).all():
        met.setdefault(item, set()).add(via)
        wanted |= {(case, f"label:{one}"[:100]) for one in _read(labels)}
    noticed = sa.text(
        "SELECT items.id, items.case_id, items.surroundings FROM items"
        " JOIN cases ON cases.id = items.case_id WHERE cases.state = 'open'"
    )
    for item, case, surroundings in connection.execute(noticed).all():
        notice = (_read(surroundings) or {}).get("notice")
        wanted.add((case, f"kind:{_kind(met.get(item, set()), noticed=bool(notice))}"))
        if notice:
            wanted.add((case, f"harm:{notice['harm']}"))
            wanted |= {(case, f"circumstance:{one}") for one in notice.get("circumstances", ())}
    for case, category in sorted(wanted):
        connection.execute(
            sa.text("INSERT INTO case_categories (case_id, category) VALUES (:case, :category)"),
            {"case": case, "category": category},
        )


def _kind(via: set[str], *, noticed: bool) -> str:
    if not via:
        return "noticed" if noticed else "unscreened"
    if "exact" in via:
        return "known"
    return "possible" if via == {"wide"} else "near"


def _read(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored
