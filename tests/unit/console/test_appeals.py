"""An appeal through the API and the console: sent by the host platform, answered afresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed

from tutela.access.gate import OPERATOR_OF_THE_MACHINE
from tutela.access.roles import Role
from tutela.cli.session import SHELL
from tutela.decisions.appeal import Answer

if TYPE_CHECKING:
    from tests.console_home import Home


def appealed(home: Home, reviewer: Browser) -> str:
    """Let the reviewer remove the known case's file and its account appeal, twice by accident."""
    fields = claimed(reviewer, home.known)
    reviewer.submit(f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy")
    host = home.platform.accounts.create(SHELL, "host", (Role.INTAKE,))
    token = home.platform.tokens.issue(OPERATOR_OF_THE_MACHINE, host.id, "appeals").token
    item = home.items(home.known)[0]
    told = {"id": "appeal-1", "text": "It is <b>a tree</b>."}
    for _ in range(2):
        answer = Browser(home).post(
            f"/api/v1/items/{item}/appeals",
            json=told,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200
        assert answer.json()["answer"] is None
    (waiting,) = home.platform.appealing.waiting()
    return waiting.appeal.id


def test_an_appeal_is_answered_by_another_person(home: Home, reviewer: Browser) -> None:
    appeal = appealed(home, reviewer)
    page = reviewer.look(f"/appeals/{appeal}").text
    assert "It is &lt;b&gt;a tree&lt;/b&gt;." in page
    assert "somebody else answers" in page
    assert f"/appeals/{appeal}/take" not in page
    assert reviewer.submit(f"/appeals/{appeal}/take").status_code == 403
    lead = signed_in(home, Role.LEAD)
    assert 'href="/console/appeals"' in lead.look("/queue").text
    assert f"/appeals/{appeal}/take" in lead.look(f"/appeals/{appeal}").text
    page = lead.submit(f"/appeals/{appeal}/take").text
    assert f'action="/console/appeals/{appeal}/reverse"' in page
    assert lead.submit(f"/appeals/{appeal}/reverse", note="", size="1").status_code == 422
    told = {"grounds": "wrong_match", "size": "1", "note": "another tree"}
    page = lead.submit(f"/appeals/{appeal}/reverse", told).text
    assert "The answer: reversed" in page
    assert "another tree" in page
    assert "No appeal waits" in lead.look("/appeals").text
    page = reviewer.look(f"/cases/{home.known}").text
    assert "The appeal was answered" in page
    assert "Reversed: " in page


def test_an_appeal_can_be_upheld(home: Home, reviewer: Browser) -> None:
    appeal = appealed(home, reviewer)
    lead = signed_in(home, Role.LEAD)
    lead.look("/queue")
    lead.submit(f"/appeals/{appeal}/take")
    page = lead.submit(f"/appeals/{appeal}/uphold", note="the listed file").text
    assert "The answer: upheld" in page
    assert home.platform.appealing.load(appeal).appeal.answer is Answer.UPHELD
