"""Sentences that were made up of parts, known again by what stands between the parts.

An error says one sentence, already filled: `There is a set 'own'.` The language files have it as
`There is a set %(name)s.`, which tells which words are the sentence's and which are its parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLACE = re.compile(r"%\((\w+)\)s")
_LEAST = 8
"""A sentence has so many signs of its own, or anything would be taken for it."""


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence with named places, and how it looks once they are filled."""

    sentence: str
    filled: re.Pattern[str]

    def parts(self, said: str) -> dict[str, str] | None:
        """Return what fills the places; None: another sentence was said."""
        found = self.filled.fullmatch(said)
        return found and found.groupdict()


def tells(sentence: str) -> bool:
    """Say whether enough stands between the places to know the sentence by."""
    return len(_own(sentence)) >= _LEAST


def form(sentence: str) -> Form:
    """Return how a sentence looks once it is filled."""
    pieces = _PLACE.split(sentence)
    # Text and names of places alternate, as `split` gives what its group has found.
    said = [re.escape(piece.replace("%%", "%")) for piece in pieces]
    for place in range(1, len(pieces), 2):
        again = pieces[place] in pieces[1:place:2]
        said[place] = f"(?P={pieces[place]})" if again else f"(?P<{pieces[place]}>.+?)"
    return Form(sentence, re.compile("".join(said), re.DOTALL))


def forms(sentences: Iterable[str]) -> tuple[Form, ...]:
    """Return the forms of those sentences that have places, the most telling first."""
    made = [one for one in sentences if _PLACE.search(one) and tells(one)]
    return tuple(form(one) for one in sorted(made, key=lambda one: (-len(_own(one)), one)))


def _own(sentence: str) -> str:
    return "".join(_PLACE.split(sentence)[::2]).strip()
