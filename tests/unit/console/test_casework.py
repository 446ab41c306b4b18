"""A case through the console: facts first, leases, looking by grant only, decision, referral."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.console_home import LISTED
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Role
from tutela.cases.queue import LEASE
from tutela.cases.viewing import GRANT, Fidelity
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock

_LEASE = re.compile(r'name="lease" value="([0-9a-f]+)"')
_SHOWN = re.compile(r'<img src="(/console/views/viw_[0-9A-Z]+)"')


def claimed(browser: Browser, case_id: str) -> dict[str, str]:
    """Claim a case; return the hidden fields of its forms."""
    page = browser.submit(f"/cases/{case_id}/claim")
    lease = _LEASE.search(page.text)
    size = re.search(r'name="size" value="(\d+)"', page.text)
    assert lease and size
    return {"lease": lease[1], "size": size[1]}


def shown(browser: Browser, home: Home, case_id: str, fidelity: str, purpose: str = "") -> str:
    """Ask for a look; return the picture's address."""
    item = home.items(case_id)[0]
    page = browser.submit(f"/cases/{case_id}/views", item=item, fidelity=fidelity, purpose=purpose)
    found = _SHOWN.search(page.text)
    assert found, page.text
    return found[1]


def test_the_queue_says_why_each_case_waits(home: Home, reviewer: Browser) -> None:
    page = reviewer.look("/queue").text
    order = [page.index(case) for case in (home.near, home.unread, home.known)]
    assert order == sorted(order)
    assert "as if it had waited 12 h longer" in page
    assert "exact copy" in page
    assert "of 256 bits away" in page
    assert "it could not be read" in page


def test_the_stage_is_empty_on_arrival(home: Home, reviewer: Browser) -> None:
    page = reviewer.look(f"/cases/{home.known}").text
    assert "/console/views/" not in page
    assert "Claim the case to look" in page
    reviewer.submit(f"/cases/{home.known}/claim")
    page = reviewer.look(f"/cases/{home.known}").text
    assert "/console/views/" not in page
    assert "Nothing is shown until you ask" in page


def test_facts_are_there_without_looking(home: Home, reviewer: Browser) -> None:
    page = reviewer.look(f"/cases/{home.near}").text
    for fact in ("known", "entry e1", "PDQ", "of 256 bits", "account-2", "192.0.2.7", "held"):
        assert fact in page
    assert "Screened" in page


def test_two_people_do_not_hold_one_case(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.known)
    lead = signed_in(home, Role.LEAD)
    assert lead.submit(f"/cases/{home.known}/claim").status_code == 409
    assert "held by" in lead.look(f"/cases/{home.known}").text
    for _ in range(2):
        taken = lead.submit("/next")
        assert str(taken.url.path) != f"/console/cases/{home.known}"
        fields = dict(zip(("lease",), _LEASE.search(taken.text).groups(), strict=True))  # type: ignore[union-attr]
        lead.submit(f"{taken.url.path.removeprefix('/console')}/skip", fields)
    assert lead.submit("/next").url.path == "/console/queue"


def test_a_case_is_passed_on(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.near)
    page = reviewer.look(f"/cases/{home.near}").text
    colleague = home.people[Role.LEAD]
    assert f'<option value="{colleague.id}">{colleague.pseudonym}</option>' in page
    # Nobody is named who could not decide it.
    assert home.people[Role.AUDITOR].pseudonym not in page
    refused = reviewer.submit(
        f"/cases/{home.near}/hand-over", fields, to=home.people[Role.AUDITOR].id, said=""
    )
    assert refused.status_code == 422
    told = {"to": colleague.id, "said": "You know the place."}
    assert "kept for" in reviewer.submit(f"/cases/{home.near}/hand-over", fields, **told).text
    lead = signed_in(home, Role.LEAD)
    page = lead.submit("/next").text
    assert "You know the place." in page
    assert home.near in page


def test_danger_puts_a_case_first_and_says_why(home: Home, reviewer: Browser) -> None:
    reviewer.submit(f"/cases/{home.known}/escalate", reason="They are on their way.")
    page = reviewer.look("/queue").text
    assert page.index(home.known) < page.index(home.near)
    assert "danger now" in page
    page = reviewer.look(f"/cases/{home.known}").text
    assert "They are on their way." in page
    assert "before all others" in page


def test_a_queue_of_one_kind(home: Home, reviewer: Browser) -> None:
    page = reviewer.look("/queue?kind=near").text
    assert home.near in page
    assert home.known not in page


def test_giving_back_frees_a_case(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.known)
    assert "<h1>Queue</h1>" in reviewer.submit(f"/cases/{home.known}/release", fields).text
    claimed(signed_in(home, Role.LEAD), home.known)


def test_activity_lengthens_a_lease(home: Home, reviewer: Browser, clock: FixedClock) -> None:
    fields = claimed(reviewer, home.known)
    clock.advance(LEASE.total_seconds() - 1)
    renewed = reviewer.post(
        f"/console/cases/{home.known}/renew",
        data={"csrf": reviewer.word, **fields},
        headers={"HX-Request": "true"},
    )
    assert (clock() + LEASE).isoformat() in renewed.text
    clock.advance(LEASE.total_seconds())
    late = reviewer.submit(f"/cases/{home.known}/renew", fields)
    assert late.status_code == 409


def test_a_look_is_a_reduced_png_once(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.known)
    address = shown(reviewer, home, home.known, "sketch")
    answer = reviewer.get(address)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    picture = Image.open(io.BytesIO(answer.content))
    assert max(picture.size) <= 320
    assert answer.content != LISTED
    assert reviewer.get(address).status_code == 403
    reviewer.submit(f"{address.removeprefix('/console')}/end")
    (view,) = home.platform.viewing.of_case(home.known)
    assert (view.fidelity, view.person) == (
        Fidelity.SKETCH,
        str(home.people[Role.REVIEWER].actor),
    )
    assert "Nobody has looked" not in reviewer.look(f"/cases/{home.known}").text


def test_a_grant_is_its_owners_and_for_seconds(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    claimed(reviewer, home.known)
    address = shown(reviewer, home, home.known, "tiny")
    assert signed_in(home, Role.LEAD).get(address).status_code == 403
    clock.advance(GRANT.total_seconds())
    assert reviewer.get(address).status_code == 403
    assert home.platform.viewing.of_case(home.known) == ()


@pytest.mark.parametrize("fidelity", ["larger", "colour"])
def test_closer_looks_need_a_purpose(home: Home, reviewer: Browser, fidelity: str) -> None:
    claimed(reviewer, home.known)
    item = home.items(home.known)[0]
    for purpose in ("", "   "):
        answer = reviewer.submit(
            f"/cases/{home.known}/views", item=item, fidelity=fidelity, purpose=purpose
        )
        assert answer.status_code == 422
        assert not _SHOWN.search(answer.text)
    reviewer.get(shown(reviewer, home, home.known, fidelity, "tell two apart"))
    assert "tell two apart" in reviewer.look(f"/cases/{home.known}").text


def test_the_original_is_for_leads(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.known)
    item = home.items(home.known)[0]
    fields = {"item": item, "fidelity": "original", "purpose": "why not"}
    assert reviewer.submit(f"/cases/{home.known}/views", fields).status_code == 403
    lead = signed_in(home, Role.LEAD)
    claimed(lead, home.near)
    assert lead.get(shown(lead, home, home.near, "original", "court asks")).status_code == 200


def test_who_does_not_hold_the_case_does_not_look(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    item = home.items(home.known)[0]
    fields = {"item": item, "fidelity": "sketch"}
    assert reviewer.submit(f"/cases/{home.known}/views", fields).status_code == 409
    claimed(signed_in(home, Role.LEAD), home.known)
    assert reviewer.submit(f"/cases/{home.known}/views", fields).status_code == 409
    clock.advance(LEASE.total_seconds())
    assert reviewer.submit(f"/cases/{home.known}/views", fields).status_code == 409


def test_a_file_of_another_case_is_not_shown(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.known)
    fields = {"item": home.items(home.near)[0], "fidelity": "sketch"}
    assert reviewer.submit(f"/cases/{home.known}/views", fields).status_code == 404


def test_broken_evidence_says_so_and_is_no_view(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.unread)
    answer = reviewer.get(shown(reviewer, home, home.unread, "sketch"))
    assert answer.status_code == 422
    assert "cannot be shown" in answer.text
    assert home.platform.viewing.of_case(home.unread) == ()


def test_scripts_get_parts_and_people_get_pages(home: Home, reviewer: Browser) -> None:
    claimed(reviewer, home.known)
    item = home.items(home.known)[0]
    data = {"csrf": reviewer.word, "item": item, "fidelity": "sketch"}
    part = reviewer.post(
        f"/console/cases/{home.known}/views", data=data, headers={"HX-Request": "true"}
    )
    assert part.text.startswith("<figure")
    data["fidelity"] = "colour"
    refused = reviewer.post(
        f"/console/cases/{home.known}/views", data=data, headers={"HX-Request": "true"}
    )
    assert refused.status_code == 422
    assert refused.text.startswith("<p")
    reviewer.cookies.clear()
    gone = reviewer.post(
        f"/console/cases/{home.known}/views", data=data, headers={"HX-Request": "true"}
    )
    assert gone.headers["HX-Redirect"] == "/console/sign-in"


def test_deciding_abusive_drafts_and_approving_sends(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.known)
    page = reviewer.submit(
        f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy", note="seen"
    ).text
    assert "decided on facts, not viewed" in page
    assert "Completeness" in page
    assert "not viewed" in page
    (referral,) = home.platform.register.for_case(home.known)
    assert referral.state is State.DRAFTED
    page = reviewer.submit(f"/referrals/{referral.id}/approve").text
    assert "Approve and send" not in page
    assert home.platform.register.load(referral.id).state is State.APPROVED
    assert reviewer.submit(f"/referrals/{referral.id}/approve").status_code == 409
    part = reviewer.get(f"/console/referrals/{referral.id}", headers={"HX-Request": "true"})
    assert 'aria-current="step">approved' in part.text
    assert "every 2s" in part.text


def test_what_was_typed_survives_a_refused_decision(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.known)
    answer = reviewer.submit(
        f"/cases/{home.known}/decide",
        fields,
        outcome="abusive",
        grounds="viewed",
        age="pubescent",
        note="a long thought",
    )
    assert answer.status_code == 422
    assert "no file was opened in colour" in answer.text
    assert "a long thought" in answer.text
    assert re.search(r'value="viewed" required checked', answer.text)
    assert re.search(r'value="pubescent" checked', answer.text)


def test_facts_without_looking_are_the_lists(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.known)
    refused = reviewer.submit(
        f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy", age="adult"
    )
    assert refused.status_code == 422
    assert "need viewing" in refused.text


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": ""}, {"outcome": "guilty"}, {"grounds": ""}, {"size": "x"}, {"age": "7"}],
)
def test_a_mangled_form_decides_nothing(
    home: Home, reviewer: Browser, wrong: dict[str, str]
) -> None:
    fields = claimed(reviewer, home.known)
    whole = {**fields, "outcome": "abusive", "grounds": "listed_copy", **wrong}
    assert reviewer.submit(f"/cases/{home.known}/decide", whole).status_code == 422
    assert home.platform.register.all() == ()


def test_a_lost_lease_decides_nothing_and_keeps_the_words(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    fields = claimed(reviewer, home.known)
    clock.advance(LEASE.total_seconds())
    answer = reviewer.submit(
        f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy"
    )
    assert answer.status_code == 409
    assert "Claim it again" in answer.text
    assert home.platform.register.all() == ()


def test_a_decision_is_reversed_from_its_page(home: Home, reviewer: Browser) -> None:
    fields = claimed(reviewer, home.known)
    reviewer.submit(f"/cases/{home.known}/decide", fields, outcome="abusive", grounds="listed_copy")
    page = reviewer.submit(
        f"/cases/{home.known}/reverse",
        {"size": fields["size"]},
        outcome="not_abusive",
        grounds="wrong_match",
    ).text
    assert "Reversed:" in page
    (referral,) = home.platform.register.for_case(home.known)
    assert referral.state is State.WITHDRAWN
    assert "reversed" in reviewer.look("/decided").text


def test_the_record_is_proven_on_demand(home: Home) -> None:
    auditor = signed_in(home, Role.AUDITOR)
    page = auditor.submit("/audit/verify").text
    size = len(home.platform.audit.entries())
    assert f"Proven: {size} entries" in page
    assert "— tutela.test" in page
