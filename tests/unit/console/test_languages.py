"""Language files are whole and true to the sentences in use; a page speaks what was chosen."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts.write_languages import brought_up, in_use, written
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Role
from tutela.console import sentences
from tutela.console.language import chosen, wished
from tutela.console.sentences import ENGLISH, FOLDER, catalogue, languages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message
    from tests.console_home import Home

CODES = sorted(languages())
OTHERS = [code for code in CODES if code != ENGLISH]
_PLACEHOLDER = re.compile(r"%\((\w+)\)[ds]")
_TAG = re.compile(r"<[^>]*>")
_NUMBERS = {"num", "number"}
"""What the chosen form counts: a form that only one number takes may leave it unsaid."""


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    sentences.speak(languages()[ENGLISH])


def said(code: str) -> list[Message]:
    return [one for one in catalogue(code) if one.id]


def forms(one: Message) -> list[tuple[str, str]]:
    """Return each translated form of a sentence beside the English one that it stands for."""
    if isinstance(one.id, str):
        return [(one.id, str(one.string))]
    return [(one.id[-1], form) for form in one.string or ()]


@pytest.mark.parametrize("code", CODES)
def test_a_file_has_exactly_the_sentences_in_use(code: str) -> None:
    expected = written(brought_up(code, in_use()))
    there = (FOLDER / f"{code}.po").read_bytes()
    assert there.decode() == expected.decode(), "run `make languages`, and translate what is empty"


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_translated(code: str) -> None:
    missing = [one.id for one in said(code) if not all(form for _, form in forms(one))]
    assert missing == []


@pytest.mark.parametrize("code", CODES)
def test_translations_keep_placeholders_tags_and_no_more(code: str) -> None:
    wrong = []
    for one in said(code):
        counted = _forms_of_one_number(code) if not isinstance(one.id, str) else set()
        for place, (english, form) in enumerate(forms(one)):
            given, wanted = set(_PLACEHOLDER.findall(form)), set(_PLACEHOLDER.findall(english))
            if place in counted:
                given, wanted = given - _NUMBERS, wanted - _NUMBERS
            tags = sorted(_TAG.findall(form)) == sorted(_TAG.findall(english))
            # Outside its tags a sentence goes into pages, and into attributes, as it stands.
            plain = not set('"&<>') & set(_TAG.sub("", form))
            percents = form.count("%%") == english.count("%%")
            if given != wanted or not (tags and plain and percents):
                wrong.append((english, form))
    assert wrong == []


def _forms_of_one_number(code: str) -> set[int]:
    """Return the plural forms that exactly one number takes."""
    takes: dict[int, int] = {}
    plural = languages()[code].sentences.plural  # type: ignore[attr-defined]
    for number in range(300):
        takes[plural(number)] = takes.get(plural(number), 0) + 1
    return {form for form, numbers in takes.items() if numbers == 1}


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_is_in_its_own_script(code: str) -> None:
    """A sentence that was left English would pass for a translated one."""
    alike = [
        (english, form)
        for one in said(code)
        for english, form in forms(one)
        if form == english and len(english.split()) > 1
    ]
    assert alike == []


def test_arabic_counts_in_six_forms() -> None:
    sentences.speak(languages()["ar"])
    told = {
        number: sentences.ngettext("%(number)d day", "%(number)d days", number)
        for number in (0, 1, 2, 3, 10, 11, 99, 100, 102, 103, 111)
    }
    assert len(set(told.values())) == 6
    assert told[2] == "يومان"
    assert told[3] == told[10] == told[103]
    assert told[11] == told[99] == told[111]
    assert told[100] == told[102]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", "en"),
        ("ar", "ar"),
        ("AR-eg, en;q=0.5", "ar"),
        ("fr, ar;q=0.8, en;q=0.9", "en"),
        ("fr, ar;q=0.9, en;q=0.8", "ar"),
        ("ar;q=0, *", "en"),
        ("xx-unknown", "en"),
        ("ar;q=nan, ar;q=x", "en"),
        (";;;,,,=", "en"),
    ],
)
def test_a_browser_gets_the_first_language_that_we_speak(asked: str, expected: str) -> None:
    assert wished(asked, languages()) == expected


@given(st.text(max_size=200))
def test_whatever_a_browser_asks_for_there_is_a_language(asked: str) -> None:
    assert chosen(None, asked).code in CODES


def test_the_persons_choice_goes_before_the_browsers() -> None:
    assert chosen("ar", "en").code == "ar"
    assert chosen("en", "ar").code == "en"
    assert chosen("xx", "ar").code == "ar"


def test_what_is_not_translated_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences.speak(languages()["ar"])
    assert sentences._("No file has this.") == "No file has this."
    told = sentences.told("The list “<b>” has 3 entries.")
    assert told == '<span lang="en" dir="ltr">The list “&lt;b&gt;” has 3 entries.</span>'
    assert 'lang="en"' not in sentences.told("Not allowed")
    # Under no sentence at all a file keeps its own head.
    assert sentences._("") == sentences.told("") == ""


def test_a_stranger_is_answered_in_the_browsers_language(stranger: Browser) -> None:
    page = stranger.get("/console/sign-in", headers={"Accept-Language": "ar-SA, en;q=0.3"})
    assert '<html lang="ar" dir="rtl"' in page.text
    assert "تسجيل الدخول" in page.text
    assert '<html lang="en" dir="ltr"' in stranger.get("/console/sign-in").text
    lost = stranger.get("/console/nowhere", headers={"Accept-Language": "ar"})
    assert lost.status_code == 404
    assert 'dir="rtl"' in lost.text
    assert "لا توجد صفحة كهذه." in lost.text


def test_a_person_chooses_their_language_and_an_error_is_in_it(home: Home) -> None:
    browser = signed_in(home, Role.REVIEWER)
    page = browser.look("/preferences")
    assert '<label class="chip" lang="ar" dir="rtl">' in page.text
    page = browser.submit("/preferences/language", language="ar")
    assert '<html lang="ar" dir="rtl"' in page.text
    assert "التفضيلات" in page.text
    refused = browser.look("/audit")
    assert refused.status_code == 403
    assert "غير مسموح" in refused.text
    wrong = browser.submit("/preferences/language", language="xx")
    assert wrong.status_code == 422
    assert '<html lang="ar"' in wrong.text
    page = browser.submit("/preferences/language", language="")
    assert '<html lang="en" dir="ltr"' in page.text


def test_hostile_text_in_a_sentence_stays_text(home: Home) -> None:
    browser = signed_in(home, Role.REVIEWER)
    browser.look("/preferences")
    browser.submit("/preferences/language", language="ar")
    page = browser.submit("/preferences/keys", {"key_next": "<b>", "key_previous": "j"})
    assert page.status_code == 422
    refusal = re.search('<p class="problem".*?</p>', page.text)
    assert refusal
    assert "<b>\u2069" not in refusal[0]
    assert "«\u2068<b>\u2069» ليس مفتاحًا" in unescape(refusal[0])
    assert 'lang="en"' not in refusal[0]
