"""The page of lists: what waits is accepted or refused, a list is switched off and on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.casework import ANNA
from tests.unit.console.conftest import signed_in

from tutela.access.roles import Role
from tutela.hashlists.source import Pinned

if TYPE_CHECKING:
    from tests.console_home import Home


def test_what_waits_is_decided_and_a_list_is_switched(home: Home) -> None:
    lists = home.platform.lists
    lists.pin(ANNA, Pinned("known", most_a_day=0))
    for word in ("5a", "5b"):
        lists.import_file(ANNA, "known", f"md5\n{word * 16}\n".encode())
    before = lists.show("known").entries
    browser = signed_in(home, Role.LEAD)
    page = browser.look("/lists").text
    assert page.count("waits</span>") == 2
    assert "more entries in a day than it may" in page
    first, second = lists.waiting()
    assert browser.submit(f"/lists/pending/{first.id}/refuse", reason="x").status_code == 200
    assert browser.submit(f"/lists/pending/{second.id}/accept", reason="x").status_code == 200
    assert (lists.waiting(), lists.show("known").entries) == ([], before + 1)
    known = lists.show("known").id
    assert "doubted" in browser.submit(f"/lists/{known}/off", reason="doubted").text
    assert lists.show("known").off
    browser.submit(f"/lists/{known}/on")
    assert not lists.show("known").off
    last = home.platform.audit.entries(known)[-1]
    assert last.actor.startswith("person:")
