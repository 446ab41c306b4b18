"""One frame a second, by the clock; but a clock that lies makes nothing invisible."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.content.sampling import MOST_UNSEEN, Outline, Pace, Sampler, pace_for, taken

moments = st.lists(st.integers(-(1 << 50), 1 << 50), max_size=300)
near = st.lists(st.integers(0, 20_000), max_size=300)


def _outline(shown: list[int], gop: int = 12) -> Outline:
    outline = Outline()
    for place, moment in enumerate(shown):
        outline.moments.append(moment)
        outline.keys.append(place % gop == 0)
    return outline


def _taken(shown: list[int], step: int = 1) -> list[int]:
    sampler = Sampler(Pace(step))
    return [moment for moment in shown if sampler.takes(moment)]


def test_of_thirty_frames_a_second_the_first_of_each_is_taken() -> None:
    assert _taken([number * 1000 // 30 for number in range(100)]) == [0, 1000, 2000, 3000]


def test_a_second_of_very_many_frames_is_looked_at_more_often() -> None:
    assert len(_taken([0] * 1000)) == -(-1000 // (MOST_UNSEEN + 1))
    assert len(_taken([0] * 1000, step=4)) == -(-1000 // (MOST_UNSEEN + 1))


def test_a_clock_that_runs_backwards_hides_nothing() -> None:
    once = [number * 100 for number in range(50)]
    assert len(_taken(once + once)) == 2 * len(_taken(once))


@given(moments | near, st.integers(1, 40))
def test_there_are_never_more_than_asked(shown: list[int], most: int) -> None:
    outline = _outline(shown)
    pace = pace_for(outline, most)
    count, groups = taken(outline, pace)
    assert count <= most
    assert bool(shown) == bool(count)
    assert pace.unseen <= max(MOST_UNSEEN, 2 * -(-len(shown) // most))
    assert all(0 <= group.start < group.stop <= len(shown) for group in groups)


@pytest.mark.parametrize("leap", [3_600_000, 1 << 49])
def test_a_clock_that_runs_to_and_fro_ends_and_is_not_gone_by(leap: int) -> None:
    """Each group has frames long before and long after zero: no step brings them together."""
    shown = [leap if place % 2 else -leap for place in range(6000)]
    outline = _outline(shown, gop=2)
    pace = pace_for(outline, 100)
    assert pace.step == 0
    count, groups = taken(outline, pace)
    assert count == 100
    between = [later.start - one.stop for one, later in itertools.pairwise(groups)]
    assert max(between) <= 60


def test_a_clock_that_stands_still_after_a_leap_hides_no_stretch() -> None:
    """The leap makes a long step tempting; the frames are counted all the same."""
    shown = [place * 86_400_000 for place in range(1000)] + [86_400_000_000] * 20_000
    outline = _outline(shown)
    groups = taken(outline, pace_for(outline, 600))[1]
    between = [later.start - one.stop for one, later in itertools.pairwise(groups)]
    assert max(between) <= 2 * 35 + 12


@given(near)
def test_every_frame_is_near_one_that_is_taken(shown: list[int]) -> None:
    ordered = sorted(shown)
    sampler = Sampler(Pace(1))
    last = None
    unseen = 0
    for moment in ordered:
        if sampler.takes(moment):
            last, unseen = moment, 0
        else:
            unseen += 1
            assert last is not None
            assert moment - last < 1000
            assert unseen <= MOST_UNSEEN


def test_what_a_long_video_shows_is_spread_over_all_of_it() -> None:
    outline = _outline([number * 100 for number in range(36_000)])
    pace = pace_for(outline, 600)
    assert pace.step == 6
    count, groups = taken(outline, pace)
    assert count == 600
    assert groups[0].start == 0
    assert groups[-1].stop >= 36_000 - 60


def test_groups_that_hold_no_look_are_not_needed() -> None:
    outline = _outline([number * 100 for number in range(1000)], gop=5)
    assert len(taken(outline, Pace(10, unseen=200))[1]) == 10


def test_what_an_edit_list_hides_lies_before_zero() -> None:
    assert _outline([-500, 0, 500]).zero == 0
    assert _outline([1400, 2400]).zero == 1400
    assert _outline([]).zero == 0
