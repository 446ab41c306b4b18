"""How much of each authority's schema a referral can fill.

Counted in the reference pages, which the tests hold complete: `test_cybertipline_fields.py` against
the CyberTipline's schema, `test_plain_form.py` against what is sent to the NCA.
"""

from __future__ import annotations

import re
from pathlib import Path

from bench.report import Table

_REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
_ROW = re.compile(r"^\| `[^`]+` \|(.*)$", re.MULTILINE)

BY_COOP = 65
"""Counted by hand in the two builders of ROOST's Coop at 1c1f54d (August 2026)."""


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the table."""
    table = Table(
        "Fields of each authority's schema that a referral fills",
        ("authority", "fields", "Tutela fills", "never, with the reason", "Coop fills"),
    )
    for authority, page, coop in (
        ("CyberTipline", "cybertipline.md", f"about {BY_COOP}"),
        ("NCA (our reading of SI 2026/268)", "nca.md", "no such referral"),
    ):
        every, never = fields(page)
        table.row(authority, every, every - never, never, coop)
    return [table]


def fields(page: str) -> tuple[int, int]:
    """Return how many fields a reference page lists, and how many of them are never filled."""
    rows = _ROW.findall((_REFERENCE / page).read_text())
    return len(rows), sum(row.lstrip().startswith("never") for row in rows)
