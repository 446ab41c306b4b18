"""The stage through the console: a spot revealed at a time, and evidence that cannot be shown."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed, shown

from tutela.access.roles import Role
from tutela.alarms.alarm import Kind
from tutela.audit.entry import Action
from tutela.cases.tiles import MOST_TILES
from tutela.cases.viewing import Fidelity
from tutela.evidence import record
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from pathlib import Path

    from tests.console_home import Home

_TILE = re.compile(r'<img class="tile" src="/console(/views/viw_[0-9A-Z]+/tiles/til_[0-9A-Z]+)"')
HTMX = {"HX-Request": "true"}


def revealed(browser: Browser, view: str, across: int = 500, down: int = 500) -> str:
    """Ask for a tile as the script does; return what the page gets."""
    data = {"csrf": browser.word, "across": str(across), "down": str(down)}
    answer = browser.post(f"/console{view}/tiles", data=data, headers=HTMX)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


def ground(browser: Browser, home: Home) -> str:
    """Claim the listed case and have its ground shown; return the view's path."""
    claimed(browser, home.known)
    address = shown(browser, home, home.known, "reveal")
    assert browser.get(address).status_code == 200
    return address.removeprefix("/console")


def test_a_spot_is_revealed_once_and_is_no_view_of_its_own(home: Home, reviewer: Browser) -> None:
    view = ground(reviewer, home)
    part = revealed(reviewer, view)
    assert f"{MOST_TILES - 1} more in this look" in part
    found = _TILE.search(part)
    assert found
    answer = reviewer.get(f"/console{found[1]}")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).mode == "RGBA"
    assert reviewer.get(f"/console{found[1]}").status_code == 403
    reviewer.submit(f"{view}/end")
    (seen,) = home.platform.viewing.of_case(home.known)
    assert seen.fidelity is Fidelity.REVEAL


def test_tiles_are_anothers_or_over_or_spent(home: Home, reviewer: Browser) -> None:
    view = ground(reviewer, home)
    lead = signed_in(home, Role.LEAD)
    lead.look("/queue")
    fields = {"across": "1", "down": "1"}
    assert lead.submit(f"{view}/tiles", fields).status_code == 403
    for wrong in ({"across": "x"}, {"across": "1001"}, {"across": "-1"}):
        assert reviewer.submit(f"{view}/tiles", {**fields, **wrong}).status_code == 422
    for _ in range(MOST_TILES):
        revealed(reviewer, view)
    assert reviewer.submit(f"{view}/tiles", fields).status_code == 409
    reviewer.submit(f"{view}/end")
    assert reviewer.submit(f"{view}/tiles", fields).status_code == 403
    why = [
        one.details["why"]
        for one in home.platform.audit.entries(home.known)
        if one.action == Action.VIEW_REFUSED
    ]
    assert why == ["foreign", "spent", "over"]


def test_revealing_works_without_scripts(home: Home, reviewer: Browser) -> None:
    view = ground(reviewer, home)
    item = home.items(home.known)[0]
    page = reviewer.submit(
        f"{view}/tiles", {"across": "10", "down": "990", "case": home.known, "item": item}
    )
    found = _TILE.search(page.text)
    assert found and "Show this spot" in page.text
    assert reviewer.get(f"/console{found[1]}").status_code == 200
    # Forged fields lead nowhere else.
    away = reviewer.submit(
        f"{view}/tiles", {"across": "1", "down": "1", "case": "//evil.example", "item": item}
    )
    assert away.url.path == "/console/queue"


def sealed_file(home: Home, case_id: str) -> Path:
    """Return where the sealed bytes of a case's first file rest."""
    platform = home.platform
    with platform.database.reading() as connection:
        query = record.evidence.select().where(record.evidence.c.item_id == home.items(case_id)[0])
        identity = connection.execute(query).one().id
    return platform.settings.home / "objects" / record.place(identity)


def alarms(home: Home) -> list[str]:
    home.platform.alarm_watch.keep()
    return [
        one.subject
        for one in home.platform.board.standing()
        if one.kind is Kind.EVIDENCE_UNAVAILABLE
    ]


def test_missing_evidence_is_a_state_that_alarms_and_is_never_harmless(
    home: Home, reviewer: Browser
) -> None:
    fields = claimed(reviewer, home.near)
    assert "Evidence unavailable" not in reviewer.look(f"/cases/{home.near}").text
    place = sealed_file(home, home.near)
    away = place.rename(place.with_suffix(".away"))
    assert reviewer.get(shown(reviewer, home, home.near, "sketch")).status_code == 404
    page = reviewer.look(f"/cases/{home.near}").text
    assert "Evidence unavailable" in page
    assert "its sealed bytes are not in the object store" in page
    part = reviewer.get(f"/console/cases/{home.near}/availability", headers=HTMX)
    assert part.text.startswith('<div id="availability"')
    assert "Evidence unavailable" in part.text
    assert alarms(home) == ["missing"]
    for grounds in ("wrong_match", "lawful_content", "unreadable_but_harmless"):
        refused = reviewer.submit(
            f"/cases/{home.near}/decide",
            fields,
            outcome="not_abusive",
            grounds=grounds,
            note="it did not load",
        )
        assert refused.status_code == 422
        assert "unavailable" in refused.text
    item = home.items(home.near)[0]
    page = reviewer.submit(f"/cases/{home.near}/recheck", item=item).text
    assert "Evidence unavailable" in page
    away.rename(place)
    page = reviewer.submit(f"/cases/{home.near}/recheck", item=item).text
    assert '<h2 id="unavailable-title">' not in page
    assert "Evidence available again" in page
    assert alarms(home) == []
    assert home.platform.viewing.of_case(home.near) == ()
    decided = reviewer.submit(
        f"/cases/{home.near}/decide", fields, outcome="not_abusive", grounds="wrong_match"
    )
    assert decided.status_code == 200


def test_a_listed_copy_is_decided_by_its_list_though_its_evidence_is_away(
    home: Home, reviewer: Browser
) -> None:
    fields = claimed(reviewer, home.known)
    sealed_file(home, home.known).unlink()
    reviewer.get(shown(reviewer, home, home.known, "sketch"))
    assert alarms(home) == ["missing"]
    reviewer.submit(f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy")
    (referral,) = home.platform.register.for_case(home.known)
    assert referral.state is State.DRAFTED
    assert [file.viewed for file in referral.draft.files] == [False]
    assert alarms(home) == [], "a decided case waits for nobody"


@pytest.mark.parametrize("tried", [False, True])
def test_what_cannot_be_drawn_is_harmless_only_with_a_reason(
    home: Home, reviewer: Browser, tried: bool
) -> None:
    """Whether or not somebody tried to look."""
    fields = claimed(reviewer, home.unread)
    if tried:
        reviewer.get(shown(reviewer, home, home.unread, "sketch"))
        assert "no picture can be drawn" in reviewer.look(f"/cases/{home.unread}").text
        assert alarms(home) == ["undrawable"]

    def decide(grounds: str, note: str) -> int:
        return reviewer.submit(
            f"/cases/{home.unread}/decide",
            fields,
            outcome="not_abusive",
            grounds=grounds,
            note=note,
        ).status_code

    assert decide("lawful_content", "it did not load") == 422
    assert decide("unreadable_but_harmless", "  ") == 422
    assert decide("unreadable_but_harmless", "cut off by our own proxy") == 200


def test_checking_again_needs_leave_to_look(home: Home, reviewer: Browser) -> None:
    item = home.items(home.known)[0]
    auditor = signed_in(home, Role.AUDITOR)
    assert auditor.submit(f"/cases/{home.known}/recheck", item=item).status_code == 403
    reviewer.look("/queue")
    other = reviewer.submit(f"/cases/{home.near}/recheck", item=item)
    assert other.status_code == 404
