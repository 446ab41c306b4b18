"""The page of obligations says what binds this operator, and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.console_home import reopened
from tests.unit.console.conftest import Browser, signed_in

from tutela import settings as settings_file
from tutela.access.roles import Role

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock

US, GB = "18 U.S.C. § 2258A", "Online Safety Act 2023 s. 66(2)"


def binding(page: str) -> str:
    """Return what the page says before the obligations that do not bind."""
    return page.partition("<main")[2].partition("<details")[0]


def with_settings(home: Home, clock: FixedClock, text: str) -> Home:
    file = home.platform.settings.home / settings_file.SETTINGS_FILE
    home.platform.close()
    file.write_text(file.read_text() + text)
    return replace(home, platform=reopened(file.parent, clock))


def test_no_law_is_applied_to_who_says_nothing(home: Home, reviewer: Browser) -> None:
    page = reviewer.look("/obligations").text
    assert "not stated, so no law is applied" in page
    assert US not in binding(page) and US in page
    assert "CyberTipline" in binding(page), "told of everything, whatever is owed"


def test_what_binds_stands_first_with_its_section_and_clock(home: Home, clock: FixedClock) -> None:
    told = (
        '[provider]\ncountry = "US"\noffers_in = ["GB"]\nrefers_to = []\n'
        '[obligations."gb.66-abroad"]\nchecked_by = "Counsel & Co"\nchecked_on = 2026-06-01\n'
        "due_hours = 7\nkeep_days = 401\n"
    )
    home = with_settings(home, clock, told)
    try:
        page = binding(signed_in(home, Role.LEAD).look("/obligations").text)
    finally:
        home.platform.close()
    assert page.count("It binds: the operator is established there.") == 1
    assert page.count("It binds: the service is offered there.") == 1
    assert US in page and GB in page
    # Counsel's figures are in force, by their name and day.
    assert "7 h" in page and "401 days" in page
    assert "Counsel &amp; Co" in page and "2026-06-01" in page


def test_the_lawyers_words_are_marked_as_english_elsewhere(home: Home) -> None:
    lead = signed_in(home, Role.LEAD)
    lead.look("/preferences")
    lead.submit("/preferences/language", language="ar")
    page = lead.look("/obligations").text
    assert '<span lang="en" dir="ltr">as soon as reasonably possible' in page
