"""Golden checks, the pure part: what is posed, how often, and what leads are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from tests.casework import make_item, match

from tutela.decisions.golden import drawing
from tutela.decisions.golden.material import Picture
from tutela.decisions.golden.posing import item_of, pose, shaped_like
from tutela.decisions.golden.score import due, score, window

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
PICTURE = Picture("gol_1", "own", "a.jpg", "look", "tiny", "ab" * 32, "0" * 64, 100, 640, 480, 900)


@pytest.mark.parametrize("right", [{"a", "b"}, {"a", "b", "c", "d", "e"}])
def test_leads_are_told_of_no_group_that_is_too_small(right: set[str]) -> None:
    people = "abcde"
    answers = [(person, person in right) for person in people]
    assert score(answers[:4], 5) is None
    told = score(answers, 5)
    assert told is not None
    assert (told.people, told.answered) == (5, 5)
    # Three who were wrong would be known, as would two who were right; all right tells of nobody.
    assert told.right == (5 if right == set(people) else None)


def test_a_share_is_told_where_both_sides_are_many() -> None:
    answers = [(str(person), person % 2 == 0) for person in range(10)] * 3
    told = score(answers, 5)
    assert told is not None and told.right == 15
    assert told.interval is not None and told.interval[0] < 0.5 < told.interval[1]


def test_leads_are_told_of_whole_weeks_only() -> None:
    since, until = window(NOW)
    assert until == datetime(2026, 11, 23, tzinfo=UTC)
    assert window(until) == (since, until)
    assert window(until - timedelta(seconds=1))[1] == until - timedelta(days=7)


def test_the_seed_draws_the_share_and_the_same_ones() -> None:
    drawn = [due(0.1, "seed", "person:anna", number) for number in range(4000)]
    assert 0.08 < sum(drawn) / len(drawn) < 0.12
    assert drawn == [due(0.1, "seed", "person:anna", number) for number in range(4000)]
    assert drawn != [due(0.1, "other", "person:anna", number) for number in range(4000)]
    assert not any(due(0.0, "", "person:anna", number) for number in range(100))


def test_a_pose_has_the_shape_of_what_is_real_and_none_of_its_words() -> None:
    model = replace(
        make_item(NOW, account="account-4711", matches=(match("entry-12", 20, "pdq"),)),
        place_url="https://host.example/about",
    )
    posed = pose(model, Random(4))
    assert posed.account != model.account.id
    assert posed.account.startswith("account-") and len(posed.account) == len("account-4711")
    assert posed.entry != "entry-12"
    # An address without a digit would be somebody's real page.
    assert posed.place_url is None
    item = item_of(posed, PICTURE, "itm_1", "cas_1")
    assert (item.account.id, item.account.screen_name) == (posed.account, None)
    assert item.matches[0].list_name == "known"
    assert not item.matches[0].exact


def test_a_name_without_digits_gets_other_letters() -> None:
    assert shaped_like("Anna_b", Random(1)) != "Anna_b"
    assert shaped_like("Anna_b", Random(1))[4] == "_"


def test_the_drawn_set_is_the_same_every_time_and_no_two_are_alike() -> None:
    assert drawing.drawn(3) == drawing.drawn(3)
    assert len({drawing.drawn(number) for number in range(6)}) == 6
