"""Every word of a template goes through the language files, or is on a short list."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment
from tests.template_text import untranslated

import tutela.console

TEMPLATES = Path(tutela.console.__file__).parent / "templates"

NOT_YET = {
    "_banner.html",
    "_budget.html",
    "_clusters.html",
    "_decision.html",
    "_earlier.html",
    "_filters.html",
    "_lease.html",
    "_nothing.html",
    "_plot.html",
    "_present.html",
    "_reach.html",
    "_referral.html",
    "_reveal.html",
    "_shown.html",
    "_tile.html",
    "_typed.html",
    "_unavailable.html",
    "_undo.html",
    "account.html",
    "agreement.html",
    "alarms.html",
    "appeal.html",
    "appeals.html",
    "approvals.html",
    "audit.html",
    "case.html",
    "day.html",
    "decided.html",
    "lists.html",
    "one_time.html",
    "queue.html",
    "referrals.html",
    "review.html",
    "reviews.html",
    "settings.html",
    "team.html",
}
"""Templates whose words are still English alone. Nothing is added here."""
ENVIRONMENT = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda one: one.name)
def test_every_word_is_translated(path: Path) -> None:
    found = untranslated(ENVIRONMENT, path.read_text())
    if path.name in NOT_YET:
        assert found, f"{path.name} is done: take it off the list"
    else:
        assert found == []


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
