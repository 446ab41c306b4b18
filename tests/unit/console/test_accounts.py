"""Accounts and roles in the console: by name alone, by the same rules as on the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.console_home import Home
from tests.instance import instance
from tests.unit.console.conftest import Browser

from tutela.access import set_up
from tutela.access.gate import OPERATOR_OF_THE_MACHINE, SHELL, Principal
from tutela.access.roles import Role, permissions
from tutela.access.roster import Ago, ago
from tutela.access.sessions import FRESH, sessions
from tutela.audit.entry import Action
from tutela.errors import NotSignedIn
from tutela.storage.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tutela.access.accounts import Account
    from tutela.bootstrap import Platform

NAME = "Carla Example"
_ADDRESS = re.compile(r'class="secret"[^>]*>[^<]*(/one-time/[\w-]+)<')


class Office:
    """An instance, an administrator's browser in it, and a clock that can be moved."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.home = Home(platform, {}, "", "", "")
        self.first = platform.accounts.create(SHELL, "first administrator", (Role.ADMINISTRATOR,))
        self.second = platform.accounts.create(SHELL, "second one", (Role.ADMINISTRATOR,))
        self.browser = self.enter(self.first)

    def enter(self, account: Account) -> Browser:
        browser = Browser(self.home)
        path = f"/one-time/{self.platform.sign_ins.issue(SHELL, account.id).token}"
        browser.look(path)
        browser.submit(path)
        browser.look("/accounts")
        return browser

    def close_set_up(self) -> None:
        with self.platform.audit.change(SHELL) as change:
            set_up.close_if_due(change, set_up.ENOUGH)

    def confirm(self) -> None:
        """Let the second administrator confirm the newest request."""
        caller = Principal(self.second.actor, permissions(self.second.roles))
        self.platform.approvals.confirm(caller, self.platform.approvals.newest()[0].id)

    def actions(self, account: Account) -> list[str]:
        return [one.action for one in self.platform.audit.entries(account.id)]


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    with instance(tmp_path, database_url, demo=True) as platform:
        yield Office(platform)


def test_a_person_is_added_gets_a_way_in_and_goes(office: Office) -> None:
    added = office.browser.submit("/accounts/add", name=NAME, kind="person", role="reviewer")
    carla = office.platform.accounts.named(NAME)
    handed = _ADDRESS.search(added.text)
    assert handed
    assert (carla.kind, carla.roles) == ("person", (Role.REVIEWER,))
    inside = Browser(office.home)
    inside.look(handed[1])
    inside.submit(handed[1])
    assert inside.look("/queue").status_code == 200
    page = office.browser.look("/accounts").text
    assert handed[1] not in page
    row = page.partition(NAME)[2].partition("</summary>")[0]
    assert "in now" in row
    assert Ago.WEEK in row
    office.browser.submit("/accounts/end-sessions", name=NAME)
    assert inside.look("/queue").url.path == "/console/sign-in"
    office.browser.submit("/accounts/disable", name=NAME)
    assert office.platform.accounts.load(carla.id).disabled
    assert "disabled" in office.browser.look("/accounts").text
    office.browser.submit("/accounts/enable", name=NAME)
    assert not office.platform.accounts.load(carla.id).disabled
    office.browser.submit("/accounts/revoke", name=NAME, role="reviewer")
    assert office.platform.accounts.load(carla.id).roles == ()
    for one in (Action.ACCOUNT_LOGGED_OUT, Action.ACCOUNT_DISABLED, Action.ACCOUNT_ENABLED):
        assert one.value in office.actions(carla)


def test_after_set_up_a_role_waits_for_another_person(office: Office) -> None:
    office.close_set_up()
    refused = office.browser.submit("/accounts/add", name=NAME, kind="person", role="reviewer")
    assert refused.status_code == 403
    assert "without a role" in refused.text
    office.browser.submit("/accounts/add", name=NAME, kind="person", role="")
    carla = office.platform.accounts.named(NAME)
    alone = office.browser.submit("/accounts/grant", name=NAME, role="lead")
    assert alone.status_code == 403
    assert "Another person must confirm" in alone.text
    assert carla.id not in alone.text
    asked = office.browser.submit(
        "/accounts/grant", name=NAME, role="lead", act="ask", reason="a new lead"
    )
    assert asked.url.path == "/console/approvals"
    assert NAME in asked.text
    assert carla.id not in asked.text
    office.browser.look("/accounts")
    assert office.browser.submit("/accounts/grant", name=NAME, role="lead").status_code == 403
    office.confirm()
    assert office.browser.submit("/accounts/grant", name=NAME, role="auditor").status_code == 403
    office.browser.submit("/accounts/grant", name=NAME, role="lead")
    assert office.platform.accounts.load(carla.id).roles == (Role.LEAD,)
    # What it had comes back by two as well; taking it away needs one.
    office.browser.submit("/accounts/disable", name=NAME)
    assert office.browser.submit("/accounts/enable", name=NAME).status_code == 403
    assert office.platform.accounts.load(carla.id).disabled
    office.browser.submit("/accounts/enable", name=NAME, act="ask", reason="back from leave")
    office.confirm()
    office.browser.submit("/accounts/enable", name=NAME)
    assert not office.platform.accounts.load(carla.id).disabled


def test_names_stand_beside_neither_ids_nor_pseudonyms(office: Office) -> None:
    office.browser.submit("/accounts/add", name=NAME, kind="person", role="lead")
    me = office.first
    for one in office.platform.accounts.all():
        page = office.browser.look("/accounts").text
        if one.kind == "person":
            assert one.name in page
            assert one.id not in page
            # One's own is at the top of every page, for oneself alone.
            assert one.pseudonym not in page or one.id == me.id


def test_the_tokens_of_machines_are_listed_and_ended(office: Office) -> None:
    office.browser.submit("/accounts/add", name="uploads", kind="machine", role="intake")
    machine = office.platform.accounts.named("uploads")
    issued = office.platform.tokens.issue(OPERATOR_OF_THE_MACHINE, machine.id, "the upload form")
    office.platform.tokens.authenticate(issued.token)
    page = office.browser.look("/accounts").text
    assert "the upload form" in page
    assert issued.token not in page
    ended = office.browser.submit(f"/accounts/tokens/{issued.id}/revoke")
    assert "revoked" in ended.text
    with pytest.raises(NotSignedIn):
        office.platform.tokens.authenticate(issued.token)


def test_a_session_found_open_gives_nobody_anything_and_can_take(office: Office) -> None:
    carla = office.platform.accounts.create(SHELL, NAME, (Role.REVIEWER,))
    stale = office.browser
    long_ago = utc_now() - FRESH - timedelta(seconds=1)
    with office.platform.database.bookkeeping() as connection:
        connection.execute(sessions.update().values(started_at=long_ago))
    for path, fields in (
        ("add", {"name": "another", "kind": "person"}),
        ("grant", {"name": NAME, "role": "lead"}),
        ("sign-in", {"name": NAME}),
        ("enable", {"name": NAME}),
    ):
        refused = stale.submit(f"/accounts/{path}", fields)
        assert refused.status_code == 403, path
        assert "too old" in refused.text
    stale.look("/accounts")
    stale.submit("/accounts/disable", name=NAME)
    assert office.platform.accounts.load(carla.id).disabled


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (None, Ago.NEVER),
        (0, Ago.WEEK),
        (6.9, Ago.WEEK),
        (7, Ago.MONTH),
        (31, Ago.QUARTER),
        (92, Ago.LONGER),
    ],
)
def test_when_somebody_was_last_here_is_said_coarsely(days: float | None, said: Ago) -> None:
    now = utc_now()
    assert ago(None if days is None else now - timedelta(days=days), now) is said
