"""A decision says over the interface which files it reaches, and how far they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from tests.casework import ANNA, HOST
from tests.instance import LISTED, near_copy, token

from tutela.access.roles import Role
from tutela.cases import case as cases_on_record
from tutela.cases.viewing import Fidelity
from tutela.content.account import AccountFacts
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from tutela.bootstrap import Platform


def test_a_decision_says_which_files_it_reaches(platform: Platform, served: str) -> None:
    account = AccountFacts(id="account-1")
    answer = platform.intake.submit(HOST, Submission(LISTED, "post-1", account))
    platform.intake.submit(HOST, Submission(near_copy(), "post-2", account))
    case_id = answer.case_id or ""
    with platform.database.reading() as connection:
        members = cases_on_record.items_of(connection, case_id)
    lease = platform.queue.claim(ANNA, case_id)
    for one in members:
        grant = platform.viewing.grant(ANNA, case_id, one.id, Fidelity.TINY)
        platform.viewing.render(ANNA, grant.id, "anna")
    found = Finding(Outcome.ABUSIVE, Grounds.LISTED_COPY)
    platform.casework.decide(ANNA, case_id, lease.token, len(members), found)
    (said,) = httpx.get(
        f"{served}/api/v1/cases/{case_id}/decisions",
        headers={"Authorization": f"Bearer {token(platform, Role.LEAD)}"},
    ).json()
    assert sum(one["covers"] for one in said["reaches"]) == said["covers"] == 2
    for one in said["reaches"]:
        assert one["shown"] in {member.id for member in members}
        assert one["nearest"] <= one["farthest"] <= 31
        assert one["viewed_at"] == "tiny"
