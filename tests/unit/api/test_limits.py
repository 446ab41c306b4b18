"""Too much is refused while it arrives; readiness tells the truth; OpenAPI names everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.openapi.utils import get_openapi
from tests.instance import LISTED, instance, serving, token

from tutela.access.roles import Role
from tutela.api.app import api_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

LIMIT = 50_000


@pytest.fixture
def small(tmp_path: Path, database_url: str) -> Iterator[tuple[str, str]]:
    with (
        instance(tmp_path, database_url, limits={"max_bytes": LIMIT}) as platform,
        serving(platform) as address,
    ):
        yield address, token(platform, Role.INTAKE)


def test_too_much_is_refused_announced_or_not(small: tuple[str, str]) -> None:
    address, word = small
    headers = {"Authorization": f"Bearer {word}"}
    context = json.dumps({"external_id": "1", "account": {"id": "a"}})
    parts = httpx.Request(
        "POST", "http://x", files={"file": ("a", bytes(LIMIT + 200_000))}, data={"context": context}
    )
    body, kind = parts.read(), parts.headers["Content-Type"]
    whole = httpx.post(
        f"{address}/api/v1/items", content=body, headers={**headers, "Content-Type": kind}
    )
    assert whole.status_code == 413
    assert whole.headers["content-type"] == "application/problem+json"
    chunked = httpx.post(
        f"{address}/api/v1/items",
        content=(body[at : at + 9000] for at in range(0, len(body), 9000)),
        headers={**headers, "Content-Type": kind},
    )
    assert chunked.status_code == 413
    fits = httpx.post(
        f"{address}/api/v1/items",
        files={"file": ("a", LISTED)},
        data={"context": context},
        headers=headers,
    )
    assert fits.status_code == 200


def test_health_and_readiness(served: str, platform: Platform) -> None:
    assert httpx.get(f"{served}/healthz").json() == {"status": "alive"}
    assert httpx.get(f"{served}/readyz").json() == {
        "status": "ready",
        "part": "all",
        "decoding": "confined",
    }
    with platform.database.bookkeeping() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert httpx.get(f"{served}/readyz").status_code == 500
    assert httpx.get(f"{served}/healthz").status_code == 200


def test_openapi_names_every_route_body_and_problem(platform: Platform) -> None:
    app = api_app(platform)
    document = app.openapi()
    assert document["openapi"].startswith("3.1")
    routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert {
        ("post", "/items"),
        ("get", "/items/{item_id}"),
        ("get", "/cases"),
        ("get", "/cases/{case_id}"),
        ("post", "/cases/{case_id}/claim"),
        ("get", "/cases/{case_id}/decisions"),
        ("post", "/cases/{case_id}/decisions"),
        ("get", "/referrals"),
        ("post", "/referrals/{referral_id}/approve"),
        ("post", "/cases/{case_id}/attachments"),
        ("post", "/referrals/{referral_id}/following"),
        ("post", "/referrals/{referral_id}/feedback"),
        ("post", "/referrals/{referral_id}/ask"),
        ("post", "/items/{item_id}/context"),
        ("post", "/referrals/{referral_id}/submitted"),
        ("get", "/lists"),
    } <= routes
    page = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text()
    assert [r for r in routes if f"| `{r[0].upper()} {r[1]}` |" not in page] == []
    upload = document["paths"]["/items"]["post"]
    schema = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(schema["properties"]) == {"file", "context"}
    for methods in document["paths"].values():
        for operation in methods.values():
            assert {"401", "403", "422"} <= set(operation["responses"])
            assert operation["security"]
    assert _dangling(document) == set()
    plain = get_openapi(title="x", version="1", routes=app.routes)
    assert set(plain["paths"]) == set(document["paths"])


def _dangling(document: dict[str, object]) -> set[str]:
    text = json.dumps(document)
    schemas = document["components"]["schemas"]  # type: ignore[index]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    return {name for name in named if name not in schemas}
