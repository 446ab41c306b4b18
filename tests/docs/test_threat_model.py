"""Each threat of the threat model has a defence and a test, and that test exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "threat-model.md"
_TEXT = _PAGE.read_text()
_NAMED = re.compile(r"\[`(test_\w+)`\]\(([^)#]+)\)")
_ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in _TEXT.splitlines()
    if line.startswith("|") and not line.startswith(("| ---", "| threat "))
]


def _tests_in(file: Path) -> set[str]:
    return {
        one.name
        for one in ast.walk(ast.parse(file.read_text()))
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.name.startswith("test_")
    }


def test_every_row_names_a_threat_a_defence_and_a_test() -> None:
    assert len(_ROWS) > 30
    for row in _ROWS:
        assert len(row) == 3, row
        assert all(row), row
        assert _NAMED.fullmatch(row[2]), row


def test_every_named_test_exists() -> None:
    named = _NAMED.findall(_TEXT)
    lost = [
        f"{path}: {name}"
        for name, path in named
        if name not in _tests_in((_PAGE.parent / path).resolve())
    ]
    assert len(named) >= len(_ROWS)
    assert lost == []


def test_every_threat_of_the_page_has_a_row() -> None:
    headings = set(re.findall(r"^## (.+)$", _TEXT, re.MULTILINE)) - {"At a glance"}
    rows = set(re.findall(r"^\| \[([^\]]+)\]\(#", _TEXT, re.MULTILINE))
    assert headings == rows
