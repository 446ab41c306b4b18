"""Which language a request is answered in: the person's choice, the browser's wish, English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.console.sentences import ENGLISH, Language, languages

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_MOST = 32
"""So many wishes of a browser are read: nobody speaks more, and the header is a stranger's."""


def chosen(code: str | None, asked_for: str) -> Language:
    """Return the language of a person. `asked_for`: the browser's `Accept-Language`."""
    known: Mapping[str, Language] = languages()
    if code is not None and code in known:
        return known[code]
    return known[wished(asked_for, known)]


def wished(asked_for: str, known: Collection[str]) -> str:
    """Return the first of our languages that a browser asks for, else English. RFC 9110 §12.5.4."""
    wishes = [_wish(one) for one in asked_for.split(",")[:_MOST]]
    for weight, tag in sorted(wishes, key=lambda one: -one[0]):
        parts = tag.replace("-", "_").split("_")
        # "ar-EG" is served by "ar", as `lookup` of RFC 4647 has it.
        for length in range(len(parts), 0, -1):
            found = "_".join(parts[:length]).lower()
            for code in known:
                if code.lower() == found and weight > 0:
                    return code
    return ENGLISH


def _wish(said: str) -> tuple[float, str]:
    tag, _, weight = said.strip().partition(";")
    try:
        given = float(weight.strip().removeprefix("q=") or "1")
    except ValueError:
        given = 0.0
    return (given if 0 <= given <= 1 else 0.0), tag.strip()
