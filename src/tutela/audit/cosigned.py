"""Checkpoints that outside witnesses have signed: the newest and older ones of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tutela.storage.database import Instant, metadata

audit_cosigned = sa.Table(
    "audit_cosigned",
    metadata,
    sa.Column("witness", sa.String(80), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

audit_disputes = sa.Table(
    "audit_disputes",
    metadata,
    sa.Column("witness", sa.String(80), primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """One checkpoint with a witness's signature. `key`: the witness's, `at`: its own time."""

    witness: str
    size: int
    key: str
    note: str
    at: datetime


def newest(connection: sa.Connection, witness: str) -> Cosigned | None:
    """Return the newest checkpoint that a witness has signed."""
    return _first(
        connection,
        sa.select(audit_cosigned)
        .where(audit_cosigned.c.witness == witness)
        .order_by(audit_cosigned.c.size.desc()),
    )


def earliest_over(connection: sa.Connection, index: int) -> Cosigned | None:
    """Return the earliest witnessed checkpoint that covers an entry: it says the most of when."""
    return _first(
        connection,
        sa.select(audit_cosigned)
        .where(audit_cosigned.c.size > index)
        .order_by(audit_cosigned.c.size, audit_cosigned.c.witness),
    )


def keep(connection: sa.Connection, cosigned: Cosigned) -> None:
    """Put a witnessed checkpoint on record; the same size again replaces the earlier one."""
    connection.execute(
        audit_cosigned.delete().where(
            audit_cosigned.c.witness == cosigned.witness, audit_cosigned.c.size == cosigned.size
        )
    )
    connection.execute(
        audit_cosigned.insert().values(
            witness=cosigned.witness,
            size=cosigned.size,
            key=cosigned.key,
            note=cosigned.note,
            at=cosigned.at,
        )
    )


def _first(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> Cosigned | None:
    row = connection.execute(query.limit(1)).first()
    return Cosigned(**row._mapping) if row else None
