"""NDJSON: one object a line, with the names of the CSV columns."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tutela.hashlists.fields import COLUMNS, Line, line_of, refused

_MOST_NAMES = 50
_LONGEST_NAME = 40


def is_whole_document(first: str) -> bool:
    """Say whether the first line starts a JSON document that spans lines, or is of another kind."""
    return first.strip() == "{" or first.lstrip().startswith("[") or '"@odata.context"' in first


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Which of two values counts differs between readers, so an object with both says nothing.
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


@dataclass(slots=True)
class Objects:
    """One JSON object a line."""

    name: str = "ndjson"
    _ignored: dict[str, None] = field(default_factory=dict)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the first names met that mean nothing here."""
        return tuple(self._ignored)

    def read(self, number: int, text: str) -> Line:
        """Return what an object says."""
        try:
            value = json.loads(text, object_pairs_hook=_each_once)
        except (ValueError, RecursionError):
            return refused(number, "not valid JSON")
        if not isinstance(value, dict):
            return refused(number, "not a JSON object")
        fields = {name.strip().lower(): one for name, one in value.items()}
        if len(fields) != len(value):
            return refused(number, "names a field more than once")
        for name in fields:
            if name not in COLUMNS and len(self._ignored) < _MOST_NAMES:
                self._ignored[name[:_LONGEST_NAME]] = None
        return line_of(number, fields)
