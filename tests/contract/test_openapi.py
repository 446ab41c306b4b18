"""Whatever the OpenAPI document allows, and whatever it does not, is answered as it promises.

schemathesis makes the requests and judges the answers of a really running server, with a token of
each role: no server error, no answer that the document does not describe, every error a problem
document. A few examples each here; `make contract EXAMPLES=300` for long.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.casework import ANNA, HOST
from tests.instance import LISTED, instance, serving, token

from tutela.access.roles import Role
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.bootstrap import Platform

EXAMPLES = int(os.environ.get("TUTELA_CONTRACT_EXAMPLES", "4"))
NO_LIMITS = {"uploads_a_second": 0, "calls_a_second": 0, "strangers_a_minute": 0}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PROBLEM = "application/problem+json"
EVERYBODY = {"everything": tuple(Role), **{role.value: (role,) for role in Role}}


@pytest.fixture
def unlimited(tmp_path: Path, database_url: str) -> Iterator[tuple[Platform, str]]:
    with (
        instance(tmp_path, database_url, rates=NO_LIMITS) as platform,
        serving(platform) as address,
    ):
        yield platform, address


def _stage(platform: Platform) -> dict[str, list[str]]:
    """Put a decided and an open case on record; return what path parameters may name."""
    cases = []
    for number in ("1", "2"):
        answer = platform.intake.submit(HOST, Submission(LISTED, number, AccountFacts(id=number)))
        cases.append(answer.case_id or "")
    lease = platform.queue.claim(ANNA, cases[0])
    finding = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.decide(ANNA, cases[0], lease.token, 1, finding)
    (referral,) = platform.register.for_case(cases[0])
    return {"case_id": cases, "item_id": [answer.id], "referral_id": [referral.id]}


@contextmanager
def _described(address: str) -> Iterator[Any]:
    yield schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_operation_answers_as_described(unlimited: tuple[Platform, str], who: str) -> None:
    platform, address = unlimited
    known = _stage(platform)
    headers = {"Authorization": f"Bearer {token(platform, *EVERYBODY[who])}"}
    with _described(address) as document:
        operations = [one.ok() for one in document.get_all_operations()]
    assert len(operations) >= 16
    for operation in operations:
        _exercise(operation, f"{address}/api/v1", headers, known)


def _exercise(
    operation: Any, base: str, headers: dict[str, str], known: dict[str, list[str]]
) -> None:
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(good | bad, st.data())
    def ask(case: Any, data: st.DataObject) -> None:
        for name in case.path_parameters or {}:
            if name in known and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        answer = case.call(base_url=base, headers=headers, timeout=60)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == [PROBLEM], answer.text
            assert {"type", "title", "status", "detail", "remedy"} <= set(answer.json())

    ask()
