"""Identifiers: a prefix that names the kind and a time-ordered ULID."""

import secrets
from datetime import UTC, datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LENGTH = 26


def new_id(prefix: str, now: datetime) -> str:
    """Return e.g. `itm_01J…`: 48 bits of milliseconds, then 80 random bits (ULID)."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    letters = [_CROCKFORD[(number >> (5 * place)) & 31] for place in range(_ULID_LENGTH)]
    return f"{prefix}_{''.join(reversed(letters))}"


def made_at(prefix: str, identity: str) -> datetime | None:
    """Return when an identifier of this kind was made, or None for what is none."""
    kind, _, letters = identity.partition("_")
    if kind != prefix or len(letters) != _ULID_LENGTH or not set(letters) <= set(_CROCKFORD):
        return None
    number = 0
    for letter in letters:
        number = number * 32 + _CROCKFORD.index(letter)
    try:
        return datetime.fromtimestamp((number >> 80) / 1000, UTC)
    except (ValueError, OverflowError):
        return None
