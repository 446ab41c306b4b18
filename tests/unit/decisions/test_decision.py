"""A finding must hold together; derived letters follow from observed facts only."""

from __future__ import annotations

import itertools

import pytest

from tutela.decisions.decision import GROUNDS_FOR, Finding, Grounds, Outcome, checked
from tutela.decisions.labels import Age, Conduct, Observed, us_industry
from tutela.errors import InvalidInput


@pytest.mark.parametrize(
    ("outcome", "grounds", "matched", "viewed"),
    list(itertools.product(Outcome, Grounds, (True, False), (True, False))),
)
def test_every_combination_of_grounds(
    outcome: Outcome, grounds: Grounds, matched: bool, viewed: bool
) -> None:
    sound = (
        grounds in GROUNDS_FOR[outcome]
        and (matched or grounds is not Grounds.LISTED_COPY)
        and (viewed or grounds is not Grounds.VIEWED)
        and grounds is not Grounds.DECIDED_BEFORE
    )
    finding = Finding(outcome, grounds)
    if sound:
        assert checked(finding, matched=matched, trusted=True, viewed=viewed) is finding
    else:
        with pytest.raises(InvalidInput):
            checked(finding, matched=matched, trusted=True, viewed=viewed)


def test_who_saw_nothing_cannot_have_observed() -> None:
    observed = Observed(age=Age.PUBESCENT, said_by="reviewer")
    with pytest.raises(InvalidInput):
        checked(
            Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, observed),
            matched=True,
            trusted=True,
            viewed=True,
        )


def test_too_long_words_are_refused() -> None:
    for finding in (
        Finding(Outcome.ABUSIVE, Grounds.CONTEXT, note="x" * 4001),
        Finding(Outcome.ABUSIVE, Grounds.CONTEXT, urgent_reason="x" * 3001),
    ):
        with pytest.raises(InvalidInput):
            checked(finding, matched=True, trusted=True, viewed=True)


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
                checked(finding, matched=True, trusted=False, viewed=True)
        else:
            assert checked(finding, matched=True, trusted=False, viewed=True) is finding
