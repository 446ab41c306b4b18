"""Mail about alarms through a real SMTP server that refuses, stalls, drops, or is not itself."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_string, policy
from typing import TYPE_CHECKING

import pytest
from tests.fixed_clock import START
from tests.simulators.mail_server import PASSWORD, USER, MailServer, mail_server

from tutela.alarms.alarm import Alarm, Kind
from tutela.alarms.telling import RAISED, Line, Message
from tutela.errors import CounterpartyFailed, CounterpartyRefused, SettingsInvalid
from tutela.exchange import mail
from tutela.exchange.mail import Mail, MailSecurity
from tutela.exchange.mail import MailServer as Where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ALARM = Alarm(
    "alm_1", Kind.QUEUE_OLD, "", "The oldest case has waited 2 days for a decision.",
    START, None, None, None, None,
)  # fmt: skip
_MESSAGE = Message("msg_1", START, (Line(_ALARM, RAISED),))


def _where(server: MailServer, security: str) -> Where:
    return Where(
        host="localhost",
        port=server.port,
        security=MailSecurity(security),
        username=USER.decode(),
        password=PASSWORD.decode(),
        sender="tutela@example.org",
        to=("first@example.org", "second@example.org"),
        ca_file=server.ca_file,
    )


def _mail(where: Where) -> Mail:
    return Mail(where, "tutela.test", "https://tutela.example")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path, "starttls") as running:
        yield running


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_message_arrives_over_tls(tmp_path: Path, security: str) -> None:
    with mail_server(tmp_path, security) as server:
        _mail(_where(server, security)).tell(_MESSAGE)
        [(receivers, text)] = server.received
    assert receivers == ["first@example.org", "second@example.org"]
    read = message_from_string(text, policy=policy.default)
    assert read["Subject"] == "[tutela.test] raised: A case waits too long"
    assert read["Message-ID"] == "<msg_1@tutela.test>"
    body = read.get_body()
    assert body is not None
    told = body.get_content()
    assert "waited 2 days" in told
    assert "https://tutela.example/console/alarms" in told


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        ("refuse", CounterpartyRefused),
        ("refuse-one", CounterpartyRefused),
        ("never", CounterpartyRefused),
        ("later", CounterpartyFailed),
        ("drop", CounterpartyFailed),
    ],
)
def test_what_goes_wrong_is_known(
    server: MailServer, behaviour: str, problem: type[Exception]
) -> None:
    server.behaviour = behaviour
    with pytest.raises(problem):
        _mail(_where(server, "starttls")).tell(_MESSAGE)


def test_a_server_that_stalls_is_left(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_SECONDS", 0.5)
    server.behaviour = "stall"
    with pytest.raises(CounterpartyFailed):
        _mail(_where(server, "starttls")).tell(_MESSAGE)


def test_nothing_is_sent_to_a_server_that_nobody_vouches_for(server: MailServer) -> None:
    with pytest.raises(CounterpartyFailed):
        _mail(replace(_where(server, "starttls"), ca_file=None)).tell(_MESSAGE)
    with pytest.raises(CounterpartyFailed):
        _mail(replace(_where(server, "starttls"), host="127.0.0.1")).tell(_MESSAGE)
    assert server.received == []


def test_nothing_is_sent_in_the_clear_instead(tmp_path: Path) -> None:
    with mail_server(tmp_path, "none") as server:
        with pytest.raises(CounterpartyFailed):
            _mail(_where(server, "starttls")).tell(_MESSAGE)
        assert server.received == []


def test_a_wrong_password_is_a_refusal(server: MailServer) -> None:
    with pytest.raises(CounterpartyRefused):
        _mail(replace(_where(server, "starttls"), password="wrong")).tell(_MESSAGE)


def test_mail_to_another_machine_must_be_protected(server: MailServer) -> None:
    where = replace(_where(server, "none"), host="mail.example")
    with pytest.raises(SettingsInvalid):
        _mail(where)


def test_nobody_listening_is_tried_again(server: MailServer) -> None:
    with pytest.raises(CounterpartyFailed):
        _mail(replace(_where(server, "starttls"), port=1)).tell(_MESSAGE)
