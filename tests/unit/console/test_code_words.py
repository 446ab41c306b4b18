"""Every word of the code that a page can show stands in the language files."""

from __future__ import annotations

from tutela.access import second_person
from tutela.alarms.alarm import Severity
from tutela.cases.case import CaseKind, CaseState
from tutela.cases.viewing import Fidelity
from tutela.console.code_words import CODE_WORDS
from tutela.content.decoding import Reason
from tutela.content.holds import Verb
from tutela.content.item import HoldState
from tutela.content.notice import Notifier
from tutela.decisions.appeal import Answer
from tutela.decisions.decision import Outcome
from tutela.matching.screening import Verdict
from tutela.referrals.draft import Nature
from tutela.referrals.referral import State

SHOWN = (
    CaseKind, CaseState, Fidelity, Reason, Verb, HoldState, Notifier, Answer, Outcome, Verdict,
    Nature, State, Severity, second_person.State,
)  # fmt: skip


def test_no_word_of_the_code_is_left_out() -> None:
    shown = {str(word.value).replace("_", " ") for kind in SHOWN for word in kind}
    assert shown - set(CODE_WORDS) == set()
