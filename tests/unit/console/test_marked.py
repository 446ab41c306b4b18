"""Every word of a template goes through the language files."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment
from tests.template_text import untranslated

import tutela.console

TEMPLATES = Path(tutela.console.__file__).parent / "templates"

ENVIRONMENT = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda one: one.name)
def test_every_word_is_translated(path: Path) -> None:
    found = untranslated(ENVIRONMENT, path.read_text())
    assert found == [], "mark it with _(), then run `make languages`"


@pytest.mark.parametrize(
    "source",
    [
        "<p>Words</p>",
        '<p title="A word">{{ _("Words") }}</p>',
        '<input placeholder="A word">',
        '<svg aria-label="{{ x }} of all">',
        '<option value="Some words"></option>',
        '{{ "one way" if x else _("another") }}',
        '{{ x or "words" }}',
        '{{ "%d words"|format(x) }}',
        '{{ called.get(x, "somebody") }}',
        '{{ say.count(x, "file", "files") }}',
        '{{ "words " ~ x }}',
        '{% for a, b in (("x", "Title of x"),) %}{{ b }}{% endfor %}',
        "{% if x %}words{% endif %}",
        "{% trans %}These are.{% endtrans %} These not.",
    ],
)
def test_what_is_not_translated_is_found(source: str) -> None:
    assert untranslated(ENVIRONMENT, source) != []


@pytest.mark.parametrize(
    "source",
    [
        '<p title="{{ _("A word") }}">{{ _("Words") }}</p>',
        "<p>{% trans %}Words with <kbd>Esc</kbd>.{% endtrans %}</p>",
        '<p class="some words">{{ x if y == "words" else z }} <code>tutela lists</code> UTC</p>',
        '{{ ngettext("%(num)s file", "%(num)s files", x) }}',
        '{{ x|join(", ") }}{{ facts.get("name") if "other" in facts }}',
        '{% for a, b in (("x", _("Title of x")),) %}{{ b }}{% endfor %}',
    ],
)
def test_what_is_translated_or_no_text_is_let_pass(source: str) -> None:
    assert untranslated(ENVIRONMENT, source) == []
