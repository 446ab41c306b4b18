"""The page of policies says what happens and why, and takes more care at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed

from tutela.access.roles import Role

if TYPE_CHECKING:
    from tests.console_home import Home


def test_the_page_says_what_happens_and_takes_more_care(home: Home, reviewer: Browser) -> None:
    assert reviewer.look("/policies").status_code == 403
    lead = signed_in(home, Role.LEAD)
    page = lead.look("/policies").text
    assert "can be decided unseen" in page and "near is no proof" in page
    page = lead.submit("/policies", {"list": "known", "label": "", "look": "1"}).text
    assert "can be decided unseen" not in page and "laid down here" in page
    fields = claimed(reviewer, home.known)
    told = {"outcome": "abusive", "grounds": "listed_copy"}
    answer = reviewer.submit(f"/cases/{home.known}/decide", fields, **told)
    assert answer.status_code == 422
    assert "policy asks for a look" in answer.text
    assert (
        "every decision is reviewed"
        in lead.submit("/policies", {"list": "known", "label": "benign", "twice": "1"}).text
    )


def test_an_error_page_wears_the_persons_colours(reviewer: Browser) -> None:
    assert "data-theme" not in reviewer.look("/nowhere").text
    reviewer.look("/preferences")
    reviewer.submit("/preferences/theme", theme="dark")
    answer = reviewer.look("/nowhere")
    assert answer.status_code == 404
    assert 'data-theme="dark"' in answer.text
    reviewer.cookies.clear()
    assert "data-theme" not in reviewer.look("/nowhere").text
