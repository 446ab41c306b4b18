"""The same machine at another authority: whatever the NCA's simulator does, one report is filed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.approved_referral import BRITISH, REGISTRATION, Desk, nca
from tests.casework import ANNA
from tests.instance import instance
from tests.simulators.process import SimulatedNca

from tutela.cases.attachment import AttachmentKind, attach
from tutela.referrals.draft import Nature
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

FAULTS = st.lists(
    st.tuples(
        st.sampled_from(("open", "file", "submit", "cancel")),
        st.sampled_from(("drop_before", "drop_after", "garbage", "answer_twice")),
        st.integers(1, 3),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatedNca]:
    with tempfile.TemporaryDirectory() as folder, SimulatedNca(Path(folder)) as one:
        yield one


@pytest.fixture
def authority(running: SimulatedNca) -> SimulatedNca:
    running.forget_faults()
    return running


@pytest.fixture
def platform(tmp_path: Path, database_url: str) -> Iterator[Platform]:
    with instance(tmp_path, database_url, provider=BRITISH) as opened:
        yield opened


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=FAULTS)
def test_any_faults_end_with_one_submitted_report(
    authority: SimulatedNca, faults: list[tuple[str, str, int]]
) -> None:
    before = len(authority.reports("submitted"))
    authority.forget_faults()
    with (
        tempfile.TemporaryDirectory() as folder,
        instance(Path(folder), f"sqlite:///{folder}/tutela.db", provider=BRITISH) as platform,
    ):
        desk = Desk(platform, authority)
        for call, kind, times in faults:
            authority.fault(kind, call=call, times=times)
        desk.work()
        submitted = authority.reports("submitted")[before:]
        filed = platform.register.load(desk.id)
        assert (filed.state, len(submitted)) == (State.FILED, 1)
        assert filed.receipt_number == submitted[0]["receipt"]
        checks = platform.verification.verify(ANNA, desk.id)
        assert [one.step for one in checks if not one.sound] == []


def test_an_expired_report_is_begun_again(platform: Platform, authority: SimulatedNca) -> None:
    before = len(authority.reports("submitted"))
    desk = Desk(platform, authority)
    authority.fault("drop_before", call="file")
    duty = desk.claim()
    assert duty is not None
    desk.delivery().carry_out(duty)
    authority.advance(26 * 3600)
    desk.work(5)
    assert desk.state is State.FILED
    assert len(authority.reports("submitted")) == before + 1


def test_other_bytes_received_are_not_filed(platform: Platform, authority: SimulatedNca) -> None:
    before = len(authority.reports("submitted"))
    desk = Desk(platform, authority)
    authority.fault("wrong_digest", call="file")
    desk.work(5)
    assert desk.state is State.FILED
    assert len(authority.reports("submitted")) == before + 1


@pytest.mark.parametrize(
    ("kind", "how"), [("refuse", {"status": 422}), ("refuse", {"status": 403})]
)
def test_a_refusal_alarms(
    platform: Platform, authority: SimulatedNca, kind: str, how: dict[str, int]
) -> None:
    desk = Desk(platform, authority)
    authority.fault(kind, call="open", **how)
    desk.work(1)
    assert desk.state is State.ALARMED
    assert desk.claim() is None


def test_only_an_authorised_person_submits(platform: Platform, authority: SimulatedNca) -> None:
    opened = len(authority.reports())
    desk = Desk(platform, authority)
    duty = desk.claim()
    assert duty is not None
    nobody = replace(REGISTRATION, authorised={})
    desk.delivery_to(nca(authority, nobody)).carry_out(duty)
    alarmed = platform.register.load(desk.id)
    assert alarmed.state is State.ALARMED
    assert "authorised person" in (alarmed.problem or "")
    assert len(authority.reports()) == opened
    platform.referring.approve(ANNA, desk.id)
    desk.work(1)
    assert desk.state is State.FILED


def test_what_is_said_to_the_nca(platform: Platform, authority: SimulatedNca) -> None:
    desk = Desk(platform, authority)
    passport = b"benign: stands for an identity document"
    attach(
        *(platform.audit, platform.vault, ANNA, desk.case_id, passport, "p.pdf", "A passport."),
        AttachmentKind.IDENTITY_DOCUMENT,
    )
    desk.work(2)
    made = platform.referring.follow(ANNA, desk.id, Nature.SUPPLEMENT, "A document.")
    platform.referring.approve(ANNA, made)
    desk.work(2)
    first, second = authority.reports("submitted")[-2:]
    assert first["body"]["kind"] == "first"
    assert first["body"]["authorisedPerson"] == {
        "name": "Anna Example",
        "email": "anna@example.org",
    }
    assert first["body"]["basis"][0]["obligation"] == "gb.66-uk"
    assert first["body"]["content"]["files"][0]["viewedByProvider"] is False
    assert first["body"]["content"]["detectedAt"]
    assert second["body"]["follows"]["report"] == first["receipt"]
    assert [one["name"] for one in second["body"]["identityDocuments"]] == ["p.pdf"]
    assert [one["name"] for one in second["files"]] == ["p.pdf"]
