"""What the simulated CyberTipline can do to us, each seen from the caller's side of a socket."""

from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.unit.simulators.authority_client import XML, Client
from tests.unit.simulators.documents import FULL_REPORT, SMALL_REPORT, file_details

from tutela.simulators.cybertipline_answers import Code

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.process import SimulatedCyberTipline

STEPS: dict[str, Callable[[Client, int, str], object]] = {
    "submit": lambda client, _report, _file: client.submit(),
    "upload": lambda client, report, _file: client.upload(report),
    "fileinfo": lambda client, report, file: client.fileinfo(file_details(report, file)),
    "finish": lambda client, report, _file: client.finish(report),
    "retract": lambda client, report, _file: client.retract(report),
}


def opened(client: Client) -> tuple[int, str]:
    report = client.submit().report
    return report, client.upload(report).file_id


@pytest.mark.parametrize("call", STEPS)
def test_dropped_before_there_is_no_effect_dropped_after_there_is(
    authority: SimulatedCyberTipline, client: Client, call: str
) -> None:
    report, file = opened(client)
    before = authority.reports()
    authority.fault("drop_before", call=call)
    with pytest.raises(httpx.TransportError):
        STEPS[call](client, report, file)
    assert authority.reports() == before
    assert authority.calls()[-1] | {"id": 0, "at": ""} == {
        "id": 0, "at": "", "call": call, "report": None, "code": None, "fault": "drop_before",
    }  # fmt: skip
    authority.fault("drop_after", call=call)
    with pytest.raises(httpx.TransportError):
        STEPS[call](client, report, file)
    assert authority.reports() != before
    assert authority.calls()[-1]["code"] == 0
    assert client.status().code == 0


@pytest.mark.parametrize("call", STEPS)
def test_the_answer_is_lost_and_retract_tells_what_happened(
    authority: SimulatedCyberTipline, client: Client, call: str
) -> None:
    report, file = opened(client)
    authority.fault("drop_after", call=call)
    with pytest.raises(httpx.TransportError):
        STEPS[call](client, report, file)
    expected = {"finish": 5102, "retract": 5101}.get(call, 0)
    assert client.retract(report).code == expected


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.SUCCESS])
def test_each_documented_code_on_demand(
    authority: SimulatedCyberTipline, client: Client, code: Code
) -> None:
    before = len(authority.reports())
    authority.fault("refuse", call="submit", code=code.value)
    assert client.submit().code == code
    assert len(authority.reports()) == before
    assert client.submit().code == 0


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
def test_a_bare_http_status_on_demand(
    authority: SimulatedCyberTipline, client: Client, status: int
) -> None:
    authority.fault("refuse", call="submit", status=status)
    response = client.http.post("/submit", content=SMALL_REPORT, headers=XML)
    assert (response.status_code, response.content) == (status, b"")


def test_a_refusal_can_come_after_the_effect(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    report, _ = opened(client)
    authority.fault("refuse", call="finish", status=500, code=1000, when="after")
    refused = client.finish(report)
    assert (refused.code, refused.status, refused.report) == (1000, 500, report)
    assert client.retract(report).code == 5102


def test_nth_and_times_choose_the_calls(authority: SimulatedCyberTipline, client: Client) -> None:
    authority.fault("refuse", call="submit", code=1000, nth=2, times=2)
    codes = []
    for _ in range(4):
        codes.append(client.submit().code)
        client.status()
    assert codes == [0, 1000, 1000, 0]
    assert authority.pending() == []


def test_faults_for_one_call_strike_in_turn(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    authority.fault("refuse", call="submit", code=1000)
    authority.fault("refuse", call="any", code=1100)
    assert [client.submit().code, client.status().code, client.submit().code] == [1000, 1100, 0]


@pytest.mark.parametrize(("when", "gone"), [("before", 0), ("after", 1)])
def test_a_stall_outlasts_the_callers_patience(
    authority: SimulatedCyberTipline, when: str, gone: int
) -> None:
    before = len(authority.reports())
    authority.fault("stall", call="submit", seconds=2.0, when=when)
    with Client(authority, timeout=0.4) as hasty:
        with pytest.raises(httpx.ReadTimeout):
            hasty.submit()
        assert len(authority.reports()) == before + gone
        # The effect comes although nobody waits for it any more.
        end = time.monotonic() + 10
        while len(authority.reports()) == before:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_an_answer_given_twice_is_on_the_wire_twice(authority: SimulatedCyberTipline) -> None:
    authority.fault("answer_twice", call="status")
    address = httpx.URL(authority.url)
    asked = httpx.Request("GET", f"{authority.api}/status", headers={"Host": "127.0.0.1"})
    token = httpx.BasicAuth(*authority.auth)
    authorised = next(token.auth_flow(asked)).headers["Authorization"]
    with socket.create_connection((address.host, address.port or 0), timeout=5) as wire:
        wire.sendall(
            f"GET /ispws/status HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorised}\r\n\r\n"
            .encode()
        )  # fmt: skip
        heard = b""
        while heard.count(b"</reportResponse>") < 2:
            chunk = wire.recv(4096)
            assert chunk, heard
            heard += chunk
    assert heard.count(b"HTTP/1.1 200 OK") == 2


def test_an_answer_given_twice_has_one_effect(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    before = len(authority.reports())
    authority.fault("answer_twice", call="submit")
    first = client.submit()
    # A connection of its own: who keeps the old one may read the first answer once more.
    with Client(authority) as careful:
        second = careful.submit()
    assert second.report == first.report + 1
    assert len(authority.reports()) == before + 2


def test_a_wrong_md5_says_that_other_bytes_arrived(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    report = client.submit().report
    authority.fault("wrong_md5", call="upload")
    wrong, right = client.upload(report), client.upload(report)
    digest = hashlib.md5(b"abc", usedforsecurity=False).hexdigest()
    assert right.md5 == digest
    assert wrong.md5 != digest
    assert len(bytes.fromhex(wrong.md5)) == 16
    (found,) = (one for one in authority.reports() if one["id"] == report)
    assert [file["md5"] for file in found["files"]] == [wrong.md5, right.md5]


@pytest.mark.parametrize("call", ["upload", "fileinfo", "finish", "retract"])
def test_a_report_expires_under_the_callers_hands(
    authority: SimulatedCyberTipline, client: Client, call: str
) -> None:
    report, file = opened(client)
    authority.fault("expire", call=call)
    answer = STEPS[call](client, report, file)
    assert getattr(answer, "code", None) == 5001
    assert client.retract(report).code == 5001


def test_garbage_is_no_xml_and_the_effect_is_there(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    report, _ = opened(client)
    authority.fault("garbage", call="finish")
    response = client.http.post("/finish", data={"id": str(report)})
    assert response.status_code == 200
    assert b"reportDoneResponse" not in response.content
    assert client.retract(report).code == 5102


@pytest.mark.parametrize(("kind", "effect"), [("kill_client_before", 0), ("kill_client_after", 1)])
def test_the_caller_is_killed(
    authority: SimulatedCyberTipline, client: Client, kind: str, effect: int
) -> None:
    before = len(authority.reports())
    body = SMALL_REPORT.decode()
    program = (
        "import httpx, sys\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        f"httpx.post({authority.api + '/submit'!r}, content={body!r}.encode(), "
        f"auth={authority.auth!r}, headers={XML!r}, trust_env=False)\nprint('alive', flush=True)\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert caller.stdout is not None
    assert caller.stdout.readline() == b"ready\n"
    authority.fault(kind, call="submit", pid=caller.pid)
    said, _ = caller.communicate(b"go\n", timeout=20)
    assert (said, caller.returncode) == (b"", -signal.SIGKILL)
    assert len(authority.reports()) == before + effect
    assert client.status().code == 0


@pytest.mark.parametrize(("when", "effect"), [("before", 0), ("after", 1)])
def test_the_simulator_itself_crashes_and_comes_back(
    authority: SimulatedCyberTipline, client: Client, when: str, effect: int
) -> None:
    before = len(authority.reports())
    authority.fault("crash", call="submit", when=when)
    with pytest.raises(httpx.TransportError):
        client.submit()
    assert authority.wait_gone() == 70
    authority.start()
    assert len(authority.reports()) == before + effect
    assert authority.pending() == []
    assert client.status().code == 0


def test_the_schema_changes_its_order(authority: SimulatedCyberTipline, client: Client) -> None:
    documented = client.http.get("/xsd").content
    authority.swap("platform", "incidentType")
    assert client.submit(FULL_REPORT).code == 4100
    assert client.http.get("/xsd").content != documented
    authority.swap(None)
    assert client.submit(FULL_REPORT).code == 0


def test_what_is_forgotten_does_not_strike(
    authority: SimulatedCyberTipline, client: Client
) -> None:
    authority.fault("refuse", call="submit", code=1000, times=9)
    assert len(authority.pending()) == 1
    authority.forget_faults()
    assert client.submit().code == 0
