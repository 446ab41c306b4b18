"""Every alarm from the fact that causes it, and none without; the checks are pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixed_clock import START

from tutela.alarms.alarm import TITLES, Kind, severity
from tutela.alarms.checks import Aged, Clock, Facts, Thresholds, standing
from tutela.cases.availability import Trouble

_LIMITS = Thresholds()
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def _ago(span: timedelta) -> Aged:
    return Aged("one", START - span, "one")


WRONG: dict[Kind, Facts] = {
    Kind.SCREENING_STOPPED: Facts(last_upload=START - 2 * _HOUR, usual_gap=_MINUTE),
    Kind.DECODING_FAILS: Facts(newest=100, undecodable=21),
    Kind.DECODING_UNCONFINED: Facts(confined=False),
    Kind.LIST_OLD: Facts(lists=(_ago(3 * _DAY),)),
    Kind.QUEUE_OLD: Facts(oldest_case=_ago(25 * _HOUR)),
    Kind.EVIDENCE_UNAVAILABLE: Facts(unavailable={Trouble.MISSING: 2}),
    Kind.CLOCK_AT_RISK: Facts(clocks=(Clock("ref", START - _HOUR, START + _HOUR),)),
    Kind.CLOCK_MISSED: Facts(clocks=(Clock("ref", START - _DAY, START),)),
    Kind.REFERRAL_STUCK: Facts(stuck_referrals=("ref",)),
    Kind.HOST_REFUSED: Facts(refused_orders=("ord",)),
    Kind.DUTIES_STUCK: Facts(late_duties=3, oldest_duty=START - _HOUR),
    Kind.WORKER_SILENT: Facts(workers=(_ago(16 * _MINUTE),)),
    Kind.WITNESS_SILENT: Facts(witnesses=(_ago(25 * _HOUR),)),
    Kind.WITNESS_DISPUTES: Facts(disputes=(_ago(_MINUTE),)),
    Kind.DISK_FULL: Facts(disk_free={"home": 0.05}),
}
RIGHT: dict[Kind, Facts] = {
    Kind.SCREENING_STOPPED: Facts(last_upload=START - 59 * _MINUTE, usual_gap=_MINUTE),
    Kind.DECODING_FAILS: Facts(newest=100, undecodable=20),
    Kind.DECODING_UNCONFINED: Facts(confined=True),
    Kind.LIST_OLD: Facts(lists=(_ago(2 * _DAY),)),
    Kind.QUEUE_OLD: Facts(oldest_case=_ago(24 * _HOUR)),
    Kind.CLOCK_AT_RISK: Facts(clocks=(Clock("ref", START + _MINUTE, START + _HOUR),)),
    Kind.CLOCK_MISSED: Facts(clocks=(Clock("ref", START - _DAY, START + _MINUTE),)),
    Kind.DUTIES_STUCK: Facts(late_duties=3, oldest_duty=START - 30 * _MINUTE),
    Kind.WORKER_SILENT: Facts(workers=(_ago(15 * _MINUTE),)),
    Kind.WITNESS_SILENT: Facts(witnesses=(_ago(24 * _HOUR),)),
    Kind.DISK_FULL: Facts(disk_free={"home": 0.11}),
}


@pytest.mark.parametrize("kind", Kind)
def test_each_alarm_has_its_cause(kind: Kind) -> None:
    [found] = standing(WRONG[kind], _LIMITS, START)
    assert found.kind is kind
    assert found.what.endswith(".") or kind is Kind.WITNESS_DISPUTES
    assert TITLES[kind]
    assert found.severity is severity(kind)


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_within_its_bounds_raises_nothing(kind: Kind) -> None:
    assert kind not in {one.kind for one in standing(RIGHT[kind], _LIMITS, START)}


def test_nothing_is_wrong_with_an_instance_that_is_new() -> None:
    assert standing(Facts(), _LIMITS, START) == ()


@pytest.mark.parametrize(
    ("gap", "silent", "alarmed"),
    [
        (timedelta(seconds=1), 59 * _MINUTE, False),
        (timedelta(seconds=1), 61 * _MINUTE, True),
        (2 * _HOUR, 19 * _HOUR, False),
        (2 * _HOUR, 21 * _HOUR, True),
    ],
)
def test_silence_is_judged_by_the_usual_rhythm(
    gap: timedelta, silent: timedelta, alarmed: bool
) -> None:
    facts = Facts(last_upload=START - silent, usual_gap=gap)
    assert bool(standing(facts, _LIMITS, START)) is alarmed


def test_few_uploads_say_nothing_of_a_rhythm() -> None:
    assert standing(Facts(last_upload=START - 30 * _DAY, usual_gap=None), _LIMITS, START) == ()


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_time_alone_never_clears_what_is_too_old(first: int, more: int) -> None:
    """What is wrong stays wrong as time goes by, if nothing else changes."""
    facts = Facts(
        lists=(_ago(_MINUTE),),
        last_upload=START,
        usual_gap=_MINUTE,
        oldest_case=_ago(_MINUTE),
        clocks=(Clock("ref", START + _HOUR, START + _DAY),),
        oldest_duty=START,
        workers=(_ago(_MINUTE),),
        witnesses=(_ago(_MINUTE),),
    )
    before = {
        (one.kind, one.subject)
        for one in standing(facts, _LIMITS, START + timedelta(seconds=first))
        if one.kind is not Kind.CLOCK_AT_RISK
    }
    after = {
        (one.kind, one.subject)
        for one in standing(facts, _LIMITS, START + timedelta(seconds=first + more))
    }
    assert before <= after


def test_thresholds_are_what_decides() -> None:
    strict = replace(_LIMITS, queue_age=_MINUTE)
    facts = Facts(oldest_case=_ago(2 * _MINUTE))
    assert standing(facts, _LIMITS, START) == ()
    assert [one.kind for one in standing(facts, strict, START)] == [Kind.QUEUE_OLD]
