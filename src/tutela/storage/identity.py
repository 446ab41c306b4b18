"""Identifiers: a prefix that names the kind and a time-ordered ULID."""

import secrets
from datetime import datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LENGTH = 26


def new_id(prefix: str, now: datetime) -> str:
    """Return e.g. `itm_01J…`: 48 bits of milliseconds, then 80 random bits (ULID)."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    letters = [_CROCKFORD[(number >> (5 * place)) & 31] for place in range(_ULID_LENGTH)]
    return f"{prefix}_{''.join(reversed(letters))}"
