"""What is urgent goes first and at once; approval is a policy, and never a brake on it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.approved_referral import Desk
from tests.casework import ANNA, BORIS, HOST
from tests.instance import LISTED, instance
from tests.simulators.process import SimulatedCyberTipline

from tutela.audit.entry import Action
from tutela.content.account import AccountFacts
from tutela.content.notice import Harm, Notice, Notifier
from tutela.content.surroundings import Surroundings
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict
from tutela.platform.intake import Submission
from tutela.platform.referring import Approval
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform
    from tutela.referrals.referral import Referral

DANGER = "A child says that it is threatened."


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[SimulatedCyberTipline]:
    with SimulatedCyberTipline(tmp_path) as running:
        yield running


def referred(platform: Platform, name: str, danger: str | None) -> Referral:
    noticed = Surroundings(notice=Notice(Harm.DEPICTION, Notifier.USER))
    told = Submission(LISTED, name, AccountFacts(id=name), surroundings=noticed)
    case_id = platform.intake.submit(HOST, told).case_id or ""
    lease = platform.queue.claim(ANNA, case_id)
    finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY, urgent_reason=danger)
    platform.casework.decide(ANNA, case_id, lease.token, 1, finding)
    (made,) = platform.register.for_case(case_id)
    return made


@pytest.mark.parametrize(
    ("policy", "plain", "urgent"),
    [(Approval(), 1, 0), (Approval(2, 1), 2, 1), (Approval(0, 1), 0, 0), (Approval(2, 0), 2, 0)],
)
def test_the_policy_in_numbers(policy: Approval, plain: int, urgent: int) -> None:
    assert (policy.needed(urgent=False), policy.needed(urgent=True)) == (plain, urgent)


def test_a_decision_with_a_danger_sends_at_once(platform: Platform) -> None:
    assert referred(platform, "plain", None).state is State.DRAFTED
    urgent = referred(platform, "urgent", DANGER)
    assert (urgent.state, urgent.approved_by) == (State.APPROVED, str(ANNA))


def test_two_people_where_the_policy_says_so_but_one_for_danger(
    tmp_path: Path, database_url: str
) -> None:
    two = {"people": 2, "urgent_people": 1}
    with instance(tmp_path, database_url, approval=two) as platform:
        plain, urgent = (
            referred(platform, name, danger) for name, danger in (("a", None), ("b", DANGER))
        )
        assert platform.referring.approve(ANNA, urgent.id)
        assert not platform.referring.approve(ANNA, plain.id)
        with pytest.raises(Conflict, match="Another person"):
            platform.referring.approve(ANNA, plain.id)
        assert platform.register.load(plain.id).state is State.DRAFTED
        assert platform.referring.approve(BORIS, plain.id)
        said = [one.action for one in platform.audit.entries(plain.id)]
        assert said[-2:] == [Action.REFERRAL_SECONDED, Action.REFERRAL_APPROVED]
        assert platform.register.load(plain.id).approved_by == str(BORIS)


def test_what_is_urgent_leaves_before_everything_that_waits(
    tmp_path: Path, database_url: str, authority: SimulatedCyberTipline
) -> None:
    name, password = authority.auth
    there = {"url": authority.api, "username": name, "password": password}
    with instance(tmp_path, database_url, authority=there, approval={"people": 0}) as platform:
        for place in range(5):
            referred(platform, f"plain-{place}", None)
        urgent = referred(platform, "urgent", DANGER)
        while not authority.reports("finished"):
            assert platform.worker.step()
        (first,) = authority.reports("finished")
        assert platform.register.load(urgent.id).receipt_number == str(first["id"])


def test_nobodys_slow_file_stands_before_what_is_urgent(
    tmp_path: Path, database_url: str, authority: SimulatedCyberTipline
) -> None:
    name, password = authority.auth
    there = {"url": authority.api, "username": name, "password": password}
    with instance(tmp_path, database_url, authority=there, approval={"people": 0}) as platform:
        slow = referred(platform, "slow", None)
        authority.fault("stall", call="upload", seconds=6)
        stop = threading.Event()
        lanes = [
            threading.Thread(target=platform.worker.run, args=(stop,)),
            threading.Thread(
                target=platform.worker.run, args=(stop,), kwargs={"urgent_only": True}
            ),
        ]
        lanes[0].start()
        try:
            _wait(lambda: platform.register.load(slow.id).state is State.FILES)
            lanes[1].start()
            urgent = referred(platform, "urgent", DANGER)
            _wait(lambda: platform.register.load(urgent.id).state is State.FILED)
            assert platform.register.load(slow.id).state is State.FILES
        finally:
            stop.set()
            for lane in lanes:
                lane.join()


def _wait(done: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_long_file_keeps_its_lease(platform: Platform, authority: SimulatedCyberTipline) -> None:
    desk = Desk(platform, authority)
    duty = desk.claim()
    assert duty is not None
    taken = []

    def parts() -> Iterator[bytes]:
        for _ in range(8):
            desk.clock.advance(60)
            taken.append(desk.claim())
            yield b"x"

    assert b"".join(desk.delivery()._renewing(duty, parts())) == b"x" * 8
    assert taken == [None] * 8
    desk.clock.advance(200)
    assert desk.claim() is not None, "who is silent loses it"
