"""A reason is a head start: it is worth so much waiting, and no more."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tutela.cases.priority import HEAD_START, Reason, ranked, told_by
from tutela.content.notice import Circumstance, Harm, Notice, Notifier

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDINARY = set(Reason) - {Reason.DANGER}


@pytest.mark.parametrize(
    ("notice", "reasons"),
    [
        (None, set()),
        (Notice(Harm.DEPICTION, Notifier.USER), set()),
        (Notice(Harm.ENTICEMENT, Notifier.MODERATOR), {Reason.CONTACT}),
        (
            Notice(Harm.DEPICTION, Notifier.USER, (Circumstance.SEXTORTION,)),
            {Reason.CONTACT},
        ),
        (Notice(Harm.DEPICTION, Notifier.AUTHORITY), {Reason.TRUSTED}),
        (Notice(Harm.TRAFFICKING, Notifier.TRUSTED_FLAGGER), {Reason.CONTACT, Reason.TRUSTED}),
    ],
)
def test_a_notice_gives_its_reasons(notice: Notice | None, reasons: set[Reason]) -> None:
    assert told_by(notice) == reasons


@given(some.sets(some.sampled_from(Reason)), some.integers(0, 365))
def test_danger_now_comes_before_whatever_has_waited_a_year(
    reasons: set[Reason], days: int
) -> None:
    ordinary = ranked(NOON - timedelta(days=days), reasons - {Reason.DANGER})
    assert ranked(NOON, {Reason.DANGER}) < ordinary


@given(some.sets(some.sampled_from(sorted(ORDINARY))))
def test_nothing_waits_for_ever(reasons: set[Reason]) -> None:
    longest = sum((max(HEAD_START[one], timedelta()) for one in ORDINARY), timedelta())
    plain = ranked(NOON - longest - timedelta(days=1, seconds=1), {Reason.POSSIBLE})
    assert plain < ranked(NOON, reasons)


def test_a_reason_counts_once() -> None:
    assert ranked(NOON, [Reason.NEW, Reason.NEW]) == NOON - HEAD_START[Reason.NEW]


def test_the_page_says_what_each_reason_is_worth() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/console.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| (before all others|\S+ h) \|", page, re.MULTILINE))
    worth = {one.value: f"{head.total_seconds() / 3600:.0f} h" for one, head in HEAD_START.items()}
    assert told == {**worth, "danger": "before all others"}
