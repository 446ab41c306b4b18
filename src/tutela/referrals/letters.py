"""Letters: the exact bytes that went to an authority and came back, sealed and append-only.

Each is kept in the transaction that announces or records its call, and its digest stands in that
transaction's audit entry: neither can be exchanged without the other telling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.audit.entry import Action
from tutela.errors import InvalidInput, Tampered
from tutela.evidence import enclosing
from tutela.evidence.rotation import Step
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog, Change
    from tutela.evidence.key_service import KeyService
    from tutela.evidence.keys import SealingKey
    from tutela.evidence.vault import Vault

letters = sa.Table(
    "referral_letters",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("referral_id", Id, sa.ForeignKey("referrals.id"), nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("report", sa.Integer, nullable=False),
    sa.Column("about", sa.String(16), nullable=False),
    sa.Column("direction", sa.String(8), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("referral_id", "ordinal"),
)


class About(StrEnum):
    """Which call a letter belongs to."""

    OPENING = "opening"
    FILE = "file"
    DETAILS = "details"
    FINISHING = "finishing"
    QUESTION = "question"


class Direction(StrEnum):
    """Who wrote it."""

    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter on record, still sealed. `report`: the how-manieth report of the referral."""

    id: str
    referral_id: str
    ordinal: int
    report: int
    about: About
    direction: Direction
    sha256: str
    size: int
    sealed: bytes
    at: datetime


class Letters:
    """Keeps letters, and opens them again."""

    def __init__(self, audit: AuditLog, vault: Vault) -> None:
        self._audit = audit
        self._vault = vault

    def keep(
        self,
        change: Change,
        referral_id: str,
        report: int,
        about: About,
        direction: Direction,
        data: bytes,
    ) -> str:
        """Seal a letter in the caller's change; return its SHA-256 for the audit entry."""
        identity = new_id("ltr", change.now)
        digest = sha256(data).hexdigest()
        before = sa.select(sa.func.count()).where(letters.c.referral_id == referral_id)
        change.connection.execute(
            letters.insert().values(
                id=identity,
                referral_id=referral_id,
                ordinal=change.connection.scalar(before) or 0,
                report=report,
                about=about.value,
                direction=direction.value,
                sha256=digest,
                size=len(data),
                sealed=self._vault.enclose(data, identity),
                at=change.now,
            )
        )
        return digest

    def of(self, referral_id: str) -> tuple[Letter, ...]:
        """Return a referral's letters, oldest first."""
        query = (
            sa.select(letters)
            .where(letters.c.referral_id == referral_id)
            .order_by(letters.c.ordinal)
        )
        with self._audit.database.reading() as connection:
            return tuple(
                Letter(
                    row.id,
                    row.referral_id,
                    row.ordinal,
                    row.report,
                    About(row.about),
                    Direction(row.direction),
                    row.sha256,
                    row.size,
                    row.sealed,
                    row.at,
                )
                for row in connection.execute(query)
            )

    def export(self, actor: Actor, referral_id: str, folder: Path) -> None:
        """Write a referral's letters, plain, into a new folder; recorded.

        Raises `InvalidInput` when the folder exists, and as `opened`.
        """
        kept = self.of(referral_id)
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError as problem:
            raise InvalidInput("The folder exists already.", "Name a new folder.") from problem
        self._audit.note(actor, Action.REFERRAL_LETTERS_OPENED, referral_id, letters=len(kept))
        for one in kept:
            name = f"{one.ordinal:04}-report-{one.report}-{one.about}-{one.direction}"
            (folder / name).write_bytes(self.opened(one))

    def opened(self, letter: Letter) -> bytes:
        """Return a letter's bytes. Raises `Tampered`, `Refused` without the private key."""
        data = self._vault.disclose(letter.sealed, letter.id)
        if sha256(data).hexdigest() != letter.sha256 or len(data) != letter.size:
            raise Tampered(
                "A kept letter is not what its row says.",
                "Treat the record as altered: run `tutela audit verify`.",
            )
        return data


class LetterRows:
    """The table of letters, for the rotation of keys."""

    name = "letters"

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    def counts(self, connection: sa.Connection) -> dict[str | None, int]:
        """Return how many letters are sealed to each key; None: they do not say."""
        found: dict[str | None, int] = {}
        start = sa.func.substr(letters.c.sealed, 1, enclosing.HEAD)
        for (head,) in connection.execute(sa.select(start)):
            key_id = enclosing.sealed_to(bytes(head))
            found[key_id] = found.get(key_id, 0) + 1
        return found

    def steps(self, connection: sa.Connection, key: SealingKey, limit: int) -> list[Step]:
        """Return what to do for some letters."""
        start = sa.func.substr(letters.c.sealed, 1, enclosing.HEAD)
        query = sa.select(letters.c.id, letters.c.sealed).where(start != enclosing.head(key))
        return [
            Step(row.id, row.sealed, enclosing.rewrapped(row.sealed, self._keys, key))
            for row in connection.execute(query.limit(limit))
        ]

    def take(self, change: Change, key: SealingKey, step: Step) -> bool:  # noqa: ARG002
        """Put one in place."""
        done = change.connection.execute(
            letters.update()
            .where(letters.c.id == step.id, letters.c.sealed == step.before)
            .values(sealed=step.after)
        )
        return done.rowcount == 1
