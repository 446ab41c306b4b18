"""Asking the host platform for what a draft lacks: signed, answered, drafted anew."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.casework import ANNA, HOST
from tests.instance import LISTED, instance, serving, token
from tests.simulators.process import SimulatedHost

from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.cases.attachment import attach
from tutela.content.account import AccountFacts, Location
from tutela.content.amending import Amendment
from tutela.content.holds import HOST_ORDER
from tutela.content.surroundings import Surroundings
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict
from tutela.exchange.host_webhook import HostWebhook
from tutela.key_files import KeyFiles
from tutela.platform.intake import Submission
from tutela.platform.removal import Removal
from tutela.referrals.completeness import completeness
from tutela.referrals.draft import Nature
from tutela.referrals.referral import State
from tutela.referrals.register import referrals
from tutela.storage import duties

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform
    from tutela.referrals.referral import Referral

OFFERS = {"country": "JP", "offers_in": ["GB"], "refers_to": ["c3p"]}


@pytest.fixture
def platform(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    with instance(tmp_path, database_url, provider={"refers_to": ["ncmec"]}) as opened:
        yield opened


def decided(platform: Platform) -> tuple[str, Referral]:
    answer = platform.intake.submit(HOST, Submission(LISTED, "post-1", AccountFacts(id="a")))
    lease = platform.queue.claim(ANNA, answer.case_id or "")
    finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.decide(ANNA, answer.case_id or "", lease.token, 1, finding)
    (referral,) = platform.register.for_case(answer.case_id or "")
    return answer.id, referral


def test_the_host_is_asked_and_the_draft_says_what_it_answers(
    platform: Platform, tmp_path: Path
) -> None:
    _, referral = decided(platform)
    secret = KeyFiles(platform.settings.keys).webhook_secret()
    with (
        serving(platform) as address,
        SimulatedHost(tmp_path, address, token(platform, Role.INTAKE), secret) as host,
    ):
        host.knows(
            account={"id": "a", "ip": "192.0.2.9", "port": 5, "email": "a@example.org"},
            place={"url": "https://host.example/p/1"},
            original_name="never asked for nothing",
        )
        wanted = platform.referring.ask(ANNA, referral.id)
        assert {"account.ip", "account.port", "place.url"} <= set(wanted)
        host_side = Removal(platform.audit, HostWebhook(host.webhook, secret, platform.clock))
        _deliver(platform, host_side)
        end = time.monotonic() + 10
        while platform.register.load(referral.id).draft.subject.ip is None:
            assert time.monotonic() < end, host.books()["deliveries"]
            time.sleep(0.05)
    now = platform.register.load(referral.id)
    assert (now.draft.subject.ip, now.draft.subject.port) == ("192.0.2.9", 5)
    assert now.draft.urls == ("https://host.example/p/1",)
    before, after = completeness(referral.draft), completeness(now.draft)
    assert after.score > before.score
    assert Action.REFERRAL_REDRAFTED in [one.action for one in platform.audit.entries(now.id)]
    assert all(one.sound for one in platform.verification.verify(ANNA, now.id))


def _deliver(platform: Platform, host: Removal) -> None:
    """Carry out the orders; the served worker, who knows no host, puts them off meanwhile."""
    for _ in range(50):
        later = platform.clock() + timedelta(hours=1)
        duty = duties.claim(platform.database, [HOST_ORDER], later)
        if duty is not None:
            host.carry_out(duty)
        elif platform.worker.owed() == 0:
            return
        time.sleep(0.05)
    raise AssertionError("orders are left")


def test_what_is_approved_stays_as_it_was(platform: Platform) -> None:
    item_id, referral = decided(platform)
    platform.referring.approve(ANNA, referral.id)
    told = Amendment(AccountFacts(id="a", ip="192.0.2.9"))
    assert platform.referring.amend(HOST, item_id, told) == ("account.ip",)
    assert platform.register.load(referral.id).draft == referral.draft
    assert platform.referring.amend(HOST, item_id, told) == ()


def test_a_new_link_makes_another_referral_owed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tutela.db"
    with instance(tmp_path, url, provider={**OFFERS, "refers_to": []}) as platform:
        answer = platform.intake.submit(HOST, Submission(LISTED, "post-1", AccountFacts(id="a")))
        lease = platform.queue.claim(ANNA, answer.case_id or "")
        finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
        platform.casework.decide(ANNA, answer.case_id or "", lease.token, 1, finding)
        assert platform.register.for_case(answer.case_id or "") == ()
        victim = AccountFacts(id="b", location=Location(country="GB"))
        told = Amendment(surroundings=Surroundings(victims=(victim,)))
        platform.referring.amend(HOST, answer.id, told)
        (made,) = platform.register.for_case(answer.case_id or "")
        assert (made.authority, made.state) == ("nca", State.DRAFTED)
        assert [one.obligation for one in made.draft.bases] == ["gb.66-abroad"]


def test_what_is_attached_joins_the_draft(platform: Platform) -> None:
    _, referral = decided(platform)
    parts = (platform.audit, platform.vault, ANNA, referral.case_id, b"benign chat", "c.txt")
    attach(*parts, after=platform.referring.draft_anew)
    now = platform.register.load(referral.id)
    assert [one.supplemental for one in now.draft.files] == [False, True]
    assert [one.evidence_id for one in now.files] == [one.evidence_id for one in now.draft.files]


def test_a_withdrawal_that_a_person_drafted_survives_what_is_learnt(platform: Platform) -> None:
    item_id, referral = decided(platform)
    platform.referring.approve(ANNA, referral.id)
    with platform.audit.change(ANNA) as change:
        change.connection.execute(
            referrals.update().values(state="filed", number="1", filed_at=change.now)
        )
        change.record(Action.REFERRAL_FILED, referral.id, number="1")
    made = platform.referring.follow(ANNA, referral.id, Nature.WITHDRAWAL, "It was wrong.")
    platform.referring.amend(HOST, item_id, Amendment(AccountFacts(id="a", ip="192.0.2.9")))
    assert platform.register.load(made).state is State.DRAFTED


def test_there_is_nothing_to_ask_where_nothing_is_missing(platform: Platform) -> None:
    item_id, referral = decided(platform)
    now = platform.clock()
    platform.referring.amend(
        HOST,
        item_id,
        Amendment(
            AccountFacts(
                *("a", "n", None, None, "a@example.org", None, "192.0.2.9", now, 5),
            ),
            "https://host.example/p/1",
            now,
            "a.jpg",
        ),
    )
    with pytest.raises(Conflict):
        platform.referring.ask(ANNA, referral.id)
