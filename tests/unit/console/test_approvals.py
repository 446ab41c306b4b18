"""The page of approvals: asked for by one, settled by another, and shown to whom it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.gate import OPERATOR_OF_THE_MACHINE
from tutela.access.roles import Role
from tutela.access.second_person import Policy, State, Verb

if TYPE_CHECKING:
    from tests.console_home import Home


def ask(browser: Browser, subject: str = "evd_1", verb: str = "export", why: str = "why") -> int:
    browser.look("/approvals")
    fields = {"verb": verb, "subject": subject, "terms": "key", "reason": why}
    return browser.submit("/approvals", fields).status_code


def test_who_asked_gets_no_button_and_cannot_confirm_by_hand(home: Home) -> None:
    lead = signed_in(home, Role.LEAD)
    assert ask(lead, why="<b>a court</b>") == 200
    (one,) = home.platform.approvals.newest()
    page = lead.look("/approvals").text
    assert "&lt;b&gt;a court" in page
    assert f"/approvals/{one.id}/confirm" not in page
    assert lead.submit(f"/approvals/{one.id}/confirm").status_code == 403
    assert home.platform.approvals.load(one.id).state is State.ASKED


@pytest.mark.parametrize(("settle", "state"), [("confirm", "confirmed"), ("refuse", "refused")])
def test_another_person_settles_it(home: Home, settle: str, state: str) -> None:
    one = home.platform.approvals.ask(
        OPERATOR_OF_THE_MACHINE, Verb.EXPORT, "evd_1", "asked from the shell"
    )
    lead = signed_in(home, Role.LEAD)
    assert f"/approvals/{one.id}/confirm" in lead.look("/approvals").text
    lead.submit(f"/approvals/{one.id}/{settle}")
    assert home.platform.approvals.load(one.id).state.value == state
    assert f"/approvals/{one.id}/confirm" not in lead.look("/approvals").text


def test_what_does_not_concern_somebody_is_not_shown(home: Home) -> None:
    home.platform.approvals.ask(OPERATOR_OF_THE_MACHINE, Verb.EXPORT, "evd_1", "why")
    page = signed_in(home, Role.REVIEWER).look("/approvals").text
    assert "evd_1" not in page
    offered = {verb for verb in Verb if f'value="{verb}"' in page}
    assert offered == {Verb.REFERRAL_EXPORT}


@pytest.mark.parametrize(("verb", "why", "status"), [("export", " ", 422), ("nonsense", "w", 422)])
def test_a_bad_asking_says_what_is_wrong(home: Home, verb: str, why: str, status: int) -> None:
    assert ask(signed_in(home, Role.LEAD), verb=verb, why=why) == status


def test_the_original_needs_another_person_where_the_policy_says_so(home: Home) -> None:
    home.platform.approvals.policy = Policy(frozenset({Verb.VIEW_ORIGINAL}))
    lead = signed_in(home, Role.LEAD)
    lead.look(f"/cases/{home.known}")
    lead.submit(f"/cases/{home.known}/claim")
    lead.look(f"/cases/{home.known}")
    (item, *_) = home.items(home.known)
    look = {"item": item, "fidelity": "original", "purpose": "to be sure"}
    refused = lead.submit(f"/cases/{home.known}/views", look)
    assert refused.status_code == 403
    assert "Another person must confirm" in refused.text
    assert home.platform.viewing.of_case(home.known) == ()
