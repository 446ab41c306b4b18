"""What the reference pages and the glossary say is what the code has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scripts.write_reference import PAGES, fresh

from tutela import errors
from tutela.alarms.alarm import Kind, severity
from tutela.audit.entry import Action

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

_DOCS = Path(__file__).parents[2] / "docs"


def _rows(page: str) -> list[list[str]]:
    lines = (_DOCS / page).read_text().splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]


def _error_classes() -> list[type[errors.TutelaError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.TutelaError)
    ]


@pytest.mark.parametrize("kind", _error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_is_documented(kind: type[errors.TutelaError]) -> None:
    rows = {row[0]: row for row in _rows("reference/errors.md")}
    row = rows[f"`{kind.__name__}`"]
    assert row[1:4] == [f"`{kind.code}`", str(kind.exit_code), str(kind.http_status)]
    assert row[4].endswith(".")


def test_error_codes_tell_errors_apart() -> None:
    codes = [kind.code for kind in _error_classes()]
    assert len(set(codes)) == len(codes)
    # 0 is success and 3 is scan's "some unscreened": no error may look like them.
    assert {0, 3}.isdisjoint(kind.exit_code for kind in _error_classes())


def test_every_audit_action_is_documented_once() -> None:
    page = (_DOCS / "reference/audit.md").read_text().partition("## Actions")[2]
    documented = re.findall(r"^\| `([a-z_.]+)` \| \S", page, re.MULTILINE)
    assert sorted(documented) == sorted(action.value for action in Action)


def test_every_action_fits_its_column() -> None:
    assert max(len(action.value) for action in Action) <= 40


@pytest.mark.parametrize("page", sorted(PAGES))
def test_generated_parts_are_fresh(page: str) -> None:
    assert fresh(page) == (_DOCS / "reference" / page).read_text(), "run make docs"


@pytest.mark.parametrize(
    "word",
    [
        "item", "hash", "hash list", "entry", "match", "verdict", "hold", "evidence", "case",
        "decision", "referral", "feedback", "authority", "hotline", "desk", "host platform",
    ],
)  # fmt: skip
def test_the_design_words_are_in_the_glossary(word: str) -> None:
    meanings = {row[0].strip("*"): row[1] for row in _rows("glossary.md")}
    assert len(meanings[word]) > 20


def test_every_decision_is_listed_and_numbered_once() -> None:
    folder = _DOCS / "decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    for name in records:
        text = (folder / name).read_text()
        assert text.startswith(f"# {name[:4]} ")
        for part in ("## Situation", "## Decision", "## Consequences"):
            assert part in text, f"{name} lacks {part}"


def test_every_alarm_is_documented_with_its_severity() -> None:
    rows = {row[0].strip("`"): row for row in _rows("reference/alarms.md") if row[0][:1] == "`"}
    assert sorted(rows) == sorted(kind.value for kind in Kind)
    for kind in Kind:
        assert rows[kind.value][1] == severity(kind).value
        assert all(len(cell) > 10 for cell in rows[kind.value][2:])


def test_every_metric_is_documented_with_its_kind(platform: Platform) -> None:
    """Over an instance with one of everything, so that labels show."""
    platform.meters.screened("clean", 0.1)
    platform.meters.worked("host_order", "returned")
    found = {}
    for family in platform.meters.registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels)
    rows = {row[0].strip("`"): row for row in _rows("reference/metrics.md") if row[0][:1] == "`"}
    assert sorted(rows) == sorted(found)
    for name, (kind, labels) in found.items():
        assert rows[name][1] == kind
        assert labels <= set(re.findall(r"`(\w+)`", rows[name][2]))
