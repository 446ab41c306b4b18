"""The watch over a whole instance: what really happens is found, kept, shown, told and measured."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from tests.instance import BROKEN, LISTED, OTHER, instance, serving, token

from tutela.access.roles import Role
from tutela.alarms import heartbeats
from tutela.alarms.alarm import Kind
from tutela.alarms.checks import standing
from tutela.alarms.facts import Looking
from tutela.cli.session import SHELL
from tutela.content.account import AccountFacts
from tutela.errors import Unavailable
from tutela.key_files import KeyFiles
from tutela.platform.intake import Submission
from tutela.platform.worker import ANY, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform


def _upload(platform: Platform, data: bytes, name: str = "post") -> None:
    platform.intake.submit(SHELL, Submission(data, name, AccountFacts(id="account")))


def _kinds(platform: Platform, later: timedelta = timedelta()) -> set[Kind]:
    now = platform.clock() + later
    facts = platform.alarm_watch._looking.facts(now)
    return {one.kind for one in standing(facts, platform.alarm_watch._thresholds, now)}


def test_a_new_instance_has_nothing_to_say(platform: Platform) -> None:
    platform.alarm_watch.run()
    assert {one.kind for one in platform.board.standing()} <= {Kind.DISK_FULL}


def test_what_goes_silent_or_old_is_found(platform: Platform) -> None:
    for place in range(12):
        _upload(platform, OTHER, f"post-{place}")
    _upload(platform, LISTED)
    heartbeats.beat(platform.database, ANY, platform.clock())
    quiet = {Kind.DISK_FULL}
    assert _kinds(platform) <= quiet
    assert _kinds(platform, timedelta(minutes=20)) - quiet == {Kind.WORKER_SILENT}
    assert Kind.DUTIES_STUCK not in _kinds(platform, timedelta(hours=3))
    assert Kind.SCREENING_STOPPED in _kinds(platform, timedelta(hours=3))
    assert Kind.QUEUE_OLD in _kinds(platform, timedelta(hours=25))
    assert Kind.LIST_OLD in _kinds(platform, timedelta(hours=49))


def test_an_attack_on_the_decoders_is_noticed(platform: Platform) -> None:
    for place in range(20):
        _upload(platform, BROKEN, f"broken-{place}")
    assert Kind.DECODING_FAILS in _kinds(platform)


def test_a_disk_that_is_not_there_counts_as_full(platform: Platform, tmp_path: Path) -> None:
    looking = Looking(platform.database, (), {"home": tmp_path / "gone"})
    assert looking.facts(platform.clock()).disk_free == {"home": 0.0}


def test_a_witness_that_never_signed_is_missed(platform: Platform) -> None:
    looking = Looking(platform.database, ("far",), {})
    [known] = looking.facts(platform.clock()).witnesses
    assert known.since <= platform.clock()


@contextmanager
def _listener() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A party outside that takes what is posted."""
    heard: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            heard.append((dict(self.headers), self.rfile.read(size)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_alarms_are_told_by_a_signed_webhook_once(tmp_path: Path, database_url: str) -> None:
    with (
        _listener() as (address, heard),
        instance(tmp_path, database_url, alarms={"webhook_url": address}) as platform,
    ):
        for place in range(20):
            _upload(platform, BROKEN, f"broken-{place}")
        for _ in range(3):
            platform.alarm_watch.run()
            while platform.worker.step():
                pass
        told = [one for one in heard if b"decoding-fails" in one[1]]
        [(headers, body)] = told
        secret = KeyFiles(platform.settings.keys).webhook_secret()
    named, stamp = headers["Tutela-Webhook-Id"], headers["Tutela-Webhook-Timestamp"]
    signed = b".".join((named.encode(), stamp.encode(), body))
    expected = "v1=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
    assert headers["Tutela-Webhook-Signature"] == expected
    message = json.loads(body)
    assert message["id"] == named
    [line] = [one for one in message["alarms"] if one["kind"] == "decoding-fails"]
    assert (line["state"], line["severity"]) == ("raised", "critical")


def test_a_sign_of_life_goes_out_with_each_look(tmp_path: Path, database_url: str) -> None:
    with (
        _listener() as (address, heard),
        instance(tmp_path, database_url, alarms={"pulse_url": address}) as platform,
    ):
        platform.alarm_watch.run()
        platform.alarm_watch.run()
        assert len(heard) == 2
        assert heard[0][1] == b""
    with instance(
        tmp_path / "down", f"sqlite:///{tmp_path / 'down.db'}", alarms={"pulse_url": address}
    ) as platform:
        platform.alarm_watch.run()
        assert platform.alarm_watch.last_run() is not None, "nobody listening stops no watch"


def test_no_sign_of_life_without_a_look(tmp_path: Path) -> None:
    """Whoever expects it must not be told that all is well by a process that cannot look."""
    with (
        _listener() as (address, heard),
        instance(
            tmp_path, f"sqlite:///{tmp_path / 'a.db'}", alarms={"pulse_url": address}
        ) as platform,
    ):
        with platform.database.bookkeeping() as connection:
            connection.execute(sa.text("DROP TABLE alarm_tellings"))
            connection.execute(sa.text("DROP TABLE alarms"))
        platform.worker.do_chores()
        assert heard == []


def _metrics(address: str, word: str) -> dict[str, Any]:
    answer = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {word}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {one.name: one for one in text_string_to_metric_families(answer.text)}


def test_metrics_say_what_happened_and_what_stands(platform: Platform, served: str) -> None:
    word = token(platform, Role.MONITOR)
    _upload(platform, LISTED)
    _upload(platform, OTHER)
    found = _metrics(served, word)
    counted = {
        one.labels["verdict"]: one.value
        for one in found["tutela_screened"].samples
        if one.name == "tutela_screened_total"
    }
    assert counted == {"match": 1, "clean": 1}
    [seconds] = [
        one.value
        for one in found["tutela_screening_seconds"].samples
        if one.name == "tutela_screening_seconds_count"
    ]
    assert seconds == 2
    assert found["tutela_cases_waiting"].samples[0].value == 1
    assert found["tutela_audit_entries"].samples[0].value >= 5
    for name in ("account", "known", "post"):
        assert name not in str([one.samples for one in found.values()]), "identifiers only"


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.MONITOR])
def test_metrics_are_for_monitors_alone(platform: Platform, served: str, role: Role) -> None:
    word = token(platform, role)
    answer = httpx.get(f"{served}/metrics", headers={"Authorization": f"Bearer {word}"})
    assert answer.status_code == 403
    assert platform.audit.entries()[-1].action == "access.refused"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {word}"}):
        assert httpx.get(f"{served}/metrics", headers=headers).status_code == 401


def test_metrics_alarm_even_when_no_worker_looks(platform: Platform) -> None:
    """No watch runs here; who scrapes still learns that the worker is silent."""
    heartbeats.beat(platform.database, ANY, platform.clock() - timedelta(hours=1))
    text = platform.meters.text().decode()
    assert 'kind="worker-silent",severity="critical"} 1.0' in text


def test_workers_that_run_say_so(platform: Platform) -> None:
    with serving(platform):
        end = threading.Event()
        for _ in range(100):
            with platform.database.reading() as connection:
                parts = set(heartbeats.last(connection))
            if {"duties", "urgent duties", heartbeats.WATCH} <= parts:
                break
            end.wait(0.1)
    assert {"duties", "urgent duties", heartbeats.WATCH} <= parts


def test_a_chore_that_fails_stops_no_other(platform: Platform) -> None:
    done = []

    def fails() -> None:
        raise Unavailable("It is away.", "Wait.")

    worker = Worker(platform.database, platform.clock, {}, chores=(fails, lambda: done.append(1)))
    worker.do_chores()
    assert done == [1]


def test_thresholds_come_from_the_settings(tmp_path: Path, database_url: str) -> None:
    with instance(tmp_path, database_url, alarms={"list_age_hours": 1}) as platform:
        assert Kind.LIST_OLD in _kinds(platform, timedelta(hours=2))
