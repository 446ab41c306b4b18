"""A finding must hold together; derived letters follow from observed facts only."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tutela.cases.availability import Trouble
from tutela.decisions.decision import (
    GROUNDS_FOR,
    Bearing,
    Finding,
    Grounds,
    Outcome,
    checked,
)
from tutela.decisions.labels import Age, Conduct, Observed, us_industry
from tutela.errors import InvalidInput

SURE = Bearing(matched=True, copies=True, trusted=True, viewed=True)
_EITHER = (True, False)


@pytest.mark.parametrize(
    ("outcome", "grounds", "matched", "copies", "trusted", "viewed"),
    list(itertools.product(Outcome, Grounds, _EITHER, _EITHER, _EITHER, _EITHER)),
)
def test_every_combination_of_grounds(
    outcome: Outcome, grounds: Grounds, matched: bool, copies: bool, trusted: bool, viewed: bool
) -> None:
    """A listed copy is one of a file on a list that is believed."""
    sound = (
        grounds in GROUNDS_FOR[outcome]
        and ((matched and copies and trusted) or grounds is not Grounds.LISTED_COPY)
        and (viewed or grounds is not Grounds.VIEWED)
        and grounds is not Grounds.DECIDED_BEFORE
    )
    finding = Finding(outcome, grounds, note="why")
    bearing = Bearing(matched=matched, copies=copies, trusted=trusted, viewed=viewed)
    if sound:
        assert checked(finding, bearing) is finding
    else:
        with pytest.raises(InvalidInput):
            checked(finding, bearing)


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("outcome", Outcome)
def test_what_nobody_can_look_at_is_not_found_harmless(outcome: Outcome, trouble: Trouble) -> None:
    """By its list or the context it can still be abusive; undrawable: harmless with a reason."""
    broken = replace(SURE, viewed=False, before=True, troubles=frozenset({trouble}))
    for grounds in GROUNDS_FOR[outcome]:
        finding = Finding(outcome, grounds, note="the uploader's own broken copy")
        unreadable = grounds is Grounds.UNREADABLE_BUT_HARMLESS and trouble is Trouble.UNDRAWABLE
        unseen = outcome is Outcome.ABUSIVE and grounds is not Grounds.VIEWED
        if unreadable or unseen:
            assert checked(finding, broken) is finding
        else:
            with pytest.raises(InvalidInput):
                checked(finding, broken)


def test_two_troubles_are_as_bad_as_the_worse() -> None:
    finding = Finding(Outcome.NOT_ABUSIVE, Grounds.UNREADABLE_BUT_HARMLESS, note="why")
    both = frozenset({Trouble.UNDRAWABLE, Trouble.MISSING})
    with pytest.raises(InvalidInput, match="unavailable"):
        checked(finding, replace(SURE, troubles=both))


def test_harmless_though_unreadable_says_why() -> None:
    finding = Finding(Outcome.NOT_ABUSIVE, Grounds.UNREADABLE_BUT_HARMLESS, note=" ")
    with pytest.raises(InvalidInput, match="note"):
        checked(finding, SURE)


def test_who_saw_nothing_cannot_have_observed() -> None:
    observed = Observed(age=Age.PUBESCENT, said_by="reviewer")
    with pytest.raises(InvalidInput):
        checked(Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, observed), SURE)


def test_too_long_words_are_refused() -> None:
    for finding in (
        Finding(Outcome.ABUSIVE, Grounds.CONTEXT, note="x" * 4001),
        Finding(Outcome.ABUSIVE, Grounds.CONTEXT, urgent_reason="x" * 3001),
    ):
        with pytest.raises(InvalidInput):
            checked(finding, SURE)


@pytest.mark.parametrize(
    ("age", "conduct", "letter"),
    [
        (Age.PREPUBESCENT, Conduct.SEX_ACT, "A1"),
        (Age.PREPUBESCENT, Conduct.LASCIVIOUS_EXHIBITION, "A2"),
        (Age.PUBESCENT, Conduct.SEX_ACT, "B1"),
        (Age.PUBESCENT, Conduct.LASCIVIOUS_EXHIBITION, "B2"),
        (Age.CANNOT_TELL, Conduct.SEX_ACT, None),
        (Age.PUBESCENT, Conduct.CANNOT_TELL, None),
        (Age.ADULT, Conduct.SEX_ACT, None),
        (Age.PREPUBESCENT, Conduct.NONE, None),
    ],
)
def test_the_us_industry_letter(age: Age, conduct: Conduct, letter: str | None) -> None:
    assert us_industry(Observed(age=age, conduct=conduct)) == letter


def test_a_list_that_is_not_trusted_is_not_believed_unseen() -> None:
    for grounds in (Grounds.LISTED_COPY, Grounds.VIEWED, Grounds.CONTEXT):
        finding = Finding(Outcome.ABUSIVE, grounds)
        if grounds is Grounds.LISTED_COPY:
            with pytest.raises(InvalidInput, match="in colour"):
                checked(finding, replace(SURE, trusted=False))
        else:
            assert checked(finding, replace(SURE, trusted=False)) is finding
