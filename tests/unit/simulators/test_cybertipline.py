"""The simulated CyberTipline over real sockets: each call, documented code and rule of time."""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
from lxml import etree
from tests.simulators.process import cybertipline
from tests.unit.simulators.authority_client import XML, Client, read
from tests.unit.simulators.documents import FULL_REPORT, SMALL_REPORT, file_details

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulators.process import SimulatedCyberTipline

HOUR = 3600
SUCCESS = 0


def state(authority: SimulatedCyberTipline, report: int) -> str:
    (found,) = (one for one in authority.reports() if one["id"] == report)
    return str(found["state"])


def test_a_report_is_opened_filled_described_and_filed(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    data = bytes(range(256)) * 8192
    opened = client.submit(FULL_REPORT)
    assert (opened.code, opened.root) == (SUCCESS, "reportResponse")
    assert state(authority, opened.report) == "open"
    sent = client.upload(opened.report, data, "a “name”.png")
    assert (sent.code, sent.report) == (SUCCESS, opened.report)
    assert sent.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert len(bytes.fromhex(sent.file_id)) == 16
    details = file_details(opened.report, sent.file_id)
    assert client.fileinfo(details).code == SUCCESS
    done = client.finish(opened.report)
    assert (done.code, done.root) == (SUCCESS, "reportDoneResponse")
    assert done.files == (sent.file_id,)
    (report,) = (one for one in authority.reports("finished") if one["id"] == opened.report)
    assert report["xml"].encode() == FULL_REPORT
    (file,) = report["files"]
    assert (file["name"], file["bytes"], file["md5"]) == ("a “name”.png", len(data), sent.md5)
    assert file["details"].encode() == details


def test_picture_bytes_are_not_kept(authority: SimulatedCyberTipline, client: Client) -> None:
    mark = uuid.uuid4().bytes * 100_000
    client.upload(client.submit().report, mark)
    kept = [path.read_bytes() for path in authority.file.parent.glob("cybertipline.*")]
    assert len(kept) >= 2
    assert not any(mark[:16] in content for content in kept)


def test_status_and_schema(client: Client) -> None:
    answer = client.status()
    assert (answer.code, answer.root, answer.report) == (SUCCESS, "reportResponse", 0)
    schema = etree.XMLSchema(etree.fromstring(client.http.get("/xsd").content))
    assert schema.validate(etree.fromstring(SMALL_REPORT))


def test_every_answer_has_its_own_request_id(authority: SimulatedCyberTipline) -> None:
    with httpx.Client(base_url=authority.api, auth=authority.auth, trust_env=False) as plain:
        ids = {plain.get(path).headers["Request-ID"] for path in ("/status", "/xsd", "/nothing")}
    ids.add(httpx.get(f"{authority.api}/status", trust_env=False).headers["Request-ID"])
    assert len(ids) == 4


@pytest.mark.parametrize(
    "auth", [None, ("reporter", "wrong"), ("wrong", "a password for tests"), ("", "")]
)
def test_wrong_credentials_are_401_with_an_empty_body(
    authority: SimulatedCyberTipline, auth: tuple[str, str] | None
) -> None:
    before = len(authority.reports())
    with httpx.Client(base_url=authority.api, auth=auth, trust_env=False) as stranger:
        for response in (
            stranger.get("/status"),
            stranger.get("/xsd"),
            stranger.post("/submit", content=SMALL_REPORT, headers=XML),
            stranger.post("/upload", data={"id": "1"}, files={"file": b"x" * 3_000_000}),
        ):
            assert (response.status_code, response.content) == (401, b"")
    assert len(authority.reports()) == before


def test_rights_can_lack(authority: SimulatedCyberTipline, client: Client) -> None:
    report = client.submit().report
    authority.rights(submit=False)
    assert client.submit().code == 3100
    authority.rights(update=False)
    for answer in (
        client.upload(report),
        client.fileinfo(file_details(report, "0" * 32)),
        client.finish(report),
        client.retract(report),
    ):
        assert answer.code == 3300
    authority.rights(use=False)
    assert client.status().code == 3000
    assert state(authority, report) == "open"


def test_malformed_invalid_and_misplaced_documents(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    before = len(authority.reports())
    assert client.submit(b"<report>").code == 4110
    assert client.submit(b"<report/>").code == 4100
    assert client.submit(SMALL_REPORT.replace(b"<reporter>", b"<x/><reporter>")).code == 4100
    assert client.fileinfo(SMALL_REPORT).code == 4100
    json = {"Content-Type": "application/json"}
    assert read(client.http.post("/submit", content=SMALL_REPORT, headers=json)).code == 4000
    assert read(client.http.get("/submit")).code == 4000
    unknown = read(client.http.post("/nothing", content=b""))
    assert (unknown.code, unknown.status) == (1210, 404)
    assert len(authority.reports()) == before


@pytest.mark.parametrize("number", ["", "none", "-1", "1e9", "9" * 40, "\N{FULLWIDTH DIGIT ONE}"])
def test_a_number_that_is_none_is_an_invalid_request(client: Client, number: str) -> None:
    assert client.finish(number).code == 4000
    assert client.retract(number).code == 4000
    assert client.upload(number).code == 4000


def test_uploads_that_are_none(authority: SimulatedCyberTipline, client: Client) -> None:
    report = client.submit().report
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    cases = (
        client.http.post("/upload", content=b"plain", headers={"Content-Type": "text/plain"}),
        client.http.post("/upload", content=b"--b no part", headers=multipart),
        client.http.post("/upload", content=b'--b\r\nContent-Disposition: form-data; name="id"'
                         b"\r\n\r\n1\r\n", headers=multipart),
        client.http.post("/upload", data={"id": str(report)}, files={"other": b"abc"}),
        client.http.post("/upload", data={"id": str(report)}, files={"file": b""}),
    )  # fmt: skip
    assert [read(response).code for response in cases] == [4200] * len(cases)
    without_id = client.http.post("/upload", files={"file": b"abc"})
    assert read(without_id).code == 4000
    (found,) = (one for one in authority.reports() if one["id"] == report)
    assert found["files"] == []


def test_forms_may_be_url_encoded_or_multipart(client: Client) -> None:
    report = client.submit().report
    answer = client.http.post("/finish", files={"id": (None, str(report))})
    assert read(answer).code == SUCCESS
    assert read(client.http.post("/finish", data={"id": ["1", "2"]})).code == 4000
    json = {"Content-Type": "application/json"}
    assert read(client.http.post("/finish", content=b"{}", headers=json)).code == 4000


def test_a_file_belongs_to_its_report(client: Client) -> None:
    first, second = client.submit().report, client.submit().report
    file_id = client.upload(first).file_id
    assert client.fileinfo(file_details(first, "0" * 32)).code == 5002
    assert client.fileinfo(file_details(second, file_id)).code == 5002
    assert client.fileinfo(file_details(first, file_id)).code == SUCCESS


@pytest.mark.parametrize(
    ("end", "code"), [("finished", 5102), ("retracted", 5101), ("unknown", 5001)]
)
def test_a_closed_report_takes_nothing_more(
    authority: SimulatedCyberTipline, client: Client, end: str, code: int
) -> None:
    report = client.submit().report
    file_id = client.upload(report).file_id
    if end == "finished":
        client.finish(report)
    elif end == "retracted":
        assert client.retract(report).code == SUCCESS
    else:
        report = 999_999_999
    books = authority.reports()
    answers = (
        client.retract(report),
        client.finish(report),
        client.upload(report),
        client.fileinfo(file_details(report, file_id)),
    )
    assert [answer.code for answer in answers] == [code] * 4
    assert answers[1].root == "reportDoneResponse"
    assert answers[1].report == report
    assert authority.reports() == books


def test_what_is_not_finished_in_a_day_is_deleted(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    idle, finished = client.submit().report, client.submit().report
    client.finish(finished)
    authority.advance(23.9 * HOUR)
    assert state(authority, idle) == "open"
    authority.advance(0.2 * HOUR)
    assert state(authority, idle) == "expired"
    assert client.retract(idle).code == 5001
    assert client.finish(idle).code == 5001
    assert client.upload(idle).code == 5001
    assert client.retract(finished).code == 5102


def test_a_change_keeps_a_report_for_another_hour(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    report = client.submit().report
    authority.advance(23.9 * HOUR)
    file_id = client.upload(report).file_id
    authority.advance(0.9 * HOUR)
    assert client.fileinfo(file_details(report, file_id)).code == SUCCESS
    authority.advance(0.9 * HOUR)
    # A refused call is no change.
    assert client.fileinfo(file_details(report, "0" * 32)).code == 5002
    authority.advance(0.2 * HOUR)
    assert client.finish(report).code == 5001
    assert state(authority, report) == "expired"


def test_an_early_change_does_not_shorten_the_day(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    report = client.submit().report
    client.upload(report)
    authority.advance(20 * HOUR)
    assert client.finish(report).code == SUCCESS


def test_books_clock_schema_and_numbers_outlive_a_kill(tmp_path: Path) -> None:
    with cybertipline(tmp_path) as authority, Client(authority) as client:
        first = client.submit().report
        sent = client.upload(first)
        client.finish(first)
        second = client.submit().report
        authority.advance(25 * HOUR)
        authority.swap("platform", "incidentType")
        authority.rights(update=False)
        before, url = authority.books(), authority.url
        authority.restart()
        after = authority.books()
        assert authority.url == url
        assert (after["reports"], after["calls"]) == (before["reports"], before["calls"])
        assert [report["state"] for report in after["reports"]] == ["finished", "expired"]
        assert after["reports"][0]["files"][0]["file_id"] == sent.file_id
        assert after["now"][:13] >= before["now"][:13]
        assert client.submit(FULL_REPORT).code == 4100
        assert client.retract(first).code == 3300
        assert client.submit().report == second + 1


def test_numbers_are_not_used_twice_and_look_real(client: Client) -> None:
    numbers = [client.submit().report for _ in range(3)]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 100_000_000


def test_books_that_cannot_be_written_answer_1100_1110_1300(tmp_path: Path) -> None:
    with cybertipline(tmp_path) as authority, Client(authority) as client:
        report = client.submit().report
        file_id = client.upload(report).file_id
        other = sqlite3.connect(authority.file)
        other.execute("DROP TABLE files")
        other.execute("DROP TABLE reports")
        other.commit()
        other.close()
        assert client.submit().code == 1100
        assert client.upload(report).code == 1110
        assert client.fileinfo(file_details(report, file_id)).code == 1300
        assert client.finish(report).code == 1300
        assert client.retract(report).code == 1300


def test_the_pages_show_what_arrived_and_run_nothing_of_it(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    report = client.submit(
        FULL_REPORT.replace(b"A test of every field.", b"&lt;script&gt;alert(1)&lt;/script&gt;")
    ).report
    client.submit()
    file_id = client.upload(report, name="<i>.png").file_id
    client.fileinfo(file_details(report, file_id))
    with httpx.Client(base_url=authority.url, trust_env=False) as reader:
        root, index = reader.get("/"), reader.get("/_control/")
        one = reader.get(f"/_control/reports/{report}")
        assert reader.get("/_control/reports/1").status_code == 404
    assert root.status_code == index.status_code == one.status_code == 200
    assert "&lt;b&gt;tester&lt;/b&gt;" in index.text
    assert f'href="/_control/reports/{report}"' in root.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in one.text
    assert "&lt;i&gt;.png" in one.text
    for response in (index, one):
        assert "<script" not in response.text
        assert "<b>tester" not in response.text
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_control_is_closed_to_web_pages(authority: SimulatedCyberTipline) -> None:
    books, faults = f"{authority.url}/_control/books", f"{authority.url}/_control/faults"
    elsewhere = httpx.get(books, headers={"Host": "example.org"}, trust_env=False)
    assert elsewhere.status_code == 403
    body = b'{"kind": "kill_client_before", "pid": 99999}'
    form = httpx.post(faults, content=body, headers={"Content-Type": "text/plain"}, trust_env=False)
    assert form.status_code == 415
    assert authority.pending() == []


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("clock", {"advance_seconds": -1}),
        ("clock", {}),
        ("rights", {"everything": True}),
        ("rights", {"use": "yes"}),
        ("schema", {"swap": ["reporter", "platform"]}),
        ("faults", {"kind": "unknown"}),
        ("faults", {"kind": "refuse", "call": "unknown"}),
        ("faults", {"kind": "refuse", "nth": 0}),
        ("faults", {"kind": "refuse", "status": 42}),
        ("faults", {"kind": "stall", "seconds": -1}),
        ("faults", {"kind": "kill_client_after"}),
        ("faults", {"kind": "kill_client_after", "pid": 1}),
        ("faults", {"kind": "kill_client_after", "pid": -1}),
        ("faults", {"kind": "stall", "unknown": 1}),
        ("faults", ["no object"]),
    ],
)
def test_control_refuses_what_makes_no_sense(
    authority: SimulatedCyberTipline, where: str, body: object
) -> None:
    response = httpx.post(f"{authority.url}/_control/{where}", json=body, trust_env=False)
    assert response.status_code == 400
    assert response.json()["error"]
    assert authority.pending() == []
