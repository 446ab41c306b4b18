"""A drawn decision is judged again by one other person, on either kind of database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS
from tests.instance import LISTED
from tests.parsers import shared_pool
from tests.unit.platform.test_casework import ABUSIVE, HARMLESS, decide, upload

from tutela import bootstrap
from tutela.audit.entry import Action, Actor
from tutela.decisions.decision import Grounds, Outcome
from tutela.decisions.second_review import TAKEN, Draw
from tutela.errors import Conflict, InvalidInput, LeaseLost, NotFound, Refused

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

CLARA = Actor("person", "acc_clara")


@pytest.fixture
def drawn(platform: Platform) -> str:
    """One case that Anna found abusive, drawn; the id of its review."""
    platform.casework.draw = Draw(1.0)
    decide(platform, upload(platform, LISTED).case_id, ABUSIVE)
    (review,) = platform.second_look.waiting(BORIS)
    return review.id


def test_the_second_judgement_is_kept_counted_and_changes_nothing(
    platform: Platform, drawn: str
) -> None:
    look = platform.second_look
    blind = look.blind(drawn)
    look.take(BORIS, drawn)
    before = platform.register.for_case(blind.case.id)
    look.say(BORIS, drawn, Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH, "another picture")
    assert look.waiting(BORIS) == look.waiting(CLARA) == ()
    agreed = look.agreed()
    assert (agreed.whole.pairs, agreed.whole.same) == (1, 0)
    (pair,) = agreed.differing
    assert (pair.first, pair.first_by) == ("abusive", str(ANNA))
    assert (pair.review.outcome, pair.review.note) == (Outcome.NOT_ABUSIVE, "another picture")
    assert pair.review.reviewed_by == str(BORIS)
    assert platform.register.for_case(blind.case.id) == before
    actions = [one.action for one in platform.audit.entries(blind.case.id)]
    assert actions[-3:] == [Action.REVIEW_DRAWN, Action.REVIEW_TAKEN, Action.REVIEW_DONE]
    platform.audit.verify()


def test_who_decided_never_judges_again(platform: Platform, drawn: str) -> None:
    assert platform.second_look.waiting(ANNA) == ()
    with pytest.raises(Refused):
        platform.second_look.take(ANNA, drawn)
    # Nor does whoever reversed it.
    platform.casework.reverse(BORIS, platform.second_look.blind(drawn).case.id, 1, HARMLESS)
    with pytest.raises(Refused):
        platform.second_look.take(BORIS, drawn)
    platform.second_look.take(CLARA, drawn)


def test_of_many_who_take_it_at_once_one_has_it(platform: Platform, drawn: str) -> None:
    people = [Actor("person", f"acc_{number}") for number in range(5)]
    ready = threading.Barrier(len(people))

    def take(person: Actor) -> Actor | None:
        ready.wait()
        try:
            platform.second_look.take(person, drawn)
        except Conflict:
            return None
        return person

    with ThreadPoolExecutor(len(people)) as pool:
        (holder,) = [one for one in pool.map(take, people) if one is not None]
    for person in people:
        if person != holder:
            with pytest.raises(LeaseLost):
                platform.second_look.say(person, drawn, Outcome.ABUSIVE, Grounds.LISTED_COPY, "")
    platform.second_look.say(holder, drawn, Outcome.ABUSIVE, Grounds.LISTED_COPY, "")
    with pytest.raises(Conflict):
        platform.second_look.take(people[0], drawn)
    with pytest.raises(LeaseLost):
        platform.second_look.say(holder, drawn, Outcome.ABUSIVE, Grounds.LISTED_COPY, "")
    assert platform.second_look.agreed().whole.same == 1


def test_what_is_not_finished_in_time_is_anothers(platform: Platform, drawn: str) -> None:
    platform.second_look.take(BORIS, drawn)
    with pytest.raises(Conflict):
        platform.second_look.take(CLARA, drawn)
    later = bootstrap.open_platform(
        platform.settings,
        lambda: platform.clock() + TAKEN + timedelta(seconds=1),
        pool=shared_pool(),
    )
    try:
        with pytest.raises(LeaseLost):
            later.second_look.say(BORIS, drawn, Outcome.ABUSIVE, Grounds.LISTED_COPY, "")
        later.second_look.take(CLARA, drawn)
        later.second_look.say(CLARA, drawn, Outcome.ABUSIVE, Grounds.LISTED_COPY, "")
    finally:
        later.close()


def test_what_cannot_be_taken_is_refused_and_keeps_the_review(
    platform: Platform, drawn: str
) -> None:
    platform.second_look.take(BORIS, drawn)
    for outcome, grounds, note in (
        (Outcome.ABUSIVE, Grounds.WRONG_MATCH, ""),
        (Outcome.ABUSIVE, Grounds.LISTED_COPY, "x" * 100_000),
    ):
        with pytest.raises(InvalidInput):
            platform.second_look.say(BORIS, drawn, outcome, grounds, note)
    with pytest.raises(NotFound):
        platform.second_look.take(BORIS, "rev_unknown")
    platform.second_look.say(BORIS, drawn, Outcome.ABUSIVE, Grounds.LISTED_COPY, "")


def test_none_is_drawn_where_the_share_is_nought(platform: Platform) -> None:
    platform.casework.draw = Draw(0.0)
    decide(platform, upload(platform, LISTED).case_id, ABUSIVE)
    assert platform.second_look.waiting(BORIS) == ()
