"""Errors that were filled below the console are known again, in every language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.console import composed, sentences
from tutela.console.sentences import ENGLISH, languages

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHERS = [code for code in languages() if code != ENGLISH]
FORMS = [(code, form) for code in OTHERS for form in languages()[code].forms]
SET = "There is a set %(name)s."


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    sentences.speak(languages()[ENGLISH])


def named(form: composed.Form) -> dict[str, str]:
    return {name: f"⟨{name}⟩" for name in form.filled.groupindex}


def test_there_are_such_sentences() -> None:
    assert len(FORMS) > 60
    assert SET in {form.sentence for _, form in FORMS}


@pytest.mark.parametrize(("code", "form"), FORMS, ids=lambda one: getattr(one, "sentence", one))
def test_every_filled_sentence_is_told_with_its_parts(code: str, form: composed.Form) -> None:
    said = form.sentence % named(form)
    sentences.speak(languages()[code])
    told = sentences.told(said)
    assert told != said and 'lang="en"' not in told
    assert all(part in told for part in named(form).values())


@given(st.text(min_size=1))
def test_whatever_stands_in_a_place_comes_out_of_it(name: str) -> None:
    assert composed.form(SET).parts(SET % {"name": name}) == {"name": name}


@pytest.mark.parametrize("said", ["There is a set.", "There is a set .", "So there is a set x."])
def test_another_sentence_is_none_of_it(said: str) -> None:
    assert composed.form(SET).parts(said) is None


def test_a_sentence_that_is_nearly_all_places_is_taken_for_nothing() -> None:
    assert not composed.tells("%(problem)s.")
    assert composed.forms(["%(problem)s.", "No places at all here.", SET])[0].sentence == SET
    assert len(composed.forms(["%(problem)s.", "No places at all here.", SET])) == 1


def test_signs_of_its_own_are_signs_and_not_patterns() -> None:
    form = composed.form("Ask for it (`%(said)s --why …`), up to 100%% [of it].")
    assert form.parts("Ask for it (`tutela x --why …`), up to 100% [of it].") == {
        "said": "tutela x"
    }
    assert form.parts("Ask for it `tutela x --why …`, up to 100% of it.") is None


def test_of_two_that_fit_the_one_with_more_words_is_meant() -> None:
    wide, narrow = "There is no %(answers)s.", "There is no %(answers)s in the folder."
    first = composed.forms([wide, narrow])[0]
    assert first.sentence == narrow


def test_what_fills_a_place_is_no_markup() -> None:
    sentences.speak(languages()["ar"])
    told = sentences.told("There is a set '<b>'.")
    assert "<b>" in told and not hasattr(told, "__html__"), "the page escapes it"
