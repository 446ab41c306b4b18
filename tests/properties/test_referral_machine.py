"""Whatever the authority does to us, one approved referral ends as exactly one finished report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.casework import ANNA, HOST
from tests.fixed_clock import FixedClock
from tests.instance import LISTED, instance
from tests.simulators.process import SimulatedCyberTipline

from tutela.audit.entry import Action
from tutela.content.item import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict, LeaseLost
from tutela.exchange.cybertipline import CyberTipline
from tutela.platform.intake import Submission
from tutela.referrals.delivery import HORIZON, Delivery
from tutela.referrals.referral import State
from tutela.referrals.register import REFERRAL
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

CALLS = ("submit", "upload", "fileinfo", "finish", "retract")
FAULTS = st.lists(
    st.tuples(
        st.sampled_from(CALLS),
        st.sampled_from(("drop_before", "drop_after", "garbage", "refuse", "answer_twice")),
        st.integers(1, 3),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def authority() -> Iterator[SimulatedCyberTipline]:
    with tempfile.TemporaryDirectory() as folder, SimulatedCyberTipline(Path(folder)) as running:
        yield running


class Desk:
    """One approved referral, its delivery, and a clock that both go by."""

    def __init__(self, platform: Platform, authority: SimulatedCyberTipline) -> None:
        self.platform = platform
        self.clock = FixedClock(platform.clock())
        self.authority = authority
        platform.audit.clock = self.clock
        answer = platform.intake.submit(HOST, Submission(LISTED, "p", AccountFacts(id="a")))
        self.case_id = answer.case_id or ""
        lease = platform.queue.claim(ANNA, self.case_id)
        finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
        platform.casework.decide(ANNA, self.case_id, lease.token, 1, finding)
        (referral,) = platform.register.for_case(self.case_id)
        self.id = referral.id
        platform.casework.approve(ANNA, self.id)

    def delivery(self, address: str = "") -> Delivery:
        there = CyberTipline(address or self.authority.api, *self.authority.auth)
        return Delivery(self.platform.audit, self.platform.register, there, self.platform.vault)

    def claim(self) -> duties.Duty | None:
        return duties.claim(self.platform.database, [REFERRAL], self.clock())

    def work(self, turns: int = 60) -> None:
        for _ in range(turns):
            duty = self.claim()
            if duty is not None:
                self.delivery().carry_out(duty)
            self.clock.advance(601)

    @property
    def state(self) -> State:
        return self.platform.register.load(self.id).state


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=FAULTS)
def test_any_faults_end_with_one_finished_report(
    authority: SimulatedCyberTipline, faults: list[tuple[str, str, int]]
) -> None:
    before = len(authority.reports("finished"))
    authority.forget_faults()
    with (
        tempfile.TemporaryDirectory() as folder,
        instance(Path(folder), f"sqlite:///{folder}/tutela.db") as platform,
    ):
        desk = Desk(platform, authority)
        for call, kind, times in faults:
            how: dict[str, object] = {"code": 1000} if kind == "refuse" else {}
            authority.fault(kind, call=call, times=times, **how)
        desk.work()
        assert desk.state is State.FILED
        assert len(authority.reports("finished")) == before + 1
        platform.audit.verify()


def test_an_expired_report_is_begun_again(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    before = len(authority.reports("finished"))
    desk = Desk(platform, authority)
    authority.fault("drop_before", call="upload")
    duty = desk.claim()
    assert duty is not None
    desk.delivery().carry_out(duty)
    authority.advance(26 * 3600)
    desk.work(5)
    assert desk.state is State.FILED
    assert len(authority.reports("finished")) == before + 1


def test_a_refusal_alarms_and_a_person_can_send_it_again(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    before = len(authority.reports("finished"))
    desk = Desk(platform, authority)
    authority.fault("refuse", call="fileinfo", code=4100)
    desk.work(3)
    alarmed = platform.register.load(desk.id)
    assert alarmed.state is State.ALARMED
    assert "4100" in (alarmed.problem or "")
    assert Action.REFERRAL_ALARMED in [one.action for one in platform.audit.entries(desk.id)]
    assert desk.claim() is None
    platform.casework.approve(ANNA, desk.id)
    desk.work(3)
    assert desk.state is State.FILED
    assert len(authority.reports("finished")) == before + 1
    with pytest.raises(Conflict):
        platform.casework.approve(ANNA, desk.id)


def test_nobody_there_for_days_alarms(platform: Platform, authority: SimulatedCyberTipline) -> None:
    desk = Desk(platform, authority)
    nobody = desk.delivery("http://127.0.0.1:9/ispws")
    end = desk.clock() + HORIZON
    while desk.state is not State.ALARMED:
        duty = desk.claim()
        if duty is not None:
            nobody.carry_out(duty)
        desk.clock.advance(6 * 3600)
        assert desk.clock() < end + HORIZON
    assert desk.clock() > end


def test_a_worker_that_slept_cannot_write(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    before = len(authority.reports("finished"))
    desk = Desk(platform, authority)
    sleeper = desk.claim()
    assert sleeper is not None
    desk.clock.advance(600)
    second = desk.claim()
    assert second is not None
    assert second.fence > sleeper.fence
    desk.delivery().carry_out(second)
    assert desk.state is State.FILED
    with pytest.raises(LeaseLost), platform.audit.change(ANNA) as change:
        platform.register.take(change, sleeper)
    assert len(authority.reports("finished")) == before + 1


def test_what_is_withdrawn_never_leaves(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    before = len(authority.reports())
    desk = Desk(platform, authority)
    harmless = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
    platform.casework.reverse(ANNA, desk.case_id, 1, harmless)
    desk.work(3)
    assert desk.state is State.WITHDRAWN
    assert len(authority.reports()) == before
