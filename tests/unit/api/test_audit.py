"""Proofs over HTTP: they hold, only for who may read the log, and each reading is on record."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.instance import token

from tutela.access.roles import Permission, Role, permissions
from tutela.audit import offline
from tutela.audit.merkle import verify_consistency, verify_inclusion

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

_PATHS = (
    "audit/checkpoint",
    "audit/proof/inclusion?index=0",
    "audit/proof/consistency?first=1",
    "audit/proof/file?index=0",
)


def _get(served: str, word: str, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {word}"}
    return httpx.get(f"{served}/api/v1/{path}", headers=headers, timeout=30)


def _hash(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


@pytest.fixture
def reader(platform: Platform) -> str:
    return token(platform, Role.AUDITOR)


def test_an_entry_is_proven_to_a_stranger(platform: Platform, served: str, reader: str) -> None:
    note = _get(served, reader, "audit/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    kept = platform.audit._signer.open(note.text)
    told: dict[str, Any] = _get(
        served, reader, f"audit/proof/inclusion?index=2&size={kept.size}"
    ).json()
    assert _hash(told["root"]) == kept.root
    path = [_hash(one) for one in told["path"]]
    assert verify_inclusion(_hash(told["leaf"]), 2, kept.size, path, kept.root)
    grown: dict[str, Any] = _get(
        served, reader, f"audit/proof/consistency?first={kept.size}"
    ).json()
    assert grown["second"] > kept.size, "the reading itself is an entry"
    path = [_hash(one) for one in grown["path"]]
    assert _hash(grown["first_root"]) == kept.root
    assert verify_consistency(
        kept.size, grown["second"], kept.root, _hash(grown["second_root"]), path
    )
    proof = _get(served, reader, "audit/proof/file?index=0").json()
    assert offline.Proven(proof, platform.prover.key).entry["action"] == "instance.created"


def test_each_reading_is_recorded_with_the_reader(
    platform: Platform, served: str, reader: str
) -> None:
    before = len(platform.audit.entries())
    for path in _PATHS:
        assert _get(served, reader, path).status_code == 200
    recorded = platform.audit.entries()[before:]
    assert [entry.action for entry in recorded] == ["audit.read", *["audit.proved"] * 3]
    account = platform.accounts.all()[-1]
    assert {entry.actor for entry in recorded} == {str(account.actor)}


@pytest.mark.parametrize("role", [one for one in Role if one not in {Role.AUDITOR}])
def test_only_who_may_read_the_log_gets_proofs(platform: Platform, served: str, role: Role) -> None:
    word = token(platform, role)
    expected = 200 if Permission.AUDIT_READ in permissions([role]) else 403
    for path in _PATHS:
        assert _get(served, word, path).status_code == expected


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("inclusion?index=99999", 404),
        ("inclusion?index=-1", 422),
        ("inclusion?index=0&size=99999", 422),
        ("inclusion", 422),
        ("consistency?first=99999", 422),
        ("consistency?first=0", 422),
        (f"file?index={1 << 63}", 422),
        (f"inclusion?index={1 << 63}", 422),
        ("consistency?first=3&second=2", 422),
        ("file?index=99999", 404),
    ],
)
def test_what_cannot_be_proven_is_a_problem(
    served: str, reader: str, query: str, status: int
) -> None:
    answer = _get(served, reader, f"audit/proof/{query}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
