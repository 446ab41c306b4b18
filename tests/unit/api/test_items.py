"""Uploads over HTTP: verdict and hold in one round trip, idempotent, limited, explained."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.instance import BROKEN, LISTED, OTHER, near_copy, token

from tutela.access.roles import Role
from tutela.audit.entry import Action
from tutela.content import item as items_on_record

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.bootstrap import Platform

CONTEXT = {
    "external_id": "post-1",
    "account": {"id": "account-1", "ip": "192.0.2.7", "port": 4711},
    "place": {"url": "https://host.example/p/1"},
    "uploaded_at": "2026-01-05T09:00:00+01:00",
    "original_name": "picture.jpg",
}


class Api:
    """A host platform's client."""

    def __init__(self, address: str, word: str) -> None:
        self.address = f"{address}/api/v1"
        self.headers = {"Authorization": f"Bearer {word}"}

    def upload(self, data: bytes, key: str | None = None, **context: Any) -> httpx.Response:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return httpx.post(
            f"{self.address}/items",
            files={"file": ("picture", data, "application/octet-stream")},
            data={"context": json.dumps({**CONTEXT, **context})},
            headers=headers,
            timeout=30,
        )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, headers=self.headers, timeout=30)


@pytest.fixture
def api(platform: Platform, served: str) -> Api:
    return Api(served, token(platform, Role.INTAKE))


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem document with a remedy."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:tutela:problem:{code}"
    assert body["status"] == status
    assert body["detail"]
    assert body["remedy"]
    return body


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (LISTED, "match"),
        (near_copy(), "match"),
        (OTHER, "clean"),
        (BROKEN, "unscreened"),
        (b"", "unscreened"),
        (b"plain text", "unscreened"),
    ],
    ids=["listed", "near", "other", "broken", "empty", "text"],
)
def test_a_verdict_in_one_round_trip(
    platform: Platform, api: Api, data: bytes, verdict: str
) -> None:
    answer = api.upload(data)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    held = verdict != "clean"
    assert (body["verdict"], body["hold"]) == (verdict, held)
    assert (body["case_id"] is not None) is held
    with platform.database.reading() as connection:
        item = items_on_record.load(connection, body["id"])
    assert item.hold == ("held" if held else "none")
    assert (item.evidence_id is not None) is held
    actions = [entry.action for entry in platform.audit.entries(item.id)]
    assert actions == [Action.ITEM_SCREENED, *([Action.ITEM_HELD] if held else [])]


def test_the_same_key_repeats_the_answer(platform: Platform, api: Api) -> None:
    first = api.upload(LISTED, key="k1").json()
    size = platform.audit.verify().size
    assert api.upload(LISTED, key="k1").json() == first
    assert platform.audit.verify().size == size
    problem(api.upload(OTHER, key="k1"), 409, "conflict")
    problem(api.upload(LISTED, key="k1", external_id="post-2"), 409, "conflict")
    assert api.upload(LISTED, key="k2").json()["id"] != first["id"]


def test_the_same_key_at_once_is_one_item(api: Api) -> None:
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(api.upload(near_copy(), key="k")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_keys_of_different_machines_do_not_meet(platform: Platform, served: str, api: Api) -> None:
    other = Api(served, token(platform, Role.INTAKE))
    assert api.upload(LISTED, key="k").json()["id"] != other.upload(OTHER, key="k").json()["id"]


def test_what_is_wrong_is_said_with_its_remedy(api: Api, platform: Platform) -> None:
    url = f"{api.address}/items"
    problem(httpx.post(url, headers=api.headers, json={}), 400, "usage")
    problem(httpx.post(url, headers=api.headers, files={"file": ("a", b"x")}), 400, "usage")
    broken = {**api.headers, "Content-Type": "multipart/form-data"}
    problem(httpx.post(url, headers=broken, content=b"junk"), 400, "usage")
    torn = {**api.headers, "Content-Type": "multipart/form-data; boundary=x"}
    problem(httpx.post(url, headers=torn, content=b"--y\r\njunk"), 400, "usage")
    told = problem(api.upload(LISTED, account={"id": ""}), 422, "invalid-input")
    assert "context.account.id" in told["detail"]
    problem(api.upload(LISTED, surprise=1), 422, "invalid-input")
    problem(api.upload(LISTED, uploaded_at="2026-01-05T09:00:00"), 422, "invalid-input")
    problem(api.upload(LISTED, account={"id": "a", "port": 70000}), 422, "invalid-input")
    problem(api.upload(LISTED, key="k" * 256), 400, "usage")
    with platform.database.reading() as connection:
        assert items_on_record.select(connection, items_on_record.items.c.id != "") == []


def test_tokens_open_only_what_they_may(platform: Platform, served: str, api: Api) -> None:
    problem(httpx.get(f"{served}/api/v1/cases"), 401, "not-signed-in")
    problem(Api(served, "tut_wrong").upload(LISTED), 401, "not-signed-in")
    problem(api.get("/cases"), 403, "refused")
    problem(Api(served, token(platform, Role.REVIEWER)).upload(LISTED), 403, "refused")
    refused = [one for one in platform.audit.entries() if one.action == Action.ACCESS_REFUSED]
    assert [one.details["permission"] for one in refused] == ["case.read", "item.submit"]
    problem(api.get("/nothing"), 404, "not-found")


def test_nothing_plain_rests_in_the_home(api: Api, tmp_path: Path) -> None:
    api.upload(LISTED)
    api.upload(BROKEN)
    marker = LISTED[2000:2064]
    assert marker in BROKEN
    holding = [one for one in tmp_path.rglob("*") if one.is_file() and marker in one.read_bytes()]
    assert holding == []
