"""Alarms in the console: a line on every page, a page to acknowledge, and silence that is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.fixed_clock import START
from tests.unit.console.conftest import signed_in

from tutela.access.roles import Permission, Role, permissions
from tutela.alarms import heartbeats
from tutela.alarms.alarm import Finding, Kind
from tutela.console.banner import is_unwatched

if TYPE_CHECKING:
    from tests.console_home import Home

_QUEUE = Finding(Kind.QUEUE_OLD, "", "The oldest case has waited 2 days <for> a decision.")
_LIST = Finding(Kind.LIST_OLD, "lst_1", "The list was last updated 3 days <for> ago.")


@pytest.mark.parametrize("path", ["/queue", "/decided", "/referrals", "/audit", "/alarms"])
def test_every_page_carries_the_line(home: Home, path: str) -> None:
    browser = signed_in(home, Role.LEAD)
    assert 'role="alert"' not in browser.look(path).text
    home.platform.board.update([_QUEUE, _LIST])
    page = browser.look(path).text
    assert 'role="alert"' in page
    assert "And 1 more." in page
    assert "&lt;for&gt;" in page
    assert "<for>" not in page


def test_who_cannot_handle_alarms_still_sees_the_line(home: Home) -> None:
    home.platform.board.update([_QUEUE])
    page = signed_in(home, Role.REVIEWER).look("/queue").text
    assert "A case waits too long" in page
    assert 'href="/console/alarms"' not in page


def test_acknowledging_takes_the_line_away_and_keeps_the_note(home: Home) -> None:
    home.platform.board.update([_QUEUE])
    [alarm] = home.platform.board.standing()
    browser = signed_in(home, Role.LEAD)
    browser.look("/alarms")
    answer = browser.post(
        f"/console/alarms/{alarm.id}/acknowledge",
        data={"csrf": browser.word, "note": "More people from noon on."},
    )
    assert 'role="alert"' not in answer.text
    assert "More people from noon on." in answer.text
    home.platform.board.update([])
    assert "Cleared" in browser.look("/alarms").text


def test_a_watch_that_stopped_is_seen(home: Home) -> None:
    browser = signed_in(home, Role.REVIEWER)
    at = home.platform.clock() - timedelta(minutes=6)
    heartbeats.beat(home.platform.database, heartbeats.WATCH, at)
    assert "Nobody watches" in browser.look("/queue").text
    heartbeats.beat(home.platform.database, heartbeats.WATCH, home.platform.clock())
    assert "Nobody watches" not in browser.look("/queue").text


def test_only_a_watch_that_began_can_stop() -> None:
    assert not is_unwatched(None, START)
    assert not is_unwatched(START, START + timedelta(minutes=5))
    assert is_unwatched(START, START + timedelta(minutes=5, seconds=1))


def test_who_runs_the_instance_and_who_leads_handle_alarms() -> None:
    may = {role for role in Role if Permission.ALARM_HANDLE in permissions((role,))}
    assert may == {Role.ADMINISTRATOR, Role.LEAD}
    assert permissions((Role.MONITOR,)) == {Permission.METRICS_READ}
