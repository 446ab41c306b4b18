"""Every relative link in every page leads somewhere, headings included."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_HIDDEN = {".venv", ".venv-bench", ".venv-faults", ".git", ".pytest_cache", "node_modules"}
_PAGES = sorted(
    page
    for page in _ROOT.rglob("*.md")
    if not _HIDDEN & set(page.relative_to(_ROOT).parts) and "home" not in page.parts
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in _anchors(found)):
            lost.append(target)
    assert lost == []


def test_there_are_pages() -> None:
    names = {str(page.relative_to(_ROOT)) for page in _PAGES}
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/index.md"} <= names


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_ROOT)))
def test_no_page_names_a_folder_of_somebodys_machine(page: Path) -> None:
    assert not re.search(r"(/home/|/Users/|/root/|/work/)", page.read_text())
