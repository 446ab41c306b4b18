"""The adapter against the simulated authority: its schema, its codes, its bad days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from tests.simulators.process import SimulatedCyberTipline
from tests.unit.exchange import fullest

from tutela.content.account import AccountFacts
from tutela.content.notice import Harm
from tutela.content.place import WebPage
from tutela.errors import (
    CounterpartyFailed,
    CounterpartyRefused,
    InvalidInput,
    SettingsInvalid,
)
from tutela.evidence.vault import Opened
from tutela.exchange import cybertipline_xml as xml
from tutela.exchange.answers import HERE
from tutela.exchange.cybertipline import CyberTipline
from tutela.exchange.http import Outbound
from tutela.referrals.authority import ReportFinished, ReportGone, RetractAnswer, Uploaded
from tutela.referrals.draft import (
    FileStatement,
    ReferralDraft,
    ReporterFacts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FILE = FileStatement(
    evidence_id="evd_1",
    original_name='a "b" <c>.jpg',
    uploaded_at=AT,
    location="https://host.example/p/1",
    viewed=False,
    publicly_available=None,
    classification="A1",
    hashes=(("MD5", "00" * 16), ("PDQ", "ab" * 32)),
    remark="Matched; not viewed by a person.",
)
DRAFT = ReferralDraft(
    harm=Harm.DEPICTION,
    occurred_at=AT,
    occurred_at_remark=None,
    urgent_reason="a child in danger",
    places=(WebPage(("https://host.example/p/1", "https://host.example/p/2")),),
    reporter=ReporterFacts(
        "Example", "Ex", "Ample", "s@example.org", "+1 555", "Example", "https://t", "https://l"
    ),
    subject=AccountFacts(
        "account-1",
        screen_name="benign \x00\x0b name",
        display_name="Benign",
        profile_url="https://host.example/u/1",
        email="a@example.org",
        phone="+1 556",
        ip="192.0.2.7",
        ip_at=AT,
        port=4711,
        device_id="device-1",
    ),
    prior_receipts=("100",),
    files=(FILE,),
    remark="1 file.",
)


class Driver:
    """Drives the adapter the way delivery does, each letter made and then sent."""

    def __init__(self, there: CyberTipline) -> None:
        self.there = there

    def open(self, draft: ReferralDraft) -> str:
        return self.there.open(xml.report(draft)).number

    def send_file(self, number: str, name: str, content: Opened) -> Uploaded:
        return self.there.send_file(number, name, content)

    def describe_file(self, number: str, file_id: str, statement: FileStatement) -> None:
        self.there.describe_file(number, self.there.details(number, file_id, statement))

    def finish(self, number: str) -> None:
        self.there.finish(number, self.there.finishing(number))

    def retract(self, number: str) -> RetractAnswer:
        return self.there.retract(number).answer


def plain(data: bytes) -> Opened:
    return Opened(len(data), iter((data[:3], data[3:])))


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[SimulatedCyberTipline]:
    with SimulatedCyberTipline(tmp_path) as running:
        yield running


@pytest.fixture
def ours(authority: SimulatedCyberTipline) -> Driver:
    return Driver(CyberTipline(authority.api, *authority.auth))


def test_the_whole_flow_is_accepted_as_said(authority: SimulatedCyberTipline, ours: Driver) -> None:
    number = ours.open(DRAFT)
    sent = ours.send_file(number, 'a "b"\n.jpg', plain(b"benign bytes"))
    ours.describe_file(number, sent.file_id, FILE)
    ours.finish(number)
    (report,) = authority.reports("finished")
    assert str(report["id"]) == number
    said = etree.fromstring(report["xml"].encode())
    reported = "personOrUserReported"
    assert said.findtext("incidentSummary/incidentType") == xml.INCIDENT_TYPES[Harm.DEPICTION]
    assert said.findtext("incidentSummary/escalateToHighPriority") == "a child in danger"
    assert [one.text for one in said.findall("internetDetails/webPageIncident/url")] == [
        *DRAFT.urls
    ]
    assert said.findtext(f"{reported}/screenName") == "benign \ufffd\ufffd name"
    assert said.findtext(f"{reported}/ipCaptureEvent/port") == "4711"
    assert said.findtext(f"{reported}/ipCaptureEvent/dateTime") == AT.isoformat()
    (file,) = report["files"]
    assert file["md5"] == sent.digest
    details = etree.fromstring(file["details"].encode())
    assert details.findtext("fileViewedByEsp") == "false"
    assert details.findtext("industryClassification") == "A1"
    assert details.findtext("originalFileName") == FILE.original_name
    assert details.find("publiclyAvailable") is None


def test_a_draft_of_which_everything_is_known_is_accepted(
    authority: SimulatedCyberTipline, ours: Driver
) -> None:
    number = ours.open(fullest.DRAFT)
    for statement in (
        *fullest.DRAFT.files,
        *(replace(one, supplemental=True) for one in fullest.DRAFT.files),
    ):
        sent = ours.send_file(number, "a.jpg", plain(b"benign bytes"))
        ours.describe_file(number, sent.file_id, statement)
    ours.finish(number)
    assert len(authority.reports("finished")) == 1


def test_a_bare_draft_is_accepted_too(authority: SimulatedCyberTipline, ours: Driver) -> None:
    bare = replace(
        DRAFT,
        urgent_reason=None,
        places=(),
        reporter=ReporterFacts(),
        subject=AccountFacts("account-1"),
        files=(),
    )
    ours.finish(ours.open(bare))
    assert len(authority.reports("finished")) == 1


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(DRAFT, urgent_reason="x" * 3001), "escalateToHighPriority"),
        (replace(DRAFT, places=(WebPage(("https://" + "x" * 2083,)),)), "url"),
        (replace(DRAFT, subject=replace(DRAFT.subject, id="x" * 256)), "espIdentifier"),
        (replace(DRAFT, subject=replace(DRAFT.subject, screen_name="x" * 257)), "screenName"),
        (replace(DRAFT, subject=replace(DRAFT.subject, email="x" * 256)), "email"),
        (replace(DRAFT, subject=replace(DRAFT.subject, port=0)), "port"),
        (replace(DRAFT, reporter=replace(DRAFT.reporter, first_name="x" * 101)), "firstName"),
    ],
)
def test_what_does_not_fit_is_named_before_it_is_sent(draft: ReferralDraft, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        xml.report(draft)
    assert field in caught.value.what


def test_a_files_faults_are_named() -> None:
    for statement, field in (
        (replace(FILE, original_name="x" * 2057), "originalFileName"),
        (replace(FILE, classification="C9"), "industryClassification"),
    ):
        with pytest.raises(InvalidInput) as caught:
            xml.file_details("1", "2", statement)
        assert field in caught.value.what


def test_retract_answers_what_stands(authority: SimulatedCyberTipline, ours: Driver) -> None:
    done, gone, late = ours.open(DRAFT), ours.open(DRAFT), ours.open(DRAFT)
    ours.finish(done)
    assert ours.retract(gone) is RetractAnswer.RETRACTED
    assert ours.retract(gone) is RetractAnswer.UNKNOWN
    assert ours.retract(done) is RetractAnswer.WAS_FINISHED
    with pytest.raises(ReportFinished):
        ours.finish(done)
    authority.advance(25 * 3600)
    assert ours.retract(late) is RetractAnswer.UNKNOWN
    with pytest.raises(ReportGone):
        ours.send_file(late, "a", plain(b"x"))


@pytest.mark.parametrize("code", [1000, 1100, 1110, 1111, 1210, 1300])
def test_their_failures_may_be_tried_again(
    authority: SimulatedCyberTipline, ours: Driver, code: int
) -> None:
    authority.fault("refuse", code=code)
    with pytest.raises(CounterpartyFailed):
        ours.open(DRAFT)
    ours.open(DRAFT)


@pytest.mark.parametrize("code", [2000, 3000, 3100, 3300, 4000, 4100, 4110, 4200, 5002])
def test_refusals_alarm(authority: SimulatedCyberTipline, ours: Driver, code: int) -> None:
    authority.fault("refuse", code=code)
    with pytest.raises(CounterpartyRefused) as caught:
        ours.open(DRAFT)
    assert str(code) in caught.value.what


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_server_statuses_may_be_tried_again(
    authority: SimulatedCyberTipline, ours: Driver, status: int
) -> None:
    authority.fault("refuse", status=status)
    with pytest.raises(CounterpartyFailed):
        ours.open(DRAFT)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage"])
def test_lost_answers_may_be_tried_again(
    authority: SimulatedCyberTipline, ours: Driver, kind: str
) -> None:
    authority.fault(kind)
    with pytest.raises(CounterpartyFailed):
        ours.open(DRAFT)


def test_a_second_answer_is_not_read_as_the_next_calls(
    authority: SimulatedCyberTipline, ours: Driver
) -> None:
    authority.fault("answer_twice", call="submit", times=3)
    assert len({ours.open(DRAFT) for _ in range(4)}) == 4


def test_wrong_credentials_alarm_without_showing_them(authority: SimulatedCyberTipline) -> None:
    with pytest.raises(CounterpartyRefused) as caught:
        Driver(CyberTipline(authority.api, "reporter", "guessed-secret")).open(DRAFT)
    assert "guessed-secret" not in str(caught.value)


def test_nobody_there_may_be_tried_again() -> None:
    with pytest.raises(CounterpartyFailed):
        Driver(CyberTipline("http://127.0.0.1:9/ispws", "a", "b")).open(DRAFT)


def test_addresses_with_credentials_or_other_schemes_are_refused() -> None:
    for address in ("ftp://x.example", "https://user:word@x.example", "nonsense"):
        with pytest.raises(SettingsInvalid):
            Outbound(address)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plain",
        b"<a/>",
        b"<reportResponse><responseCode>x</responseCode></reportResponse>",
        b"<!DOCTYPE a><reportResponse><responseCode>0</responseCode></reportResponse>",
        b'<!DOCTYPE a [<!ENTITY e "0">]><reportResponse><responseCode>&e;</responseCode>'
        b"</reportResponse>",
    ],
)
def test_unreadable_answers_are_no_success(body: bytes) -> None:
    with pytest.raises(CounterpartyFailed):
        HERE.xml(body)
