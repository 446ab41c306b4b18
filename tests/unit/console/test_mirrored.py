"""The stylesheet names no left and no right: a page in a language from the right mirrors itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tutela.console

STYLE = Path(tutela.console.__file__).parent / "static" / "console.css"
ALLOWED = {
    "linear-gradient(90deg, currentColor 50%, transparent 50%)": "half full, whichever half it is",
}
"""What has a side, and why it may."""
_SIDES = re.compile(
    r"(?<![\w-])(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)[\w-]*\s*:"
    r"|(?<![\w-])(?:left|right)\s*:"
    r"|border-(?:top|bottom)-(?:left|right)-radius"
    r"|(?:text-align|float|clear|transform-origin|background-position|object-position)\s*:"
    r"[^;}]*\b(?:left|right)\b"
    r"|linear-gradient\((?:90|270)deg[^;)]*\)|linear-gradient\(to (?:left|right)[^;)]*\)"
    r"|box-shadow:\s*inset\s+-?[1-9.][^;}]*"
)
_FOUR = re.compile(
    r"(?<![\w-])(margin|padding|inset|border-width|border-radius):\s*"
    r"([^\s;}]+) ([^\s;}]+) ([^\s;}]+) ([^\s;}]+)\s*[;}]"
)


def sided(style: str) -> list[str]:
    """Return what a stylesheet puts on one side of the page, whichever way the page runs."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    found = [one[0] for one in _SIDES.finditer(style)]
    for one in _FOUR.finditer(style):
        first, second, third, fourth = one.groups()[1:]
        corners = one[1] == "border-radius"
        if (first, third) != (second, fourth) if corners else second != fourth:
            found.append(one[0])
    return [one for one in found if one not in ALLOWED]


def test_the_stylesheet_has_no_left_and_no_right() -> None:
    assert sided(STYLE.read_text()) == []


def test_what_is_allowed_is_there() -> None:
    assert [one for one in ALLOWED if one not in STYLE.read_text()] == []


@pytest.mark.parametrize(
    "style",
    [
        "a { margin-left: 1rem; }",
        "a { border-right-color: red; }",
        "a { left: 0; }",
        "a { text-align: right; }",
        "a { padding: 0 1rem 0 2rem; }",
        "a { border-radius: 1rem 0 0 1rem; }",
        "a { transform-origin: left; }",
        "a { background: linear-gradient(to right, red, blue); }",
        "a { box-shadow: inset 4px 0 0 red; }",
    ],
)
def test_a_side_is_found(style: str) -> None:
    assert sided(style) != []


@pytest.mark.parametrize(
    "style",
    [
        "a { margin-inline: 1rem 0; text-align: start; border-radius: 0 0 1rem 1rem; }",
        "a { padding: 1rem 2rem 0 2rem; margin: 0 auto; transition: left-out 1s; }",
    ],
)
def test_what_mirrors_or_is_even_is_let_pass(style: str) -> None:
    assert sided(style) == []
