"""What happens on a match: fixed care, and more of it where it was laid down."""

from __future__ import annotations

import pytest

from tutela.decisions.policy import Because, Nearness, Rule, policy


@pytest.mark.parametrize("nearness", Nearness)
def test_without_rules_it_is_as_it_always_was(nearness: Nearness) -> None:
    found = policy("known", (), nearness, (), believed=True)
    assert found.held is (nearness is not Nearness.POSSIBLE)
    assert found.unseen is (nearness is Nearness.EXACT)
    assert (found.twice, found.twice_because) == (False, Because.DRAWN)
    assert not policy("known", (), nearness, (), believed=False).unseen


def test_a_rule_covers_its_list_and_its_label_alone() -> None:
    rule = Rule("known", "a", look=True)
    exact = Nearness.EXACT
    assert policy("known", ("a", "b"), exact, (rule,), believed=True).unseen_because == "rule"
    assert policy("known", ("b",), exact, (rule,), believed=True).unseen
    assert policy("other", ("a",), exact, (rule,), believed=True).unseen
    every = Rule("known", look=False, twice=True)
    found = policy("known", ("b",), exact, (rule, every), believed=True)
    assert (found.unseen, found.twice, found.twice_because) == (True, True, Because.RULE)


def test_no_rule_takes_care_away() -> None:
    rules = (Rule("known", "a", look=True), Rule("known"))
    assert not policy("known", ("a",), Nearness.EXACT, rules, believed=True).unseen
    assert Rule("known").loosens(Rule("known", twice=True))
    assert not Rule("known", look=True, twice=True).loosens(Rule("known", look=True))
