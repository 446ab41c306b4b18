"""Which of the waiting cases are shown: a choice of what to see, never of what is next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tutela.cases.case import CaseKind, cases
from tutela.cases.priority import Reason
from tutela.content.item import item_matches, items

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVERE = (Reason.DANGER, Reason.CONTACT, Reason.TRUSTED)
"""The reasons that say how grave a case is; the others say what it is."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a case must be to be shown; what is left open asks for nothing.

    `opened_before`: for how long an authority's clock has run. `repeat`: an account found abusive.
    """

    kind: CaseKind | None = None
    severity: Reason | None = None
    list_name: str = ""
    repeat: bool = False
    opened_before: datetime | None = None

    def __bool__(self) -> bool:
        return self != Filter()

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield what the cases' rows must satisfy."""
        if self.kind is not None:
            yield cases.c.kind == self.kind.value
        for reason in (self.severity, Reason.REPEAT if self.repeat else None):
            if reason is not None:
                # A list of words as JSON, whose text both databases can search.
                yield sa.cast(cases.c.reasons, sa.Text).contains(f'"{reason.value}"')
        if self.list_name:
            yield sa.exists().where(
                items.c.case_id == cases.c.id,
                item_matches.c.item_id == items.c.id,
                item_matches.c.list_name == self.list_name,
            )
        if self.opened_before is not None:
            yield cases.c.opened_at <= self.opened_before


EVERYTHING = Filter()
