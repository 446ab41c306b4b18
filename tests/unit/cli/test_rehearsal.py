"""A rehearsal sends a benign case through an operator's settings, and touches nothing of theirs."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from tests.shell import Shell
from tests.simulators.process import SimulatedCyberTipline

if TYPE_CHECKING:
    from pathlib import Path

REPORTER = (
    '[reporter]\ncompany = "Example"\nfirst_name = "E"\nlast_name = "X"\nemail = "a@example.org"\n'
)
AMERICAN = '[provider]\ncountry = "US"\nrefers_to = ["ncmec", "c3p"]\n'
BRITISH = (
    '[provider]\ncountry = "GB"\nrefers_to = []\n[nca]\nregistration = "R"\n'
    '[nca.authorised.acc_1]\nname = "Anna"\nemail = "a@example.org"\n'
)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    ready = Shell(tmp_path)
    ready("init", "--no-passphrase")
    return ready


def settle(shell: Shell, text: str) -> None:
    (shell.home / "settings.toml").write_text(text)


def test_every_drill_ends_right_and_the_home_is_as_it_was(shell: Shell) -> None:
    settle(shell, REPORTER + AMERICAN)
    before = shell.rows("audit", "show")
    looked = shell.rows("audit", "show")[len(before) :]
    assert [one["action"] for one in looked] == ["audit.read"]
    done = shell.rows("rehearse")
    assert {(one["authority"], one["right"]) for one in done} == {
        ("ncmec", "yes"),
        ("c3p", "yes"),
        ("all", "yes"),
    }
    assert sum("reports: 1" in one["ended"] for one in done) == 4
    after = shell.rows("audit", "show")
    assert [one["action"] for one in after[len(before) :]] == ["audit.read", "audit.read"]
    assert shell.rows("referrals", "list") == []


def test_what_the_operator_exports_is_not_rehearsed_upon(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(shell, REPORTER + AMERICAN)
    with socket.create_server(("127.0.0.1", 0)) as host:
        host.setblocking(False)
        address = f"http://127.0.0.1:{host.getsockname()[1]}/orders"
        monkeypatch.setenv("TUTELA_HOST__WEBHOOK_URL", address)
        done = Shell(tmp_path).rows("rehearse")
        with pytest.raises(BlockingIOError):
            host.accept()
    assert {one["right"] for one in done} == {"yes"}


def test_the_nca_is_rehearsed_at_its_simulator_by_an_authorised_person(shell: Shell) -> None:
    settle(shell, REPORTER + BRITISH)
    first, last = shell.rows("rehearse")
    assert (first["authority"], first["right"]) == ("nca", "yes")
    assert "number REF-" in first["ended"]
    assert last["right"] == "yes"


def test_against_a_test_environment_and_its_schema(shell: Shell, tmp_path: Path) -> None:
    with SimulatedCyberTipline(tmp_path) as there:
        name, password = there.auth
        account = f'[authority]\nusername = "{name}"\npassword = "{password}"\n'
        settle(shell, REPORTER + AMERICAN + account)
        done = shell.rows("rehearse", "--against", there.api)
        assert {one["right"] for one in done} == {"yes"}
        (report,) = there.reports("finished")
        assert "REHEARSAL" in report["xml"]
        there.swap("reporter", "personOrUserReported")
        done = shell.rows("rehearse", "--against", there.api, status=1)
        wrong = {one["tried"] for one in done if one["right"] == "NO"}
        assert wrong == {"its schema, fetched now", "a benign case, start to end"}
        assert len(there.reports("finished")) == 1


@pytest.mark.parametrize(
    "address",
    ["https://report.cybertip.org/ispws", "https://files.example/ispws", "no address"],
)
def test_nothing_is_rehearsed_where_it_would_be_filed(shell: Shell, address: str) -> None:
    settle(shell, REPORTER + '[authority]\nurl = "https://files.example/ispws"\n')
    status = 11 if address == "no address" else 2
    refused = shell("rehearse", "--against", address, status=status)
    assert "environment" in refused.stderr or "address" in refused.stderr


def test_who_reports_must_be_known(shell: Shell) -> None:
    refused = shell("rehearse", status=11)
    assert "[reporter]" in refused.stderr
