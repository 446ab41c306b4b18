"""Golden checks in the console: like any case until they are over, and then said to be checks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.unit.console.conftest import Browser, signed_in
from tests.unit.console.test_casework import claimed

from tutela.access.roles import Role
from tutela.platform.golden import Mix

if TYPE_CHECKING:
    from tests.console_home import Home

_LEASE = re.compile(r'name="lease" value="([0-9a-f]+)"')
_ACTION = re.compile(r'action="/console/([^"]+)"')
_HEADING = re.compile(r"<h[23][^>]*>(.*?)</h[23]>", re.DOTALL)
_ID = re.compile(r"(cas|itm|viw)_[0-9A-Z]{26}")


def shape(page: str) -> tuple[list[str], list[str]]:
    """Return the headings and the forms of a page, without identifiers."""
    main = page.partition("<main")[2].partition("</main>")[0]
    headings = [re.sub(r"\s+", " ", one) for one in _HEADING.findall(main)]
    return headings, [_ID.sub("id", one) for one in _ACTION.findall(main)]


def dealt(home: Home, browser: Browser) -> tuple[str, str]:
    """Take the next case, which is a check; return its path and its page."""
    home.platform.golden.mix = Mix(share=1.0, smallest_group=2)
    page = browser.submit("/next")
    path = str(page.url.path).removeprefix("/console")
    assert home.platform.golden.is_check(path.rpartition("/")[2]), path
    return path, page.text


def test_a_check_looks_like_the_case_it_takes_after(home: Home, reviewer: Browser) -> None:
    lead = signed_in(home, Role.LEAD)
    assert "No set is in" in lead.look("/agreement").text
    assert "Take out" in lead.submit("/golden/install").text
    path, page = dealt(home, reviewer)
    lead.look("/queue")
    claimed(lead, home.near)
    real = lead.look(f"/cases/{home.near}").text
    assert shape(page) == shape(real)
    assert "This was a check" not in page and "golden" not in page
    assert path in reviewer.look("/queue").text
    # It is nobody else's, and no colleague's queue has it.
    assert path not in lead.look("/queue").text
    assert lead.look(path).status_code == 404
    lease = _LEASE.search(page)
    assert lease
    fields = {"lease": lease[1]}
    # What is typed stays, a wrong form is said to be wrong, and a look is given by the same grant.
    assert reviewer.submit(f"{path}/typed", note="half a word").status_code == 204
    assert "half a word" in reviewer.look(path).text
    assert reviewer.submit(f"{path}/decide", fields, size="1").status_code == 422
    item = re.search(r'name="item" value="(itm_\w+)"', reviewer.look(path).text)
    assert item
    page = reviewer.submit(f"{path}/views", item=item[1], fidelity="tiny").text
    shown = re.search(r'<img src="/console(/views/viw_[0-9A-Z]+)"', page)
    assert shown and reviewer.get(f"/console{shown[1]}").content.startswith(b"\x89PNG")
    page = reviewer.submit(
        f"{path}/decide", fields, size="1", outcome="not_abusive", grounds="wrong_match"
    ).text
    assert "This was a check" in page and "Right: not abusive" in page
    assert "My checks" in reviewer.look("/day").text
    assert "My checks" not in lead.look("/day").text
    assert "Fewer than 2 people" in lead.look("/agreement").text
    # Nobody who puts them in is given one.
    assert not home.platform.golden.is_check(str(lead.submit("/next").url.path).rpartition("/")[2])


def test_passing_a_check_on_ends_it_with_a_word_to_its_person(
    home: Home, reviewer: Browser
) -> None:
    home.platform.golden_sets.install_drawn(home.people[Role.LEAD].actor)
    before = home.platform.queue.counts()
    for act, fields in (
        ("skip", {}),
        ("hand-over", {"to": home.people[Role.LEAD].id, "said": "please"}),
        ("escalate", {"reason": "danger"}),
    ):
        path, _ = dealt(home, reviewer)
        page = reviewer.submit(f"{path}/{act}", fields, lease="any").text
        assert "You did not decide it" in page
    lead = signed_in(home, Role.LEAD)
    for name in ("queue", "decided", "referrals", "appeals"):
        assert ">danger now</" not in lead.look(f"/{name}").text.partition("<tbody")[2]
    assert home.platform.queue.counts() == before
    assert lead.submit("/golden/drawn/remove").status_code == 200
    assert reviewer.look("/queue").status_code == 200


def test_leads_are_told_of_groups_alone(home: Home) -> None:
    lead = signed_in(home, Role.LEAD)
    home.platform.golden.mix = replace(home.platform.golden.mix, smallest_group=5)
    page = lead.look("/agreement").text
    assert "Fewer than 5 people" in page
