"""Text that a database can keep."""

from __future__ import annotations


def storable(text: str) -> bool:
    """Say whether every database keeps a text: JSON can hold halves of letters, and zero bytes."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
