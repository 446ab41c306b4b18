"""An appeal: in from the host platform, answered by a fresh pair of eyes, and back to it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, BORIS, HOST
from tests.fixed_clock import FixedClock
from tests.instance import LISTED
from tests.parsers import shared_pool

from tutela import bootstrap
from tutela.audit.entry import Action, Actor
from tutela.content import holds
from tutela.content.account import AccountFacts
from tutela.decisions.appeal import TAKEN, Answer
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict, InvalidInput, LeaseLost, Refused
from tutela.platform.intake import Submission
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

CARLA = Actor("person", "acc_carla")
ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH, note="a drawing of a tree")


def removed(platform: Platform, post: str = "post-1") -> tuple[str, str]:
    answer = platform.intake.submit(HOST, Submission(LISTED, post, AccountFacts(id="account-1")))
    return answer.case_id or "", answer.id


def decide(platform: Platform, case_id: str, seen: int = 1) -> None:
    lease = platform.queue.claim(ANNA, case_id)
    platform.casework.decide(ANNA, case_id, lease.token, seen, ABUSIVE)


def told(platform: Platform, item_id: str) -> list[tuple[str, str | None, str | None]]:
    with platform.database.reading() as connection:
        found = holds.of_item(connection, item_id)
    return [(one.verb.value, one.appeal, one.answer) for one in found]


def test_an_appeal_reverses_and_the_host_is_told_of_both(platform: Platform) -> None:
    case_id, item_id = removed(platform)
    decide(platform, case_id)
    made = platform.appealing.receive(HOST, item_id, "appeal-1", "It is a tree.")
    platform.appealing.take(BORIS, made.id)
    platform.appealing.reverse(BORIS, made.id, 1, HARMLESS)
    assert told(platform, item_id) == [
        ("remove", None, None),
        ("restore", None, None),
        ("answer", "appeal-1", "reversed"),
    ]
    (referral,) = platform.register.for_case(case_id)
    assert referral.state is State.WITHDRAWN
    after = platform.appealing.load(made.id)
    assert (after.appeal.answer, after.appeal.answered_by) == (Answer.REVERSED, str(BORIS))
    assert after.decisions[-1].reverses == after.decisions[0].id
    actions = [entry.action for entry in platform.audit.entries(case_id)]
    assert actions[-4:] == [
        Action.APPEAL_RECEIVED,
        Action.APPEAL_TAKEN,
        Action.APPEAL_ANSWERED,
        Action.CASE_REVERSED,
    ]
    with pytest.raises(Conflict):
        platform.appealing.uphold(BORIS, made.id, "")


def test_an_appeal_upheld_changes_nothing_but_says_so(platform: Platform) -> None:
    case_id, item_id = removed(platform)
    decide(platform, case_id)
    made = platform.appealing.receive(HOST, item_id, "appeal-1", "It is a tree.")
    platform.appealing.take(BORIS, made.id)
    platform.appealing.uphold(BORIS, made.id, "It is the listed file.")
    assert told(platform, item_id) == [("remove", None, None), ("answer", "appeal-1", "upheld")]
    assert platform.appealing.waiting() == ()
    assert [one.appeal.note for one in platform.appealing.answered()] == ["It is the listed file."]


def test_the_same_appeal_again_is_the_same(platform: Platform) -> None:
    case_id, item_id = removed(platform)
    decide(platform, case_id)
    made: list[str] = []

    def send() -> None:
        made.append(platform.appealing.receive(HOST, item_id, "appeal-1", "It is a tree.").id)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    platform.appealing.take(BORIS, made[0])
    platform.appealing.reverse(BORIS, made[0], 1, HARMLESS)
    # Repeated after the answer it tells the answer, although nothing is left to appeal against.
    again = platform.appealing.receive(HOST, item_id, "appeal-1", "It is a tree.")
    assert (again.id, again.answer) == (made[0], Answer.REVERSED)
    with pytest.raises(Conflict):
        platform.appealing.receive(HOST, item_id, "appeal-2", "Once more.")


def test_who_decided_never_answers(platform: Platform) -> None:
    case_id, item_id = removed(platform)
    with pytest.raises(Conflict):
        platform.appealing.receive(HOST, item_id, "appeal-1", "Nothing is decided yet.")
    decide(platform, case_id)
    with pytest.raises(InvalidInput):
        platform.appealing.receive(HOST, item_id, "appeal-1", " ")
    made = platform.appealing.receive(HOST, item_id, "appeal-1", "It is a tree.")
    with pytest.raises(Refused):
        platform.appealing.take(ANNA, made.id)
    with pytest.raises(LeaseLost):
        platform.appealing.uphold(ANNA, made.id, "")
    platform.appealing.take(BORIS, made.id)
    platform.appealing.reverse(BORIS, made.id, 1, HARMLESS)
    platform.casework.reverse(CARLA, case_id, 1, ABUSIVE)
    # Reversed or not, whoever had a part in the case is not fresh.
    second = platform.appealing.receive(HOST, item_id, "appeal-2", "It still is a tree.")
    for person in (ANNA, BORIS, CARLA):
        with pytest.raises(Refused):
            platform.appealing.take(person, second.id)


def test_one_person_at_a_time_answers(platform: Platform) -> None:
    case_id, item_id = removed(platform)
    decide(platform, case_id)
    made = platform.appealing.receive(HOST, item_id, "appeal-1", "It is a tree.")
    platform.appealing.take(BORIS, made.id)
    with pytest.raises(Conflict):
        platform.appealing.take(CARLA, made.id)
    later = FixedClock(datetime.now(UTC) + TAKEN + timedelta(seconds=1))
    again = bootstrap.open_platform(platform.settings, later, pool=shared_pool())
    with pytest.raises(LeaseLost):
        again.appealing.uphold(BORIS, made.id, "")
    again.appealing.take(CARLA, made.id)
    again.appealing.uphold(CARLA, made.id, "")
    again.database.close()


def test_a_reversal_answers_every_appeal_about_the_case(platform: Platform) -> None:
    case_id, first = removed(platform)
    _, second = removed(platform, "post-2")
    decide(platform, case_id, seen=2)
    one = platform.appealing.receive(HOST, first, "appeal-1", "It is a tree.")
    platform.appealing.receive(HOST, second, "appeal-2", "It is a tree, too.")
    platform.appealing.take(BORIS, one.id)
    with pytest.raises(Conflict):
        platform.appealing.reverse(BORIS, one.id, 1, HARMLESS)
    assert len(platform.appealing.waiting()) == 2
    platform.appealing.reverse(BORIS, one.id, 2, HARMLESS)
    assert platform.appealing.waiting() == ()
    assert told(platform, second)[-2:] == [
        ("restore", None, None),
        ("answer", "appeal-2", "reversed"),
    ]
