"""Finds what a template says without having it translated."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from jinja2 import Environment, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_OUT = "\ue000"
"""Stands where an expression, a statement or a translated sentence stood."""
_SAID_ALOUD = {"title", "aria-label", "placeholder", "alt"}
_AS_IT_IS = {"code", "kbd", "script", "style"}
_WORD = re.compile(r"[A-Za-z]{2,}")
_PAGE = re.compile(r"{% block (page|danger) %}.*?{% endblock %}")
"""Names and addresses for the scripts and the navigation."""
_TRANSLATES = {"_", "gettext", "ngettext"}
NOT_WORDS = {"Tutela", "UTC", "SHA", "kB"}
"""A name and units, the same in every language."""


def untranslated(environment: Environment, source: str) -> list[str]:
    """Return every piece of text in a template that no language file could replace."""
    source = _PAGE.sub("", source)
    reader = _Reader()
    reader.feed("".join(_written(environment, source)))
    reader.close()
    return [*reader.found, *_computed(environment.parse(source))]


def _written(environment: Environment, source: str) -> Iterator[str]:
    """Yield what is written out in a template, without its translated sentences."""
    translated, begins = False, False
    for _line, kind, text in environment.lex(source):
        if kind == "block_begin":
            begins = True
        elif begins and kind == "name":
            translated, begins = text == "trans" or (translated and text != "endtrans"), False
        elif kind == "data" and not translated:
            yield text
        elif kind in {"variable_begin", "block_end"}:
            yield _LEFT_OUT


class _Reader(HTMLParser):
    """Reads the text of tags and of the attributes that people see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._as_it_is = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._as_it_is += tag in _AS_IT_IS
        for name, value in attrs:
            spoken = name in _SAID_ALOUD or (name == "value" and " " in (value or ""))
            if spoken and _words(value or ""):
                self.found.append(f"{name}={value}".replace(_LEFT_OUT, "…"))

    def handle_endtag(self, tag: str) -> None:
        self._as_it_is -= tag in _AS_IT_IS

    def handle_data(self, data: str) -> None:
        if not self._as_it_is and _words(data):
            self.found.append(data.strip().replace(_LEFT_OUT, "…"))


def _words(text: str) -> set[str]:
    if text == "light dark":  # a value of CSS
        return set()
    return set(_WORD.findall(text)) - NOT_WORDS


def _computed(template: nodes.Template) -> Iterator[str]:
    """Yield the texts that an expression can put onto the page."""
    for output in template.find_all(nodes.Output):
        for node in output.nodes:
            yield from (one for one in _values(node) if _words(one))
    listed = [one.iter for one in template.find_all(nodes.For)]
    for whole in (*listed, *(one.node for one in template.find_all(nodes.Assign))):
        for call in whole.find_all(nodes.Call):
            call.args = [] if _name(call) in _TRANSLATES else call.args
        for one in whole.find_all(nodes.Const):
            if isinstance(one.value, str) and (" " in one.value or one.value[:1].isupper()):
                yield one.value


def _values(node: nodes.Node) -> Iterator[str]:
    """Yield the literal texts that a node can come to. What it only compares with is none."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from (one for part in (node.expr1, node.expr2) if part for one in _values(part))
    elif isinstance(node, nodes.Call):
        if _name(node) not in _TRANSLATES:
            # What `get` looks for is a name; what it falls back to is said.
            given = node.args[1:] if _name(node) == "get" else node.args
            yield from (one for part in given for one in _values(part))
    elif isinstance(node, (nodes.Or, nodes.And, nodes.Add, nodes.Concat)):
        yield from (one for part in node.iter_child_nodes() for one in _values(part))
    elif isinstance(node, nodes.Filter) and node.node is not None:
        yield from _values(node.node)


def _name(call: nodes.Call) -> str:
    return getattr(call.node, "name", "") or getattr(call.node, "attr", "")
