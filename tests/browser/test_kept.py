"""Nothing typed is lost, a decision is undone by a key, and two people never share a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.browser.entering import LISTENING, enter

from tutela.access.roles import Role
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.cases.viewing import Fidelity

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Tab
    from tests.console_home import Home

    from tutela.audit.entry import Actor
    from tutela.cases.case import Case

pytestmark = pytest.mark.browser


def person(home: Home, role: Role = Role.REVIEWER) -> Actor:
    return home.people[role].actor


def load(home: Home, case_id: str) -> Case:
    with home.platform.database.reading() as connection:
        return cases_on_record.load(connection, case_id)


def claimed(tab: Tab, home: Home) -> Page:
    """Enter as a reviewer and claim the known case by its key."""
    enter(tab, home, home.people[Role.REVIEWER])
    tab.open(f"/cases/{home.known}")
    tab.page.wait_for_selector(LISTENING)
    tab.page.keyboard.press("c")
    tab.page.wait_for_selector(f"{LISTENING} #lease")
    return tab.page


def test_a_reload_and_another_browser_find_what_was_typed(tab: Tab, home: Home) -> None:
    page = claimed(tab, home)
    page.keyboard.press("a")
    page.keyboard.press("d")
    page.keyboard.type("half a thou")
    # At once, before any pause: the page says goodbye with what it has.
    page.reload()
    page.wait_for_selector(LISTENING)
    assert page.input_value("[data-note]") == "half a thou"
    assert page.is_checked("[value=listed_copy]")
    page.wait_for_selector("text=Kept.")
    with page.expect_response("**/typed"):
        page.fill("[data-note]", "a whole thought")
    page.wait_for_timeout(300)
    # The browser dies; another one is opened.
    assert page.context.browser
    other = page.context.browser.new_context()
    enter(tab, home, home.people[Role.REVIEWER], other)
    page.context.close()
    again = other.new_page()
    again.goto(f"{tab.address}/console/cases/{home.known}")
    assert again.input_value("[data-note]") == "a whole thought"
    ours = "Object.keys(sessionStorage).filter(one => one.startsWith('tutela-'))"
    assert again.evaluate(ours) == []


def test_what_the_server_does_not_take_stays_in_the_tab(tab: Tab, home: Home) -> None:
    page = claimed(tab, home)
    page.route("**/typed", lambda route: route.abort())
    page.fill("[data-note]", "while it was down")
    page.wait_for_selector("text=the server does not answer")
    assert home.platform.typed.of(home.known, person(home)).fields == {}
    page.unroute("**/typed")
    page.reload()
    assert page.input_value("[data-note]") == "while it was down"
    page.wait_for_selector("text=Kept.")
    kept = home.platform.typed.of(home.known, person(home)).fields
    assert kept["note"] == "while it was down"


def test_two_tabs_do_not_overwrite_each_other_unseen(tab: Tab, home: Home) -> None:
    claimed(tab, home)
    browser = tab.page.context.browser
    assert browser
    context = browser.new_context()
    enter(tab, home, home.people[Role.REVIEWER], context)
    page, second = context.new_page(), context.new_page()
    for one in (page, second):
        one.goto(f"{tab.address}/console/cases/{home.known}")
    page.wait_for_selector(LISTENING)
    second.wait_for_selector(LISTENING)
    page.fill("[data-note]", "in the first tab")
    page.wait_for_selector("text=Kept.")
    second.fill("[data-note]", "in the second tab")
    second.wait_for_selector("[data-overtaken]:visible")
    assert home.platform.typed.of(home.known, person(home)).fields["note"] == "in the first tab"
    assert second.input_value("[data-note]") == "in the second tab"
    second.click("text=Take those")
    second.wait_for_selector(LISTENING)
    assert second.input_value("[data-note]") == "in the first tab"


def test_a_decision_is_undone_by_a_key_with_what_was_typed(tab: Tab, home: Home) -> None:
    page = claimed(tab, home)
    page.keyboard.press("a")
    page.keyboard.press("d")
    page.keyboard.type("pressed too soon")
    page.focus("[data-decide]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-leaves]")
    # From another page, with another case before the person.
    tab.open("/queue")
    page.wait_for_selector(f"{LISTENING} [data-leaves]")
    page.wait_for_selector("text=/It leaves in \\d+ s/")
    page.keyboard.press("u")
    page.wait_for_selector(f"{LISTENING} #lease")
    assert page.url.endswith(home.known)
    assert page.input_value("[data-note]") == "pressed too soon"
    assert page.is_checked("[value=listed_copy]")
    assert load(home, home.known).state is CaseState.OPEN
    assert home.platform.worker.owed() == 0


def test_a_lease_lengthens_while_the_person_is_active_and_only_then(tab: Tab, home: Home) -> None:
    tab.page.clock.install()
    page = claimed(tab, home)
    first = load(home, home.known).leased_until
    page.clock.fast_forward(61_000)
    page.wait_for_timeout(300)
    assert load(home, home.known).leased_until == first, "nobody was there"
    page.keyboard.press("d")
    page.keyboard.type("busy")
    with page.expect_response("**/renew"):
        page.clock.fast_forward(61_000)
    renewed = load(home, home.known).leased_until
    assert first is not None and renewed is not None
    assert renewed > first
    # The new lease stands on the page before its minute runs on.
    page.wait_for_selector(f"#lease[data-until='{renewed.isoformat()}']")
    # It is lost all the same when another one takes it: the words stay.
    with home.platform.database.bookkeeping() as connection:
        now = home.platform.clock()
        connection.execute(cases_on_record.cases.update().values(leased_until=now))
    home.platform.queue.claim(person(home, Role.LEAD), home.known)
    page.keyboard.type("!")
    with page.expect_response("**/renew") as answer:
        page.clock.fast_forward(61_000)
    assert answer.value.status == 409
    page.wait_for_selector("text=Your hold on this case is over")
    assert page.input_value("[data-note]") == "busy!"


@pytest.mark.parametrize("key", ["c", "x"])
def test_two_reviewers_race_and_hold_different_cases(tab: Tab, home: Home, key: str) -> None:
    """`c`: both claim the very same row. `x`: both ask for the next case at once."""
    browser = tab.page.context.browser
    assert browser
    pages: list[Page] = []
    for role in (Role.REVIEWER, Role.LEAD):
        context = browser.new_context()
        enter(tab, home, home.people[role], context)
        page = context.new_page()
        page.goto(f"{tab.address}/console/queue")
        page.wait_for_selector(LISTENING)
        pages.append(page)
    for page in pages:
        page.keyboard.press(key)
    for page in pages:
        page.wait_for_url("**/cases/**")
        page.wait_for_load_state()
    holders = {case: load(home, case).leased_by for case in (home.known, home.near, home.unread)}
    held = [by for by in holders.values() if by]
    assert len(set(held)) == len(held)
    said = [page.inner_text("main") for page in pages]
    if key == "x":
        assert len(held) == 2
        assert pages[0].url != pages[1].url
    else:
        assert len(held) == 1
        assert sum("Another person has this case now" in text for text in said) == 1
        assert sum("Yours" in text for text in said) == 1


def test_who_looks_is_shown_to_others(tab: Tab, home: Home) -> None:
    claimed(tab, home)
    item = home.items(home.known)[0]
    home.platform.viewing.grant(person(home), home.known, item, Fidelity.SKETCH)
    browser = tab.page.context.browser
    assert browser
    context = browser.new_context()
    enter(tab, home, home.people[Role.LEAD], context)
    page = context.new_page()
    page.goto(f"{tab.address}/console/cases/{home.known}")
    name = home.people[Role.REVIEWER].pseudonym
    assert f"held by {name}" in page.inner_text("main")
    assert f"Looking now: {name}" in page.inner_text("#present")
