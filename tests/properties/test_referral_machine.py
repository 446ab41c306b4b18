"""Whatever the authority does to us, one approved referral ends as exactly one finished report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.approved_referral import Desk
from tests.casework import ANNA, HOST
from tests.instance import LISTED, instance
from tests.simulators.process import SimulatedCyberTipline

from tutela.audit.entry import Action
from tutela.cases.attachment import attach
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.errors import Conflict, InvalidInput, LeaseLost
from tutela.exchange.cybertipline import CyberTipline
from tutela.platform.intake import Submission
from tutela.referrals.delivery import HORIZON
from tutela.referrals.draft import Nature
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tutela.bootstrap import Platform
    from tutela.evidence.vault import Opened
    from tutela.referrals.authority import Finished, Numbered, Retracted, Uploaded
    from tutela.referrals.draft import FileStatement
    from tutela.referrals.referral import Referral

Answer = TypeVar("Answer")
HARMLESS = Finding(Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH)
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
def running() -> Iterator[SimulatedCyberTipline]:
    with tempfile.TemporaryDirectory() as folder, SimulatedCyberTipline(Path(folder)) as one:
        yield one


@pytest.fixture
def authority(running: SimulatedCyberTipline) -> SimulatedCyberTipline:
    running.forget_faults()
    return running


class Meanwhile:
    """The authority, with something happening here before or after the nth call to it."""

    def __init__(
        self, there: CyberTipline, at: int, happening: Callable[[], None], *, before: bool
    ) -> None:
        self._there = there
        self._left = at
        self._happening = happening
        self._before = before

    def _called(self, call: Callable[[], Answer]) -> Answer:
        due = self._left == 0
        self._left -= 1
        if due and self._before:
            self._happening()
        answer = call()
        if due and not self._before:
            self._happening()
        return answer

    def opening(self, referral: Referral) -> bytes:
        return self._there.opening(referral)

    def open(self, letter: bytes) -> Numbered:
        return self._called(lambda: self._there.open(letter))

    def send_file(self, number: str, name: str, content: Opened) -> Uploaded:
        return self._called(lambda: self._there.send_file(number, name, content))

    def details(self, number: str, file_id: str, statement: FileStatement) -> bytes:
        return self._there.details(number, file_id, statement)

    def describe_file(self, number: str, letter: bytes) -> bytes:
        return self._called(lambda: self._there.describe_file(number, letter))

    def finishing(self, number: str) -> bytes:
        return self._there.finishing(number)

    def finish(self, number: str, letter: bytes) -> Finished:
        return self._called(lambda: self._there.finish(number, letter))

    def retract(self, number: str) -> Retracted:
        return self._called(lambda: self._there.retract(number))


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
    platform.referring.approve(ANNA, desk.id)
    desk.work(3)
    assert desk.state is State.FILED
    assert len(authority.reports("finished")) == before + 1
    with pytest.raises(Conflict):
        platform.referring.approve(ANNA, desk.id)


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
    platform.casework.reverse(ANNA, desk.case_id, 1, HARMLESS)
    desk.work(3)
    assert desk.state is State.WITHDRAWN
    assert len(authority.reports()) == before


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(4))
def test_a_reversal_in_mid_delivery_stops_it_or_is_told_to_the_authority(
    platform: Platform, authority: SimulatedCyberTipline, at: int, before: bool
) -> None:
    opened = len(authority.reports("finished"))
    desk = Desk(platform, authority)

    def reverse() -> None:
        platform.casework.reverse(ANNA, desk.case_id, 1, HARMLESS)

    there = CyberTipline(authority.api, *authority.auth)
    duty = desk.claim()
    assert duty is not None
    desk.delivery_to(Meanwhile(there, at, reverse, before=before)).carry_out(duty)
    desk.work(3)
    finished = authority.reports("finished")[opened:]
    original, *later = platform.register.for_case(desk.case_id)
    platform.audit.verify()
    if at < 3:
        assert (original.state, finished, later) == (State.WITHDRAWN, [], [])
        return
    # The last call was on its way: the authority has it, and is told.
    assert original.state is State.FILED
    assert len(finished) == 1
    (withdrawal,) = later
    _is_withdrawal_of(withdrawal, original)
    platform.referring.approve(ANNA, withdrawal.id)
    desk.work(3)
    assert platform.register.load(withdrawal.id).state is State.FILED
    told = authority.reports("finished")[-1]
    assert f"withdraws report {original.receipt_number}" in told["xml"]
    assert f"<priorCTReports>{original.receipt_number}</priorCTReports>" in told["xml"]
    assert told["files"] == []


def _is_withdrawal_of(one: Referral, original: Referral) -> None:
    assert one.state is State.DRAFTED
    assert one.follows == original.id
    assert one.draft.follows is not None
    assert one.draft.follows.receipt == original.receipt_number
    assert one.draft.files == ()


def test_what_is_withdrawn_and_found_abusive_after_all_is_not_filed_twice(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    desk.work(3)
    platform.casework.reverse(ANNA, desk.case_id, 1, HARMLESS)
    original, withdrawal = platform.register.for_case(desk.case_id)
    _is_withdrawal_of(withdrawal, original)
    abusive = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.reverse(ANNA, desk.case_id, 1, abusive)
    states = [one.state for one in platform.register.for_case(desk.case_id)]
    assert states == [State.FILED, State.WITHDRAWN], "no second report of the same"


def test_later_reports_name_the_earlier_and_carry_only_what_is_new(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    desk.work(3)
    first = platform.register.load(desk.id)
    receipt = first.receipt_number or ""
    chat = b"benign: a log of messages"
    for _ in range(2):
        attach(platform.audit, platform.vault, ANNA, desk.case_id, chat, "chat.txt", "The chat.")
    for nature, reason in ((Nature.SUPPLEMENT, "A chat."), (Nature.CORRECTION, "The hour.")):
        made = platform.referring.follow(ANNA, desk.id, nature, reason)
        platform.referring.approve(ANNA, made)
    desk.work(4)
    # Which of the two goes first is not said.
    last = sorted(
        authority.reports("finished")[-2:], key=lambda one: "supplements" not in one["xml"]
    )
    supplement, correction = (etree.fromstring(one["xml"].encode()) for one in last)
    files = [one["files"] for one in last]
    assert [len(one) for one in files] == [1, 0]
    details = etree.fromstring(files[0][0]["details"].encode())
    assert details.findtext("fileRelevance") == "Supplemental Reported"
    assert details.findtext("additionalInfo") == "The chat."
    for said, words in ((supplement, "supplements"), (correction, "corrects")):
        assert said.findtext("personOrUserReported/priorCTReports") == receipt
        assert (said.findtext("additionalInfo") or "").startswith(f"This {words} report {receipt}")
    drafted = platform.referring.follow(ANNA, desk.id, Nature.SUPPLEMENT, "Nothing new.")
    assert platform.register.load(drafted).files == (), "what was sent is not sent again"
    with pytest.raises(Conflict):
        platform.referring.follow(ANNA, drafted, Nature.CORRECTION, "It is not filed.")
    with pytest.raises(InvalidInput):
        platform.referring.follow(ANNA, desk.id, Nature.CORRECTION, " ")


def test_each_report_on_an_account_names_all_filed_before(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    desk.work(3)
    first = platform.register.load(desk.id).receipt_number
    answer = platform.intake.submit(HOST, Submission(LISTED, "p2", AccountFacts(id="a")))
    lease = platform.queue.claim(ANNA, answer.case_id or "")
    abusive = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.decide(ANNA, answer.case_id or "", lease.token, 1, abusive)
    (second,) = platform.register.for_case(answer.case_id or "")
    assert second.draft.prior_receipts == (first,)


def test_what_the_authority_answers_is_kept_with_the_referral(
    platform: Platform, authority: SimulatedCyberTipline
) -> None:
    desk = Desk(platform, authority)
    with pytest.raises(Conflict), platform.audit.change(ANNA) as change:
        platform.register.acknowledge(change, desk.id, "too early")
    desk.work(3)
    for said in ("received", "passed on to a national authority"):
        with platform.audit.change(ANNA) as change:
            platform.register.acknowledge(change, desk.id, said)
        desk.clock.advance(1)
    assert desk.state is State.ACKNOWLEDGED
    assert [one.said for one in platform.register.feedback_on(desk.id)] == [
        "received",
        "passed on to a national authority",
    ]
