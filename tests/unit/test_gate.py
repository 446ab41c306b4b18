"""The gate over HTTP: rates, how many at once, slow heads and slow bodies; each caller alone."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.instance import LISTED, OTHER, instance, serving, token

from tutela import patience
from tutela.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

RATES = {
    "uploads_a_second": 1,
    "uploads_burst": 3,
    "uploads_at_once": 1,
    "calls_a_second": 1,
    "calls_burst": 3,
    "strangers_a_minute": 4,
    "sign_ins_a_minute": 3,
    "body_seconds": 2,
}


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[tuple[Platform, str]]:
    url = f"sqlite:///{tmp_path / 'tutela.db'}"
    with instance(tmp_path, url, rates=RATES) as platform, serving(platform) as address:
        yield platform, address


def _upload(address: str, word: str, data: bytes = OTHER) -> httpx.Response:
    return httpx.post(
        f"{address}/api/v1/items",
        files={"file": ("a", data)},
        data={"context": json.dumps({"external_id": "1", "account": {"id": "a"}})},
        headers={"Authorization": f"Bearer {word}"},
        timeout=30,
    )


def _cases(address: str, word: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {word}"} if word else {}
    return httpx.get(f"{address}/api/v1/cases", headers=headers)


def test_one_token_is_slowed_and_another_is_not(gated: tuple[Platform, str]) -> None:
    platform, address = gated
    mine, other = token(platform, Role.INTAKE), token(platform, Role.INTAKE)
    answers = [_upload(address, mine) for _ in range(8)]
    assert {one.status_code for one in answers[:4]} == {200}
    late = [one for one in answers if one.status_code == 429]
    assert late, "eight at once pass a burst of three"
    assert late[0].headers["content-type"] == "application/problem+json"
    assert late[0].json()["type"] == "urn:tutela:problem:too-many-requests"
    assert 1 <= int(late[0].headers["Retry-After"]) <= 2
    assert _upload(address, other, LISTED).json()["verdict"] == "match"
    time.sleep(int(late[-1].headers["Retry-After"]))
    assert _upload(address, mine).status_code == 200, "after Retry-After it passes"


def test_guessing_tokens_is_slowed_and_good_ones_are_not(gated: tuple[Platform, str]) -> None:
    platform, address = gated
    good, late = token(platform, Role.REVIEWER), token(platform, Role.REVIEWER)
    assert _cases(address, good).status_code == 200
    guesses = [_cases(address, f"tut_{number}").status_code for number in range(8)]
    assert guesses[:4] == [401] * 4
    assert 429 in guesses[4:]
    assert _cases(address, None).status_code == 429
    assert _cases(address, good).status_code == 200, "a token that was good before passes"
    assert _cases(address, late).status_code == 429, "an unknown one waits with the strangers"


def test_signing_in_is_slowed(gated: tuple[Platform, str]) -> None:
    _, address = gated
    page = f"{address}/console/sign-in"
    tries = [httpx.post(page, data={"name": f"n{one}"}).status_code for one in range(6)]
    assert 429 not in tries[:3]
    assert 429 in tries[3:]
    assert httpx.get(page).status_code == 200, "looking at the form is no try"


def test_only_so_many_at_once(gated: tuple[Platform, str]) -> None:
    platform, address = gated
    word = token(platform, Role.INTAKE)
    assert _upload(address, word).status_code == 200
    host, port = address.removeprefix("http://").split(":")
    head = (
        f"POST /api/v1/items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {word}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 900\r\n\r\n--b"
    )
    with socket.create_connection((host, int(port))) as held:
        held.sendall(head.encode())
        time.sleep(0.3)
        assert _upload(address, word).status_code == 429
        held.settimeout(5)
        start = time.monotonic()
        told = held.recv(4096)
        assert b" 408 " in told, "a body that does not come is given up"
        assert b"too-slow" in told or b"too-slow" in held.recv(4096)
        assert time.monotonic() - start < 4
    time.sleep(1)
    assert _upload(address, word).status_code == 200


def test_a_head_that_drips_loses_its_place(
    gated: tuple[Platform, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = gated
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.6)
    host, port = address.removeprefix("http://").split(":")
    closed: list[float] = []

    def drip(first: bytes) -> None:
        with socket.create_connection((host, int(port))) as slow:
            start = time.monotonic()
            slow.settimeout(3)
            slow.sendall(first)
            if first:
                slow.recv(4096)
            try:
                for letter in b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 40:
                    slow.sendall(bytes([letter]))
                    time.sleep(0.05)
                slow.recv(1)
            except OSError:
                pass
            closed.append(time.monotonic() - start)

    whole = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    threads = [threading.Thread(target=drip, args=(first,)) for first in (b"", whole)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one < 1.6 for one in closed), closed


def test_nobody_speaks_for_another_address(gated: tuple[Platform, str]) -> None:
    _, address = gated
    answers = [
        httpx.get(f"{address}/api/v1/cases", headers={"X-Forwarded-For": f"192.0.2.{one}"})
        for one in range(8)
    ]
    assert 429 in {one.status_code for one in answers}
