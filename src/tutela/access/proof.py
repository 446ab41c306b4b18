"""Bearer proofs: random words of which only the SHA-256 is kept."""

from __future__ import annotations

import secrets
from hashlib import sha256


def fresh(prefix: str = "") -> tuple[str, str]:
    """Return a new word of 256 random bits, and what is stored of it."""
    word = prefix + secrets.token_urlsafe(32)
    return word, stored(word)


def stored(word: str) -> str:
    """Return the hex SHA-256 of a word; enough for words that nobody can guess."""
    return sha256(word.encode()).hexdigest()
