"""Evidence goes when its days are over and nothing keeps it: not a moment before."""

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
from tutela.cases import case as cases_on_record
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict, Destroyed
from tutela.evidence.vault import Purpose
from tutela.platform.intake import Submission
from tutela.referrals import retention
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

DAY = 86_400
GIVEN = {
    "provider": {"country": "US"},
    "retention": {"cleared_days": 30, "abusive_days": 90},
}
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)


@pytest.fixture
def platform(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    with instance(tmp_path, database_url, **GIVEN) as opened:
        yield opened


def evidence_of(platform: Platform, case_id: str) -> str:
    with platform.database.reading() as connection:
        (item,) = cases_on_record.items_of(connection, case_id)
    return item.evidence_id or ""


def held(platform: Platform) -> tuple[str, str, FixedClock]:
    """Upload one listed picture; return its case, its evidence and the clock."""
    clock = platform.audit.clock = FixedClock(platform.clock())
    answer = platform.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a")))
    case_id = answer.case_id or ""
    return case_id, evidence_of(platform, case_id), clock


def decide(platform: Platform, case_id: str, finding: Finding) -> None:
    lease = platform.queue.claim(ANNA, case_id)
    platform.casework.decide(ANNA, case_id, lease.token, 1, finding)


def destroyed(platform: Platform, evidence_id: str) -> bool:
    platform.worker.do_chores()
    return platform.vault.record(evidence_id).destroyed_at is not None


def test_what_is_not_decided_is_never_destroyed(platform: Platform) -> None:
    _, evidence_id, clock = held(platform)
    clock.advance(10_000 * DAY)
    assert not destroyed(platform, evidence_id)
    with pytest.raises(Conflict, match="not decided"):
        platform.destruction.destroy(ANNA, evidence_id, "x", "x")


def test_what_was_cleared_goes_after_its_days_and_proves_itself(platform: Platform) -> None:
    case_id, evidence_id, clock = held(platform)
    decide(platform, case_id, HARMLESS)
    clock.advance(30 * DAY - 1)
    assert not destroyed(platform, evidence_id)
    clock.advance(1)
    assert destroyed(platform, evidence_id)
    # The worker goes by the instance's own clock; the duty is due by the test's.
    platform.worker._clock = clock
    while platform.worker.step():
        pass
    made = platform.destruction.of(evidence_id)
    assert (made.rule, made.destroyed_by) == ("retention.cleared_days", "system:clocks")
    assert made.erased_at is not None
    with pytest.raises(Destroyed):
        platform.vault.open(ANNA, evidence_id, Purpose.REVIEW)
    done = [entry.action for entry in platform.audit.entries(evidence_id)]
    assert done[-2:] == [Action.EVIDENCE_DESTROYED, Action.EVIDENCE_ERASED]
    assert platform.retention.clocks() == []
    platform.audit.verify()


def test_a_legal_hold_stops_the_clock_and_it_goes_on_where_it_stood(platform: Platform) -> None:
    case_id, evidence_id, clock = held(platform)
    decide(platform, case_id, HARMLESS)
    clock.advance(10 * DAY)
    hold = platform.legal_holds.place(ANNA, evidence_id, "Court of …")
    clock.advance(1000 * DAY)
    assert not destroyed(platform, evidence_id)
    assert platform.retention.clocks()[0].stopped
    platform.legal_holds.release(ANNA, hold.id, "Over.")
    assert not destroyed(platform, evidence_id)
    clock.advance(20 * DAY - 1)
    assert not destroyed(platform, evidence_id)
    clock.advance(1)
    assert destroyed(platform, evidence_id)


def test_what_the_law_preserves_outlasts_the_operators_days(
    platform: Platform, tmp_path: Path
) -> None:
    with SimulatedCyberTipline(tmp_path) as authority:
        desk = Desk(platform, authority)
        evidence_id = evidence_of(platform, desk.case_id)
        desk.clock.advance(91 * DAY)
        assert not destroyed(platform, evidence_id), "its referral is not filed yet"
        with pytest.raises(Conflict, match="unfinished referral"):
            platform.destruction.destroy(ANNA, evidence_id, "x", "x")
        desk.clock.now -= timedelta(days=91)
        desk.work(2)
        assert desk.state is State.FILED
        filed = platform.register.load(desk.id).filed_at
        assert filed is not None
        desk.clock.now = filed + timedelta(days=364)
        assert not destroyed(platform, evidence_id)
        with pytest.raises(Conflict, match=r"2258A\(h\)"):
            platform.destruction.destroy(ANNA, evidence_id, "x", "x")
        desk.clock.now = filed + timedelta(days=365)
        assert destroyed(platform, evidence_id)
        assert platform.destruction.of(evidence_id).rule == "retention.abusive_days"


def test_a_reversal_begins_the_clock_anew(platform: Platform) -> None:
    case_id, evidence_id, clock = held(platform)
    decide(platform, case_id, HARMLESS)
    clock.advance(29 * DAY)
    abusive = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.reverse(ANNA, case_id, 1, abusive)
    clock.advance(2 * DAY)
    assert not destroyed(platform, evidence_id)
    assert platform.retention.clocks()[0].rule == "retention.abusive_days"


def test_without_days_in_the_settings_nothing_goes_by_itself(
    tmp_path: Path, database_url: str
) -> None:
    with instance(tmp_path, database_url) as platform:
        case_id, evidence_id, clock = held(platform)
        decide(platform, case_id, HARMLESS)
        clock.advance(100_000 * DAY)
        assert not destroyed(platform, evidence_id)
        assert platform.retention.clocks()[0].ends_at is None
        platform.destruction.destroy(ANNA, evidence_id, "a rule", "a person's reason")


def test_the_rules_names_are_those_of_the_settings() -> None:
    policy = retention.RetentionPolicy(1, 2)
    assert [policy.rule(one) for one in Outcome] == [
        "retention.abusive_days",
        "retention.cleared_days",
    ]
    assert [policy.days(one) for one in Outcome] == [2, 1]
