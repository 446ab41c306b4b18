"""Whose bytes lie in an object store: every instance leaves its mark there before its first bytes.

The sweep of orphans takes what no record of *this* database names. In a store that another
instance uses, too, that would be the other's evidence; so where there is another's mark, nothing
is swept.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.storage.objects import Objects

MARKS = "owners"
_LENGTH = 32


class Ownership:
    """The mark of one instance in its store. `log_key`: the public key of its audit log."""

    def __init__(self, objects: Objects, log_key: str) -> None:
        self._objects = objects
        self._place = f"{MARKS}/{sha256(log_key.encode()).hexdigest()[:_LENGTH]}"
        self._text = log_key.encode()
        self._marked = False

    def mark(self) -> None:
        """Leave the mark, once for each process. Raises `Unavailable`."""
        if not self._marked:
            self._objects.put(self._place, self._text)
            self._marked = True

    def others(self) -> int:
        """Count the marks of other instances. Raises `Unavailable`."""
        return sum(not self.is_ours(place) for place in self._objects.names(MARKS))

    def is_ours(self, place: str) -> bool:
        """Say whether a mark is this instance's own."""
        return place == self._place
