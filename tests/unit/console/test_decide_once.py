"""Deciding once: clusters on the page, splitting off, and what was decided before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.console_home import HOST
from tests.pictures import encoded, scene
from tests.unit.console.test_casework import claimed

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.content.account import AccountFacts
from tutela.content.notice import Harm, Notice, Notifier
from tutela.content.surroundings import Surroundings
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import typed
from tutela.decisions.decision import Grounds
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from tests.console_home import Home
    from tests.fixed_clock import FixedClock
    from tests.unit.console.conftest import Browser

    from tutela.decisions.decision import Decision

NOTICED = Surroundings(notice=Notice(Harm.DEPICTION, Notifier.USER))


def near_copy(side: int) -> bytes:
    return encoded(scene(1, 900, 600).resize((side, side * 2 // 3)), "JPEG", quality=70)


def sent(home: Home, account: str, data: bytes, surroundings: Surroundings) -> str:
    answer = home.platform.intake.submit(
        HOST,
        Submission(
            data=data,
            external_id=f"post-{account}-{len(data)}",
            account=AccountFacts(id=account),
            surroundings=surroundings,
        ),
    )
    assert answer.case_id is not None
    return answer.case_id


def decisions(home: Home, case_id: str) -> list[Decision]:
    with home.platform.database.reading() as connection:
        return decisions_on_record.of_case(connection, case_id)


def test_one_stands_for_its_likes_and_the_decision_says_how_far(
    home: Home, reviewer: Browser
) -> None:
    for side in (300, 360):
        assert sent(home, "account-2", near_copy(side), Surroundings()) == home.near
    page = reviewer.look(f"/cases/{home.near}").text
    assert page.count("data-file") == 1
    assert "stands for 2 others" in page
    fields = claimed(reviewer, home.near)
    assert fields["size"] == "3"
    told = {"outcome": "not_abusive", "grounds": "wrong_match"}
    page = reviewer.submit(f"/cases/{home.near}/decide", fields, **told).text
    assert "from <a" in page
    assert "the one that stands for them" in page
    (decision,) = decisions(home, home.near)
    (reach,) = decision.reaches
    assert (reach.covers, reach.viewed_at) == (3, "facts")
    assert 0 <= reach.nearest <= reach.farthest <= 31
    entry = home.platform.audit.entries(home.near)[-1]
    assert entry.details["farthest"] == reach.farthest
    assert entry.details["clusters"] == 1


def test_an_outlier_is_opened_by_itself_and_split_off(home: Home, reviewer: Browser) -> None:
    sent(home, "account-2", near_copy(300), Surroundings())
    shown, other = home.items(home.near)
    stranger = reviewer.look(f"/cases/{home.near}?item={other}").text
    assert "Split off this file" not in stranger
    fields = claimed(reviewer, home.near)
    page = reviewer.look(f"/cases/{home.near}?item={other}").text
    assert '<details class="alike" open>' in page
    assert "Split off this file" in page
    answer = reviewer.submit(f"/cases/{home.near}/split", fields, item=other)
    assert answer.url.path == f"/console/cases/{home.near}"
    assert home.items(home.near) == [shown]
    split = home.platform.audit.entries(home.near)[-1]
    assert split.action == Action.CASE_SPLIT
    made = str(split.details["into"])
    assert home.items(made) == [other]
    assert made in reviewer.look("/queue").text
    # The page that still showed both decides nothing.
    told = {"outcome": "not_abusive", "grounds": "wrong_match"}
    stale = reviewer.submit(f"/cases/{home.near}/decide", fields, **told)
    assert stale.status_code == 409
    assert decisions(home, home.near) == []
    with home.platform.database.reading() as connection:
        assert cases_on_record.load(connection, home.near).size == 1


def test_what_was_decided_before_is_shown_and_can_be_given_as_grounds(
    home: Home, reviewer: Browser, clock: FixedClock
) -> None:
    picture = encoded(scene(7, 600, 400), "JPEG", quality=90)
    again = encoded(scene(7, 600, 400).resize((300, 200)), "JPEG", quality=80)
    first = sent(home, "account-7", picture, NOTICED)
    second = sent(home, "account-8", again, NOTICED)
    assert first != second
    before = {"outcome": "not_abusive", "grounds": "decided_before"}
    fields = claimed(reviewer, second)
    assert "decided_before" not in reviewer.look(f"/cases/{second}").text
    refused = reviewer.submit(f"/cases/{second}/decide", fields, **before)
    assert refused.status_code == 422
    own = {"outcome": "not_abusive", "grounds": "lawful_content"}
    reviewer.submit(f"/cases/{first}/decide", claimed(reviewer, first), **own)
    page = reviewer.look(f"/cases/{second}").text
    assert "Decided before" in page
    assert "on 5 Jan 2026 by" in page
    assert f'href="/console/cases/{first}"' in page
    # Offered for that outcome alone, and chosen only where the person has chosen it before.
    assert page.count('value="decided_before"') == 1
    assert 'value="decided_before" required checked' in page
    with home.platform.database.bookkeeping() as connection:
        typed.forget(connection, second)
    assert 'value="decided_before" required checked' not in reviewer.look(f"/cases/{second}").text
    assert decisions(home, second) == []
    fields = claimed(reviewer, second)
    page = reviewer.submit(f"/cases/{second}/decide", fields, **before).text
    (decision,) = decisions(home, second)
    assert decision.grounds is Grounds.DECIDED_BEFORE
    assert decision.rests_on == (decisions(home, first)[0].id,)
    assert "Rests on" in page
    assert "no longer stands" not in page
    clock.advance(60)
    other = {"outcome": "abusive", "grounds": "context", "size": "1", "lease": ""}
    reviewer.submit(f"/cases/{first}/reverse", other)
    assert "no longer stands" in reviewer.look(f"/cases/{second}").text
