"""Undo and what was typed, through the console's own forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed

from tutela.access.roles import Role
from tutela.cases.queue import LEASE

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock

WORDS = {"outcome": "abusive", "grounds": "listed_copy", "note": "typed by hand", "is_spam": "1"}


def test_a_decision_is_undone_from_any_page_with_what_was_typed(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    fields = claimed(reviewer, home.known)
    reviewer.submit(f"/cases/{home.known}/decide", fields, **WORDS)
    for page in ("/queue", "/decided", f"/cases/{home.near}"):
        assert (
            f'action="/console/cases/{home.known}/undo" data-leaves="20"'
            in reviewer.look(page).text
        )
    lead = signed_in(home, Role.LEAD)
    assert "/undo" not in lead.look("/queue").text
    assert lead.submit(f"/cases/{home.known}/undo").status_code == 403
    page = reviewer.submit(f"/cases/{home.known}/undo").text
    assert 'name="lease"' in page
    assert ">typed by hand</textarea>" in page
    assert re.search(r'value="listed_copy" required checked', page)
    assert re.search(r'name="is_spam" value="1" checked', page)
    assert "Undone, before anything left" in page
    assert home.platform.worker.owed() == 0


def test_what_left_is_not_undone(home: Home, reviewer: Browser, clock: FixedClock) -> None:
    fields = claimed(reviewer, home.known)
    reviewer.submit(f"/cases/{home.known}/decide", fields, **WORDS)
    clock.advance(20)
    assert "/undo" not in reviewer.look("/queue").text
    assert reviewer.submit(f"/cases/{home.known}/undo").status_code == 409


def test_words_are_kept_and_come_back_also_after_the_lease(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    fields = claimed(reviewer, home.known)
    page = {"writer": "page", "seen": "0"}
    kept = reviewer.submit(f"/cases/{home.known}/typed", {**WORDS, **page, "stroke": "1"})
    assert kept.status_code == 204
    assert ">typed by hand</textarea>" in reviewer.look(f"/cases/{home.known}").text
    clock.advance(LEASE.total_seconds())
    # Too late, and more was typed since: it is refused, and nothing of it is lost.
    more = {**fields, **page, **WORDS, "note": "typed at the last moment"}
    refused = reviewer.submit(f"/cases/{home.known}/decide", more)
    assert (refused.status_code, "hold on this case is over" in refused.text) == (409, True)
    claimed(reviewer, home.known)
    assert ">typed at the last moment</textarea>" in reviewer.look(f"/cases/{home.known}").text
    # Nobody else sees it.
    reviewer.submit(f"/cases/{home.known}/release", fields)
    assert "last moment" not in signed_in(home, Role.LEAD).look(f"/cases/{home.known}").text


def test_two_pages_are_told_of_each_other(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.known)
    path = f"/cases/{home.known}"
    first = {**WORDS, "note": "on the first page", "writer": "first", "stroke": "1", "seen": "0"}
    second = {**WORDS, "note": "on the second page", "writer": "second", "stroke": "1", "seen": "0"}
    assert reviewer.submit(f"{path}/typed", first).status_code == 204
    assert reviewer.submit(f"{path}/typed", second).status_code == 409
    refused = reviewer.submit(f"{path}/decide", {**fields, **second})
    assert refused.status_code == 409
    assert "another page of yours" in refused.text
    # What stands on this page stays on it, and the choice is the person's.
    assert ">on the second page</textarea>" in refused.text
    assert ">on the first page</textarea>" in reviewer.look(path).text
    assert reviewer.submit(f"{path}/typed", second, over="1").status_code == 204
    assert ">on the second page</textarea>" in reviewer.look(path).text
    assert reviewer.submit(f"{path}/typed", {**first, "stroke": "x"}).status_code == 422
