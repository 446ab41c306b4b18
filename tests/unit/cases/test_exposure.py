"""The ledger: what looks come to, when a break is due, and what may be told of a group."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixed_clock import START

from tutela.cases import exposure
from tutela.cases.exposure import RUNG_WEIGHT, Look
from tutela.cases.viewing import Fidelity

rungs = st.sampled_from(list(RUNG_WEIGHT))
looks = st.builds(
    Look,
    st.sampled_from([f"person:{n}" for n in range(8)]),
    st.sampled_from(["itm_1", "itm_2"]),
    rungs,
    st.integers(0, 60 * 24 * 6).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.floats(0, 30),
    st.sampled_from([0.5, 2.0, 4.0]),
)


def look(
    minutes: float = 0,
    person: str = "person:a",
    fidelity: str = "colour",
    seconds: float = 10,
    severity: float = 2,
    item: str = "itm_1",
) -> Look:
    at = START + timedelta(minutes=minutes)
    return Look(person, item, fidelity, at, seconds, severity)


def test_a_look_counts_rung_and_severity_and_time() -> None:
    assert look().points == pytest.approx(2 * 2 * 2)
    assert look(seconds=0).points == pytest.approx(4)
    assert look(fidelity="facts").points == 0


def test_a_closer_rung_never_counts_less_and_an_unknown_one_the_most() -> None:
    weights = [RUNG_WEIGHT[one.value] for one in Fidelity]
    assert weights == sorted(weights)
    assert look(fidelity="a rung of next year").points == look(fidelity="original").points


def test_severity_is_by_decision_list_and_else_a_middle() -> None:
    assert exposure.severity("A1", None) > exposure.severity("B2", None)
    assert exposure.severity("A1", abusive=False) == exposure.CLEARED
    assert exposure.severity(None, None) == exposure.UNDECIDED
    assert exposure.severity("their own word", abusive=True) == exposure.ABUSIVE


@given(st.lists(looks, max_size=20), looks)
def test_one_more_look_never_lessens_the_sum(some: list[Look], one: Look) -> None:
    before, after = exposure.summed(some), exposure.summed([*some, one])
    assert after.points >= before.points
    assert after.looks == before.looks + 1
    assert sum(number for _, number in after.by_rung) == after.looks
    assert after.files <= after.looks


@given(st.integers(0, 60 * 48), st.integers(0, 23))
def test_a_day_has_one_beginning(minutes: int, begins: int) -> None:
    now = START + timedelta(minutes=minutes)
    start = exposure.day_start(now, begins)
    assert start <= now < start + timedelta(days=1)
    assert start.hour == begins


def test_a_stretch_ends_with_a_pause() -> None:
    pause = timedelta(minutes=10)
    some = [look(0), look(8), look(16)]
    assert exposure.stretch(some, START + timedelta(minutes=20), pause) == timedelta(minutes=20)
    assert exposure.stretch(some, START + timedelta(minutes=27), pause) == timedelta()
    # A pause in the middle begins it anew.
    late = [*some, look(40)]
    assert exposure.stretch(late, START + timedelta(minutes=41), pause) == timedelta(minutes=1)


def days(people: int, each: int = 1) -> list[Look]:
    return [look(n, f"person:{p}") for p in range(people) for n in range(each)]


def test_small_groups_are_told_of_in_no_way() -> None:
    assert exposure.aggregate(days(4), 4, 300, 450, 5) is None
    told = exposure.aggregate(days(5), 4, 300, 450, 5)
    assert told is not None
    assert (told.people, told.days, told.looks) == (5, 5, 5)
    assert told.points == pytest.approx(40)
    assert told.middle == pytest.approx(8)


def test_few_who_reached_a_limit_are_not_counted_and_nobody_is() -> None:
    heavy = [look(n, "person:0") for n in range(50)]
    told = exposure.aggregate([*days(6), *heavy], 4, 300, 450, 5)
    assert told is not None
    assert told.warned is None
    assert told.spent == 0
    everybody = exposure.aggregate(days(6, each=50), 4, 300, 450, 5)
    assert everybody is not None
    assert (everybody.warned, everybody.spent) == (6, 0)


@given(st.lists(looks, max_size=40), st.integers(3, 8))
def test_no_count_of_few_people_is_ever_told(some: list[Look], smallest: int) -> None:
    told = exposure.aggregate(some, 4, 5, 20, smallest)
    if told is None:
        assert len({one.person for one in some}) < smallest
        return
    assert told.people >= smallest
    for count in (told.warned, told.spent):
        assert count is None or count == 0 or count >= smallest
