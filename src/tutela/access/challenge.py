"""Challenges for authenticators: random, short-lived, bound to one browser, good once.

They are made without a row, so that strangers who load the sign-in page write nothing; only one
that was answered is remembered until it would be over anyway.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.access import proof
from tutela.errors import NotSignedIn
from tutela.storage.database import Instant, metadata

if TYPE_CHECKING:
    from tutela.storage.database import Database

answered_challenges = sa.Table(
    "answered_challenges",
    metadata,
    sa.Column("proof", sa.String(64), primary_key=True),
    sa.Column("until", Instant, nullable=False),
)

VALID = timedelta(minutes=5)
_NONCE, _TIME, _TAG = 16, 8, 32


class Challenges:
    """Makes and takes challenges. Layout: 16 random bytes, 8 of the end in seconds, 32 of MAC."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def fresh(self, binding: str, now: datetime) -> bytes:
        """Return a challenge for the browser and purpose that `binding` names."""
        until = int((now + VALID).timestamp())
        body = secrets.token_bytes(_NONCE) + until.to_bytes(_TIME, "big")
        return body + self._tag(body, binding)

    def take(self, challenge: bytes, binding: str, now: datetime) -> None:
        """Use a challenge up. Raises `NotSignedIn` when it is not ours, over or answered."""
        body, tag = challenge[: _NONCE + _TIME], challenge[_NONCE + _TIME :]
        if len(tag) != _TAG or not secrets.compare_digest(tag, self._tag(body, binding)):
            raise _over()
        until = datetime.fromtimestamp(int.from_bytes(body[_NONCE:], "big"), UTC)
        if until <= now:
            raise _over()
        kept = proof.stored(body.hex())
        try:
            with self._database.bookkeeping() as connection:
                old = answered_challenges.c.until <= now
                connection.execute(answered_challenges.delete().where(old))
                connection.execute(answered_challenges.insert().values(proof=kept, until=until))
        except sa.exc.IntegrityError:
            raise _over() from None

    def _tag(self, body: bytes, binding: str) -> bytes:
        said = body + binding.encode()
        return blake2b(said, key=self._key, digest_size=_TAG, person=b"challenge").digest()


def _over() -> NotSignedIn:
    return NotSignedIn("This took too long, or was answered already.", "Load the page again.")
