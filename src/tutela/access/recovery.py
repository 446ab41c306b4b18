"""Recovery codes: ten words on paper for the day the telephone is lost. Each works once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.access import proof
from tutela.audit.entry import Action
from tutela.storage.database import Database, Id, Instant, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from tutela.access.accounts import Account
    from tutela.audit.log import AuditLog

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("proof", sa.String(64), primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("used_at", Instant),
)

COUNT = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike. 16 of 31 letters are 79 bits: no guessing, so a plain digest."""
_LENGTH, _GROUP = 16, 4


class RecoveryCodes:
    """Makes and uses recovery codes."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    def make(self, account: Account) -> tuple[str, ...]:
        """Return ten new codes, shown this once; earlier ones end."""
        codes = tuple(_fresh() for _ in range(COUNT))
        with self._audit.change(account.actor) as change:
            mine = recovery_codes.c.account_id == account.id
            change.connection.execute(recovery_codes.delete().where(mine))
            change.connection.execute(
                recovery_codes.insert(),
                [{"proof": _kept(account.id, one), "account_id": account.id} for one in codes],
            )
            change.record(Action.RECOVERY_MADE, account.id, codes=COUNT)
        return codes

    def left(self, account_id: str) -> int:
        """Return how many of an account's codes still work."""
        query = sa.select(sa.func.count()).where(
            recovery_codes.c.account_id == account_id, recovery_codes.c.used_at.is_(None)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()


def is_shaped(code: str) -> bool:
    """Say whether something typed could be a code."""
    return len(_plain(code)) == _LENGTH


def used(connection: sa.Connection, account_id: str, code: str, now: datetime) -> bool:
    """Use a code up; False when it is none of the account's, or was used."""
    marked = connection.execute(
        recovery_codes.update()
        .where(
            recovery_codes.c.proof == _kept(account_id, code), recovery_codes.c.used_at.is_(None)
        )
        .values(used_at=now)
    )
    return marked.rowcount == 1


def _fresh() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _kept(account_id: str, code: str) -> str:
    return proof.stored(f"recovery {account_id} {_plain(code)}")


def _plain(code: str) -> str:
    return "".join(one for one in code.lower() if one in _LETTERS)
