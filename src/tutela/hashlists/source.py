"""What is known of a list's source: who it is, the key it signs with, how much it may list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.errors import InvalidInput
from tutela.hashlists.minisign import PublicKey, Signature
from tutela.hashlists.sudden import Caps
from tutela.storage.database import Instant, metadata

if TYPE_CHECKING:
    from tutela.hashlists.list_bytes import ListBytes

_LONGEST_TERMS = 200

list_sources = sa.Table(
    "list_sources",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("source", sa.String(255)),
    sa.Column("key", sa.String(80)),
    sa.Column("serial", sa.BigInteger),
    sa.Column("most_entries", sa.BigInteger),
    sa.Column("most_a_day", sa.BigInteger),
    sa.Column("set_by", sa.String(80), nullable=False),
    sa.Column("set_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a person has laid down for a list's source. It outlives the list's removal.

    `key`: a minisign public key, without which nothing is taken. `serial`: that of the newest
    signed file taken.
    """

    name: str
    source: str | None = None
    key: str | None = None
    serial: int | None = None
    most_entries: int | None = None
    most_a_day: int | None = None
    set_by: str = ""
    set_at: datetime | None = None

    @property
    def caps(self) -> Caps:
        """Return how much the source may list."""
        return Caps(self.most_entries, self.most_a_day)


def load(connection: sa.Connection, name: str) -> Pinned:
    """Return what is laid down for the list of this name; nothing by default."""
    row = connection.execute(sa.select(list_sources).where(list_sources.c.name == name)).first()
    return Pinned(**row._mapping) if row else Pinned(name)


def write(connection: sa.Connection, pinned: Pinned) -> None:
    """Put it in the place of what was laid down."""
    connection.execute(list_sources.delete().where(list_sources.c.name == pinned.name))
    connection.execute(list_sources.insert().values(**asdict(pinned)))


def terms(pinned: Pinned) -> str:
    """Return what exactly is laid down, for the second person who confirms it."""
    said = (
        f"source {pinned.source or 'any'}; key {pinned.key or 'none'}; "
        f"entries {pinned.most_entries or 'any'}; a day {pinned.most_a_day or 'any'}"
    )
    return said if len(said) <= _LONGEST_TERMS else f"sha256 {sha256(said.encode()).hexdigest()}"


def took(connection: sa.Connection, name: str, serial: int) -> None:
    """Remember the serial of a signed file that was taken."""
    connection.execute(
        list_sources.update().where(list_sources.c.name == name).values(serial=serial)
    )


def prove_source(pinned: Pinned, stated: str | None) -> str | None:
    """Return the source. Raises `InvalidInput` where another is pinned than is stated."""
    if pinned.source is not None and stated not in {None, pinned.source}:
        raise InvalidInput(
            "The list comes from another source than the one pinned for it.",
            "Import it under another name, or have the pin changed with `tutela lists trust`.",
        )
    return stated or pinned.source


def prove_signature(pinned: Pinned, file: ListBytes, signature: bytes | None) -> int | None:
    """Return the serial of a signed file; None where no key is pinned.

    1. With a pinned key, a signature must be there, by that key, over exactly these bytes.
    2. Its trusted comment must number the file, or an old one could not be told from a new one.
    3. Without a pinned key, a signature proves nothing and is not taken for a proof.
    Raises `InvalidInput`, `Tampered`.
    """
    if pinned.key is None:
        if signature is None:
            return None
        raise InvalidInput(
            "No key is pinned for this list, so its signature proves nothing.",
            "Pin the source's key first: `tutela lists trust NAME --key FILE`.",
        )
    if signature is None:
        raise InvalidInput(
            "The list is taken only with its source's signature.",
            "Give the file's signature with --signature FILE.minisig. If the source no longer "
            "signs, have the key taken out with `tutela lists trust NAME --no-key`.",
        )
    said = Signature.parse(signature)
    said.verify(PublicKey.parse(pinned.key), file.blake2b())
    if said.serial is None:
        raise InvalidInput(
            "The signature's trusted comment has neither serial nor timestamp.",
            "Ask the source for one that has; minisign writes a timestamp by itself.",
        )
    return said.serial
