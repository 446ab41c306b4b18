"""My day and the team's page: a person's own figures are that person's, and limits hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed, shown

from tutela.access.roles import Role
from tutela.audit.entry import Action

if TYPE_CHECKING:
    from httpx import Response
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock


def looked(browser: Browser, home: Home, clock: FixedClock, times: int) -> None:
    """Look in colour, ten seconds each, at a case that is held."""
    for _ in range(times):
        address = shown(browser, home, home.near, "colour", "a benign test")
        assert browser.get(address).status_code == 200
        clock.advance(10)
        browser.submit(f"{address.removeprefix('/console')}/end", case=home.near)


def test_a_day_is_told_to_the_person_alone(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    claimed(reviewer, home.near)
    looked(reviewer, home, clock, 2)
    page = reviewer.look("/day").text
    # Two looks, each colour 2 x undecided 2 x (1 + 10 s / 10).
    assert "<b>16</b> of 450 points" in page
    assert "2, at 1 file, for 20 s in all" in page
    assert "<b>16</b> of 450 points" in reviewer.look(f"/cases/{home.near}").text
    lead = signed_in(home, Role.LEAD)
    assert "<b>0</b> of 450 points" in lead.look("/day").text
    team = lead.look("/team").text
    assert "16 points" not in team
    assert home.people[Role.REVIEWER].pseudonym in team  # to allow them more, without a figure
    assert "nothing is told" in team


def test_warned_spent_and_allowed_more(home: Home, reviewer: Browser, clock: FixedClock) -> None:
    claimed(reviewer, home.near)
    budget = home.platform.budget
    budget.limits = replace(budget.limits, soft=16, hard=24)
    looked(reviewer, home, clock, 2)
    assert "You have seen much today" in reviewer.look(f"/cases/{home.near}").text
    looked(reviewer, home, clock, 1)
    page = reviewer.look(f"/cases/{home.near}").text
    assert "Nothing more is shown until 04:00 UTC" in page
    refused = ask(reviewer, home)
    assert refused.status_code == 403
    assert "what one day should hold" in refused.text
    lead = signed_in(home, Role.LEAD)
    lead.look("/team")
    person = home.people[Role.REVIEWER]
    fields = {"to": person.id, "points": "10", "reason": "A benign test cannot wait."}
    assert lead.submit("/team/override", fields).url.path == "/console/team"
    own = {**fields, "to": home.people[Role.LEAD].id}
    assert lead.submit("/team/override", own).status_code == 403
    page = reviewer.look("/day").text
    assert f"{home.people[Role.LEAD].pseudonym} allowed 10 points more" in page
    assert "A benign test cannot wait." in page
    assert ask(reviewer, home).status_code == 200
    overrides = [
        one
        for one in home.platform.audit.entries(person.id)
        if one.action == Action.EXPOSURE_OVERRIDDEN
    ]
    assert [one.actor for one in overrides] == [str(home.people[Role.LEAD].actor)]


def ask(browser: Browser, home: Home) -> Response:
    """Ask for a look in colour."""
    item = home.items(home.near)[0]
    return browser.submit(
        f"/cases/{home.near}/views", item=item, fidelity="colour", purpose="a benign test"
    )


def test_a_break_is_due_after_a_long_stretch(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    for _ in range(7):
        claimed(reviewer, home.near)
        looked(reviewer, home, clock, 1)
        clock.advance(8 * 60)
    assert "Take a break" in reviewer.look(f"/cases/{home.near}").text
    clock.advance(10 * 60)
    assert "Take a break" not in reviewer.look(f"/cases/{home.near}").text


def test_stop_for_today_gives_cases_back_and_offers_none(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.near)
    page = reviewer.submit("/day/stop").text
    assert "You stopped at" in page
    for path in ("/next", f"/cases/{home.near}/claim"):
        answer = reviewer.submit(path)
        assert answer.status_code == 403
        assert "You have stopped for today" in answer.text
    lead = signed_in(home, Role.LEAD)
    claimed(lead, home.near)
    reviewer.look("/day")
    assert "Stop for today" in reviewer.submit("/day/resume").text
    assert reviewer.submit("/next").status_code == 200


def test_opting_out_asks_no_reason_and_holds(home: Home, reviewer: Browser) -> None:
    page = reviewer.look("/day").text
    assert 'name="not_label:benign"' in page
    assert 'name="not_harm:enticement"' in page
    page = reviewer.submit("/day/opt-outs", {"not_kind:near": "1"}).text
    assert 'name="not_kind:near" value="1" checked' in page
    assert home.near not in reviewer.look("/queue").text
    taken = []
    while (answer := reviewer.submit("/next")).url.path != "/console/queue":
        taken.append(str(answer.url.path).removeprefix("/console/cases/"))
        fields = {"lease": answer.text.partition('name="lease" value="')[2][:32]}
        reviewer.submit(f"/cases/{taken[-1]}/skip", fields)
    assert set(taken) == {home.known, home.unread}
    lead = signed_in(home, Role.LEAD)
    assert home.near in lead.look("/queue").text
    assert reviewer.submit("/day/opt-outs", {"not_label:nothing": "1"}).status_code == 422


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.LEAD])
def test_the_meter_comes_alone(home: Home, role: Role) -> None:
    page = signed_in(home, role).look("/day/meter").text
    assert page.startswith('<div id="budget"')


def test_the_team_sees_the_work(home: Home, reviewer: Browser, clock: FixedClock) -> None:
    fields = claimed(reviewer, home.near)
    told = {"outcome": "not_abusive", "grounds": "wrong_match"}
    reviewer.submit(f"/cases/{home.near}/decide", fields, **told)
    # Lists are told when the decision can no longer be undone.
    clock.advance(60)
    while home.platform.worker.step():
        pass
    lead = signed_in(home, Role.LEAD)
    page = lead.look("/team").text
    assert "Of 1 decision in 30 days 1 stand (100 %" in page
    assert "<title>listed copies, under 4 h: 1</title>" in page
    assert "0 of 1 right" in page
    assert page.count('role="img"') == 3
    assert "style=" not in page
    assert reviewer.look("/team").status_code == 403
