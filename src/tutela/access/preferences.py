"""What a person has chosen for their own console: light or dark, its language, and its keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.storage.database import Id, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutela.access.accounts import Account
    from tutela.audit.log import AuditLog

preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("theme", sa.String(8), nullable=False),
    sa.Column("keys", sa.Text, nullable=False),
    sa.Column("language", sa.String(16)),
)


class Theme(StrEnum):
    """How bright the console is."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's choices.

    `keys`: what differs from the table of keys, by what it does. `language`: its code, or None for
    what the browser asks for.
    """

    theme: Theme = Theme.SYSTEM
    keys: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None


class PreferenceBook:
    """Keeps what each person has chosen."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def of(self, account_id: str) -> Preferences:
        """Return a person's choices; who has made none follows the system and the table."""
        with self._audit.database.reading() as connection:
            return of(connection, account_id)

    def set_theme(self, account: Account, theme: Theme) -> None:
        """Keep how bright the person wants it."""
        self._put(account, "theme", replace(self.of(account.id), theme=theme))

    def set_language(self, account: Account, code: str | None) -> None:
        """Keep which language the person reads; None: whatever their browser asks for."""
        self._put(account, "language", replace(self.of(account.id), language=code))

    def set_keys(self, account: Account, keys: Mapping[str, str]) -> None:
        """Keep which keys the person has changed; none of them: back to the table."""
        self._put(account, "keys", replace(self.of(account.id), keys=dict(keys)))

    def _put(self, account: Account, what: str, chosen: Preferences) -> None:
        with self._audit.change(account.actor) as change:
            mine = preferences.c.account_id == account.id
            change.connection.execute(preferences.delete().where(mine))
            change.connection.execute(
                preferences.insert().values(
                    account_id=account.id,
                    theme=chosen.theme.value,
                    keys=json.dumps(dict(chosen.keys), sort_keys=True),
                    language=chosen.language,
                )
            )
            change.record(Action.CONSOLE_CHANGED, account.id, what=what)


def of(connection: sa.Connection, account_id: str) -> Preferences:
    """Return a person's choices."""
    mine = sa.select(preferences).where(preferences.c.account_id == account_id)
    row = connection.execute(mine).first()
    if row is None:
        return Preferences()
    return Preferences(Theme(row.theme), json.loads(row.keys), row.language)
