"""Each way in which a stranger is refused leaves its kind in the audit log, at a real server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.instance import instance, serving

from tutela.access.gate import OPERATOR_OF_THE_MACHINE, SHELL
from tutela.access.refusals import Refusal
from tutela.access.roles import Role
from tutela.audit.entry import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

# Shown elsewhere, where somebody stops vouching: test_single_sign_on.
ELSEWHERE = {Refusal.TOKEN_UNVOUCHED}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, str]]:
    folder = tmp_path_factory.mktemp("door")
    rates = {"strangers_a_minute": 40, "sign_ins_a_minute": 6}
    url = f"sqlite:///{folder / 'tutela.db'}"
    with instance(folder, url, rates=rates) as platform, serving(platform) as address:
        yield platform, address


def test_every_refusal_is_on_record(door: tuple[Platform, str]) -> None:
    platform, address = door
    words = _tokens(platform)
    with httpx.Client(base_url=address, trust_env=False) as caller:

        def api(word: str | None) -> int:
            headers = {"Authorization": f"Bearer {word}"} if word else {}
            return caller.get("/api/v1/cases", headers=headers).status_code

        assert [api(word) for word in (None, "tut_made-up", *words.values())] == [401] * 5
        assert caller.get("/metrics").status_code == 401
        caller.get("/console/queue", headers={"Cookie": "tutela_session=made-up"})
        assert caller.get("/console/one-time/made-up").status_code == 401
        form = {"name": "a", "password": "b", "code": "c"}
        assert caller.post("/console/sign-in", data=form).status_code == 403
        foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        assert caller.post("/console/sign-in", data=form, headers=foreign).status_code == 403
        odd = {"Host": "elsewhere.example"}
        assert caller.get("/console/sign-in", headers=odd).status_code == 400
        while caller.post("/console/sign-in", data=form).status_code != 429:
            pass
    found = [one for one in platform.audit.entries() if one.action == Action.CALLERS_REFUSED]
    kinds = {one.details["kind"] for one in found}
    assert kinds == set(Refusal) - ELSEWHERE
    about = {one.details["kind"]: one.subject for one in found}
    assert all(about[kind].startswith("tok_") for kind in words)
    said = " ".join(f"{one.subject} {one.details}" for one in found)
    assert "made-up" not in said
    assert "elsewhere" not in said
    assert not [word for word in words.values() if word in said]


def _tokens(platform: Platform) -> dict[str, str]:
    """Return a token that is over, one that was revoked, and one of a disabled account."""
    words = {}
    for kind in (Refusal.TOKEN_OVER, Refusal.TOKEN_REVOKED, Refusal.TOKEN_DISABLED):
        made = platform.accounts.create(SHELL, f"of {kind}", (Role.INTAKE,))
        valid = timedelta(microseconds=1) if kind is Refusal.TOKEN_OVER else None
        issued = platform.tokens.issue(OPERATOR_OF_THE_MACHINE, made.id, "a test", valid)
        words[kind.value] = issued.token
        if kind is Refusal.TOKEN_REVOKED:
            platform.tokens.revoke(OPERATOR_OF_THE_MACHINE, issued.id)
        if kind is Refusal.TOKEN_DISABLED:
            platform.accounts.disable(SHELL, made.id)
    return words
