"""A second review is blind, is another's, and is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed

from tutela.access.roles import Role
from tutela.decisions.second_review import Draw

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock


def test_a_drawn_decision_is_judged_again_blind(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    home.platform.casework.draw = Draw(1.0)
    fields = claimed(reviewer, home.known)
    told = {"outcome": "abusive", "grounds": "listed_copy", "note": "what the first one wrote"}
    reviewer.submit(f"/cases/{home.known}/decide", fields, **told)
    lead = signed_in(home, Role.LEAD)
    assert "Nothing was drawn for you" in lead.look("/reviews").text, "it can still be undone"
    clock.advance(20)
    assert "Nothing was drawn for you" in reviewer.look("/reviews").text
    (review,) = home.platform.second_look.waiting(home.people[Role.LEAD].actor)
    path = f"/reviews/{review.id}"
    assert reviewer.submit(f"{path}/take").status_code == 403
    page = lead.look(path).text
    assert f"{path}/say" not in page
    page = lead.submit(f"{path}/take").text
    for hidden in ("what the first one wrote", 'class="pill abusive"', "Decided:", "referral"):
        assert hidden not in page.partition("<main")[2].partition("</main>")[0]
    assert lead.submit(f"{path}/say", found="abusive wrong_match", note="").status_code == 422
    lead.submit(f"{path}/say", found="not_abusive wrong_match", note="another picture")
    page = lead.look("/agreement").text
    assert "0.0 %" in page
    assert "another picture" in page
    assert home.platform.second_look.waiting(home.people[Role.LEAD].actor) == ()
    # Nothing follows by itself.
    assert "Reversed" not in lead.look(f"/cases/{home.known}").text
    assert reviewer.look("/agreement").status_code == 403


def test_what_was_undone_is_not_reviewed(home: Home, reviewer: Browser, clock: FixedClock) -> None:
    home.platform.casework.draw = Draw(1.0)
    fields = claimed(reviewer, home.known)
    reviewer.submit(f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy")
    reviewer.submit(f"/cases/{home.known}/undo")
    clock.advance(20)
    assert home.platform.second_look.waiting(home.people[Role.LEAD].actor) == ()
