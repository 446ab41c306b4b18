"""Clocks warn and alarm once; what the law says to keep is held, and let go by its rule alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.approved_referral import Desk
from tests.casework import ANNA, HOST
from tests.fixed_clock import FixedClock
from tests.instance import LISTED, instance
from tests.simulators.process import SimulatedCyberTipline

from tutela.audit.entry import Action
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import InvalidInput, NotFound
from tutela.platform.intake import Submission
from tutela.referrals.obligations.deadline import Standing
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
ABUSIVE = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
AMERICAN = {"country": "US", "offers_in": ["FR"]}


@pytest.fixture
def platform(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    with instance(tmp_path, database_url, provider=AMERICAN) as opened:
        yield opened


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[SimulatedCyberTipline]:
    with SimulatedCyberTipline(tmp_path) as running:
        yield running


def actions(platform: Platform, subject: str) -> list[str]:
    return [one.action for one in platform.audit.entries(subject)]


def test_a_clock_warns_once_and_alarms_once(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    start = len(actions(platform, desk.id))
    said = []
    for _ in range(9):
        platform.worker.do_chores()
        platform.worker.do_chores()
        said.append(actions(platform, desk.id)[start:])
        desk.clock.advance(12 * 3600)
    soon, late = Action.REFERRAL_DUE_SOON, Action.REFERRAL_OVERDUE
    assert said == [[], [], *[[soon]] * 4, *[[soon, late]] * 3]
    (waiting,) = platform.deadlines.pending()
    assert waiting.deadline.standing(desk.clock(), None) is Standing.OVERDUE


def test_what_is_filed_has_no_clock(platform: Platform, authority: SimulatedCyberTipline) -> None:
    desk = Desk(platform, authority)
    desk.work(2)
    desk.clock.advance(100 * 3600)
    platform.worker.do_chores()
    assert platform.deadlines.pending() == ()
    assert Action.REFERRAL_OVERDUE not in actions(platform, desk.id)


def test_what_is_referred_is_held_and_let_go_a_year_after_the_filing(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    (hold,) = platform.preservation.all()
    assert (hold.case_id, hold.referral_id, hold.ends_at) == (desk.case_id, desk.id, None)
    assert "2258A(h)" in hold.basis
    desk.clock.advance(400 * 86400)
    platform.worker.do_chores()
    assert len(platform.preservation.all()) == 1, "not filed: it is held however long"
    desk.clock.now -= timedelta(days=400)
    desk.work(1)
    filed = platform.register.load(desk.id).filed_at
    assert filed is not None
    (hold,) = platform.preservation.all()
    assert hold.ends_at == filed + timedelta(days=365)
    desk.clock.now = filed + timedelta(days=364)
    platform.worker.do_chores()
    assert len(platform.preservation.all()) == 1
    desk.clock.advance(86400)
    platform.worker.do_chores()
    assert platform.preservation.all() == ()
    said = [one for one in actions(platform, desk.case_id) if one.startswith("preservation.")]
    assert said == [Action.PRESERVATION_STARTED, Action.PRESERVATION_LIFTED]


def test_a_hold_ends_with_a_referral_that_was_withdrawn_before_it_was_filed(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    platform.casework.reverse(ANNA, desk.case_id, 1, HARMLESS)
    desk.work(1)
    assert desk.state is State.WITHDRAWN
    platform.worker.do_chores()
    assert platform.preservation.all() == ()


def test_an_authoritys_request_holds_a_case_to_its_day(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    platform.casework.reverse(ANNA, desk.case_id, 1, HARMLESS)
    desk.work(1)
    hold = platform.preservation.request(ANNA, desk.case_id, 90, "Police of …, order 12")
    platform.worker.do_chores()
    assert [one.id for one in platform.preservation.all()] == [hold.id]
    with platform.database.reading() as connection:
        assert platform.preservation.holding(connection, desk.case_id) == (hold,)
    desk.clock.advance(90 * 86400)
    platform.worker.do_chores()
    assert platform.preservation.all() == ()
    for days, reason in ((0, "x"), (1, " ")):
        with pytest.raises(InvalidInput):
            platform.preservation.request(ANNA, desk.case_id, days, reason)
    with pytest.raises(NotFound):
        platform.preservation.request(ANNA, "cas_none", 1, "x")


def test_each_authority_that_is_owed_gets_a_referral_of_its_own(platform: Platform) -> None:
    clock = platform.audit.clock = FixedClock(platform.clock())
    answer = platform.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a")))
    case_id = answer.case_id or ""
    lease = platform.queue.claim(ANNA, case_id)
    urgent = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, urgent_reason="A child is in danger.")
    platform.casework.decide(ANNA, case_id, lease.token, 1, urgent)
    made = sorted(platform.register.for_case(case_id), key=lambda one: one.authority)
    assert [one.authority for one in made] == ["eu-police", "ncmec"]
    assert [[basis.obligation for basis in one.draft.bases] for one in made] == [
        ["eu.dsa-18"],
        ["us.2258a"],
    ]
    assert all(one.deadline.due_at - one.deadline.aware_at == timedelta(hours=1) for one in made)
    for finding in (HARMLESS, ABUSIVE):
        clock.advance(1)
        platform.casework.reverse(ANNA, case_id, 1, finding)
    again = platform.register.for_case(case_id)
    assert sorted((one.authority, one.state) for one in again) == [
        ("eu-police", State.WITHDRAWN),
        ("ncmec", State.DRAFTED),
        ("ncmec", State.WITHDRAWN),
    ]
