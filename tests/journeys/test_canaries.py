"""Secrets and what people wrote leave no trace: the main job runs, and every output is searched."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from rich.console import Console
from tests.shell import Shell

from tutela.access.gate import OPERATOR_OF_THE_MACHINE
from tutela.access.roles import Role
from tutela.cases.case import cases
from tutela.cli.demo.reviewer import Reviewer
from tutela.cli.demo.stage import Stage
from tutela.cli.demo.uploads import uploads
from tutela.cli.session import SHELL
from tutela.key_files import KeyFiles
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PASSPHRASE = "canary of the passphrase 0815"
PASSWORD = "canary of the password 0815"
AWS = "canary-of-the-cloud-0815"


_FAULTS = ({"kind": "garbage"}, {"kind": "drop_after"}, {"kind": "refuse", "status": 503})


class Watched(Stage):
    """A stage that remembers the one-time words it handed out."""

    def sign_in_address(self, name: str = "demo-reviewer", role: Role = Role.REVIEWER) -> str:
        address = super().sign_in_address(name, role)
        self.words = [*getattr(self, "words", []), address.rpartition("/")[2]]
        return address


class Outputs:
    """Everything that came out: by where it came out."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def keep(self, where: str, text: str) -> None:
        self.texts[where] = self.texts.get(where, "") + text

    def holding(self, secrets: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return which secret stands where, in plain, or as hex, base64 or part of an address."""
        return [
            (name, where)
            for name, secret in secrets.items()
            for form in _forms(secret)
            for where, text in self.texts.items()
            if form in text
        ]


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    yield raw.hex()
    # Whatever precedes it in the encoded text, one of these stands there whole.
    yield from (
        base64.b64encode(b"x" * shift + raw)[4:-4].decode() for shift in range(3) if len(raw) > 8
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Watched, Outputs]]:
    """The main job, end to end, with refusals and a misbehaving authority on the way."""
    home, outputs = tmp_path_factory.mktemp("canaries"), Outputs()
    with Watched(home, 0, Console(stderr=True)) as stage:
        stage.upload_all()
        for told in _FAULTS:
            httpx.post(f"{stage.authority.address}/_control/faults", json=told).raise_for_status()
        Reviewer(stage).decide_all()
        for path, word in _refused(stage):
            answer = httpx.get(
                f"{stage.server.address}{path}", headers={"Authorization": f"Bearer {word}"}
            )
            outputs.keep(f"the answer of {path.partition('?')[0]}", answer.text)
        for log in home.glob("*.log"):
            outputs.keep(f"the log of the {log.stem}", log.read_text())
        entries = [asdict(one) for one in stage.platform.audit.entries()]
        outputs.keep("the audit log", json.dumps(entries, default=str))
        monitor = stage.platform.accounts.create(SHELL, "monitor", (Role.MONITOR,))
        issued = _token(stage, monitor.id)
        metrics = httpx.get(
            f"{stage.server.address}/metrics", headers={"Authorization": f"Bearer {issued}"}
        )
        metrics.raise_for_status()
        outputs.keep("the metrics", metrics.text)
        yield stage, outputs


def _token(stage: Stage, account: str) -> str:
    return stage.platform.tokens.issue(OPERATOR_OF_THE_MACHINE, account, "metrics").token


def _refused(stage: Watched) -> Iterator[tuple[str, str]]:
    """Yield calls that are refused, with words that are nearly right: cut, or misplaced."""
    token = (stage.home / "host-token").read_text()
    yield "/api/v1/cases", token[:-1]
    yield f"/api/v1/items/{token}", token
    yield f"/console/one-time/{stage.words[0]}", stage.words[0]
    yield f"/api/v1/lists?token={token}", token


def _keys(folder: Path) -> dict[str, str]:
    keys = KeyFiles(folder)
    return {
        "webhook secret": keys.webhook_secret().hex(),
        "audit seed": keys.audit_seed().hex(),
        "access key": keys.access_key().hex(),
        "peer seed": keys.peer_seed().hex(),
    }


def test_no_secret_leaves_a_trace(played: tuple[Watched, Outputs]) -> None:
    stage, outputs = played
    settings = stage.platform.settings
    secrets = {
        "authority's password": settings.authority.password.get_secret_value(),
        "host's token": (stage.home / "host-token").read_text(),
        **{f"one-time word {place}": word for place, word in enumerate(stage.words)},
        **_keys(settings.keys),
    }
    assert all(len(one) >= 12 for one in secrets.values())
    assert outputs.holding(secrets) == []


def test_no_log_names_people_places_or_files(played: tuple[Watched, Outputs]) -> None:
    stage, outputs = played
    told = {f"name of {one.name}": one.name for one in uploads()}
    told |= {f"account {one.account}": f"{one.account}@example.org" for one in uploads()}
    told |= {f"place of {post}": f"/media/{post}" for _, post in stage.posts}
    told["address"] = "198.51.100."
    told["reviewer's name"] = "demo-reviewer"
    logs = Outputs()
    for where, text in outputs.texts.items():
        if where == "the log of the platform" or where in {"the audit log", "the metrics"}:
            logs.keep(where, text)
    assert logs.holding(told) == []


def test_the_search_finds_what_is_there(played: tuple[Watched, Outputs]) -> None:
    stage, outputs = played
    with stage.platform.database.reading() as connection:
        found = connection.execute(sa.select(cases.c.id)).scalars().first()
    assert found is not None
    assert outputs.holding({"a case": found}) == [("a case", "the audit log")]
    planted = Outputs()
    planted.keep("a log", f"x{base64.b64encode(b'Basic user:' + PASSWORD.encode()).decode()}")
    assert planted.holding({"password": PASSWORD}) == [("password", "a log")]


@contextmanager
def _served(home: Path, outputs: Outputs) -> Iterator[str]:
    """Serve a home with this process's own variables; keep what it says."""
    command = [sys.executable, "-m", "tutela", "--home", str(home), "serve"]
    with (
        (home.parent / "errors").open("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        guard = threading.Timer(120, server.kill)
        guard.start()
        assert server.stdout is not None
        first = server.stdout.readline()
        assert first.startswith("listening on "), (home.parent / "errors").read_text()
        try:
            yield first.removeprefix("listening on ").strip()
        finally:
            guard.cancel()
            server.terminate()
            rest, _ = server.communicate(timeout=30)
            errors.seek(0)
            outputs.keep("the server's words", first + rest + errors.read())


def _between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


def test_what_a_person_types_to_sign_in_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTELA_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("TUTELA_AWS_KMS__SECRET", AWS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TUTELA_LISTEN_PORT", str(free.getsockname()[1]))
    shell, outputs = Shell(tmp_path), Outputs()
    said: list[Any] = [shell("init")]
    said.append(shell("accounts", "create", "Anna", "--role", "reviewer"))
    address = shell("accounts", "sign-in", "Anna").stdout.strip()
    with _served(shell.home, outputs) as base, httpx.Client(base_url=base) as browser:
        path = "/console" + address.partition("/console")[2]
        page = browser.get(path).text
        secret = re.sub(r"\s", "", _between(page, 'class="secret">', "<"))
        fields = {"csrf": _between(page, 'name="csrf" value="', '"'), "password": PASSWORD}
        wrong = browser.post(path, data={**fields, "code": "000000"})
        outputs.keep("the page after a wrong code", wrong.text.replace(secret, ""))
        right = pyotp.TOTP(secret).at(utc_now())
        entered = browser.post(path, data={**fields, "code": right})
        assert entered.status_code in {302, 303}, entered.text
        session = browser.cookies["tutela_session"]
        outputs.keep("the queue", browser.get("/console/queue").text)
    for one in ("audit show", "accounts list", "settings", "keys list"):
        said.append(shell(*one.split(), "--json"))
    for one in said:
        outputs.keep("the commands", one.stdout + one.stderr)
    secrets = {
        "passphrase": PASSPHRASE,
        "password": PASSWORD,
        "second factor": secret,
        "code": f'"{right}"',
        "session": session,
        "cloud's secret": AWS,
        "one-time word": address.rpartition("/")[2],
    }
    assert outputs.holding(secrets) == []
