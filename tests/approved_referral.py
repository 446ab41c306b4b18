"""One approved referral on its way to a simulated authority, for tests of delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.casework import ANNA, HOST
from tests.fixed_clock import FixedClock
from tests.instance import LISTED
from tests.simulators.process import SimulatedCyberTipline, SimulatedNca

from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.exchange import wire_names
from tutela.exchange.cybertipline import CyberTipline
from tutela.exchange.nca import Nca, Registration
from tutela.platform.intake import Submission
from tutela.referrals.delivery import Delivery
from tutela.referrals.register import REFERRAL
from tutela.storage import duties

if TYPE_CHECKING:
    from tutela.bootstrap import Platform
    from tutela.referrals.authority import Authority
    from tutela.referrals.referral import State


REGISTRATION = Registration(
    "Example", "REG-1", {"acc_anna": {"name": "Anna Example", "email": "anna@example.org"}}
)
BRITISH = {"country": "GB", "refers_to": []}
"""A provider that owes the NCA everything."""


def nca(simulator: SimulatedNca, registration: Registration = REGISTRATION) -> Nca:
    return Nca(simulator.url, simulator.token, registration, wire_names.read(None))


class Desk:
    """One approved referral, its delivery, and a clock that both go by."""

    def __init__(self, platform: Platform, authority: SimulatedCyberTipline | SimulatedNca) -> None:
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
        self.id, self.name = referral.id, referral.authority
        platform.referring.approve(ANNA, self.id)

    def delivery(self, address: str = "") -> Delivery:
        if isinstance(self.authority, SimulatedNca):
            return self.delivery_to(nca(self.authority))
        there = CyberTipline(address or self.authority.api, *self.authority.auth)
        return self.delivery_to(there)

    def delivery_to(self, there: Authority) -> Delivery:
        platform = self.platform
        return Delivery(
            platform.audit,
            platform.register,
            {self.name: there},
            platform.vault,
            platform.letters,
            {"nca", "eu-police"},
            platform.referring.after_filing,
        )

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
