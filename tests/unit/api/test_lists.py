"""Lists over HTTP: what waits, accepted and refused; the switch, and what it leaves held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from tests.casework import ANNA
from tests.instance import LISTED, token

from tutela.access.roles import Role
from tutela.content.account import AccountFacts
from tutela.hashlists.source import Pinned
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from tutela.bootstrap import Platform


def test_what_waits_is_decided_and_a_list_is_switched(platform: Platform, served: str) -> None:
    headers = {"Authorization": f"Bearer {token(platform, Role.LEAD)}"}

    def call(path: str, status: int = 200, **told: str) -> Any:
        address = f"{served}/api/v1/lists{path}"
        posted = path and path != "/pending"
        answer = (
            httpx.post(address, json=told, headers=headers, timeout=30)
            if posted
            else httpx.get(address, headers=headers, timeout=30)
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    platform.lists.pin(ANNA, Pinned("known", most_entries=1))
    for word in ("5a", "5b"):
        platform.lists.import_file(ANNA, "known", f"md5\n{word * 16}\n".encode())
    first, second = call("/pending")
    assert (first["list"], first["doubts"], first["added"]) == ("known", ["entries_cap"], 1)
    call(f"/pending/{first['id']}/refuse", 204, reason="unknown to them")
    assert call(f"/pending/{second['id']}/accept", reason="asked")["entries"] == 2
    assert call("/pending") == []
    call(f"/pending/{second['id']}/accept", 409)

    item = platform.intake.submit(ANNA, Submission(LISTED, "post-1", AccountFacts(id="1")))
    (known,) = call("")
    assert known["off_at"] is None
    call(f"/{known['id']}/off", 422)
    (held,) = call(f"/{known['id']}/off", reason="doubted")
    assert held == {"item_id": item.id, "case_id": item.case_id, "entry_id": "listed"}
    assert call("")[0]["off_reason"] == "doubted"
    assert call(f"/{known['id']}/on")["off_at"] is None
    call("/lst_none/on", 404)
