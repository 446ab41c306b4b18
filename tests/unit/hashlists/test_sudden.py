"""What is too sudden: a pure decision over counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.hashlists.importing import Counts
from tutela.hashlists.sudden import Caps, Doubt, Lately, Steadiness, doubts

POLICY = Steadiness(growth_share=0.5, growth_number=10, shrink_share=0.1, shrink_number=5)
NONE = Caps()
QUIET = Lately()


def _counts(added: int = 0, changed: int = 0, withdrawn: int = 0, removed: int = 0) -> Counts:
    return Counts(added, changed, 0, withdrawn, removed)


@pytest.mark.parametrize(
    ("before", "counts", "expected"),
    [
        (1000, _counts(added=500), ()),
        (1000, _counts(added=501), (Doubt.GROWTH,)),
        (1000, _counts(withdrawn=60, removed=40), ()),
        (1000, _counts(withdrawn=60, removed=41), (Doubt.SHRINKAGE,)),
        (1000, _counts(changed=101), (Doubt.SHRINKAGE,)),
        (1000, _counts(changed=501), (Doubt.GROWTH, Doubt.SHRINKAGE)),
        (1000, _counts(added=1000, removed=1000), (Doubt.GROWTH, Doubt.SHRINKAGE)),
        (4, _counts(added=10), ()),
        (4, _counts(added=11), (Doubt.GROWTH,)),
        (4, _counts(removed=4), ()),
        (0, _counts(), ()),
    ],
)
def test_a_share_or_a_number_if_that_is_more(
    before: int, counts: Counts, expected: tuple[Doubt, ...]
) -> None:
    assert doubts(before, counts, QUIET, POLICY, NONE) == expected


def test_the_import_that_makes_a_list_is_no_leap_but_capped() -> None:
    leap = _counts(added=10**6)
    assert doubts(0, leap, QUIET, POLICY, NONE, founding=True) == ()
    capped = doubts(0, leap, QUIET, POLICY, Caps(100, 100), founding=True)
    assert capped == (Doubt.ENTRIES_CAP, Doubt.DAY_CAP)


def test_caps_count_what_the_list_would_have_and_what_came_in_the_day() -> None:
    caps = Caps(entries=1000, a_day=50)
    assert doubts(990, _counts(added=10), QUIET, POLICY, caps) == ()
    assert doubts(990, _counts(added=11), QUIET, POLICY, caps) == (Doubt.ENTRIES_CAP,)
    assert doubts(990, _counts(added=11, removed=1), QUIET, POLICY, caps) == ()
    assert doubts(500, _counts(added=9, changed=2), Lately(put_in=40), POLICY, caps) == (
        Doubt.DAY_CAP,
    )
    assert doubts(2000, _counts(withdrawn=1), QUIET, POLICY, Caps(entries=10)) == ()


@given(st.integers(100, 10_000), st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_a_leap_in_small_steps_is_a_leap(before: int, steps: list[int]) -> None:
    """However it is cut up, what comes in a day without a person's word stays within the share."""
    limit = max(POLICY.growth_number, POLICY.growth_share * before)
    size, lately = before, QUIET
    for step in steps:
        counts = _counts(added=step)
        if not doubts(size, counts, lately, POLICY, NONE):
            size += step
            lately = Lately(added=lately.added + step)
    assert size - before <= limit


@given(st.integers(100, 10_000), st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_nor_is_a_list_emptied_in_small_steps(before: int, steps: list[int]) -> None:
    limit = max(POLICY.shrink_number, POLICY.shrink_share * before)
    size, lately = before, QUIET
    for step in steps:
        counts = _counts(removed=min(step, size))
        if not doubts(size, counts, lately, POLICY, NONE):
            size -= counts.removed
            lately = Lately(gone=lately.gone + counts.removed)
    assert before - size <= limit
