"""Practice: everybody's own sign-in, benign cases of each kind, and an honest score at the end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from lxml import html

from tutela.cases.viewing import Fidelity, View
from tutela.cli.demo.uploads import Upload
from tutela.cli.practice.lessons import NEAR_BITS, Lesson, lessons, listed
from tutela.cli.practice.score import Practised, missed, scores
from tutela.content.decoding import DecodeLimits
from tutela.decisions.decision import Decision, Grounds, Outcome
from tutela.decisions.labels import Observed
from tutela.hashing.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ANNA, BEN = "person:acc_anna", "person:acc_ben"
CALLED = {ANNA: "reviewer-1", BEN: "reviewer-2"}
_ONE_TIME = re.compile(r"(reviewer-\d|lead)\s+(http://\S+/console/one-time/\S+)")


def decided(by: str, outcome: Outcome) -> Decision:
    facts = (outcome, Observed(), Grounds.CONTEXT, "", None, by, AT, "facts", 1, None)
    return Decision("dec_1", "cas_1", *facts)


def looked(by: str, fidelity: Fidelity) -> View:
    return View("itm_1", by, fidelity, "", AT, 3)


def lesson(outcome: Outcome | None, closest: Fidelity = Fidelity.TINY) -> Lesson:
    return Lesson(Upload("account-1", "a.jpg", b"", "a file"), outcome, closest, "Look.")


def test_the_decision_that_stands_counts_for_who_made_it_and_each_look_for_who_looked() -> None:
    case = Practised(
        (lesson(Outcome.ABUSIVE),),
        (decided(ANNA, Outcome.NOT_ABUSIVE), decided(BEN, Outcome.ABUSIVE)),
        (looked(ANNA, Fidelity.TINY), looked(ANNA, Fidelity.COLOUR)),
    )
    anna, ben = scores([case], CALLED)
    assert (anna.person, anna.decided, anna.looks, anna.closer) == ("reviewer-1", 0, 2, 1)
    assert (ben.person, ben.decided, ben.scored, ben.right) == ("reviewer-2", 1, 1, 1)
    assert missed([case], CALLED) == ()


def test_what_has_no_right_answer_is_not_scored() -> None:
    case = Practised((lesson(None),), (decided(ANNA, Outcome.ABUSIVE),), ())
    (anna,) = scores([case], CALLED)
    assert (anna.decided, anna.scored, anna.right) == (1, 0, 0)
    assert missed([case], CALLED) == ()


def test_who_decides_wrongly_is_told_what_to_learn() -> None:
    case = Practised((lesson(Outcome.ABUSIVE),), (decided(ANNA, Outcome.NOT_ABUSIVE),), ())
    (anna,) = scores([case], CALLED)
    assert (anna.scored, anna.right) == (1, 0)
    (one,) = missed([case], CALLED)
    assert (one.person, one.decided, one.teaches) == ("reviewer-1", "not_abusive", "Look.")


def test_the_entry_that_matches_wrongly_is_near_and_is_no_copy() -> None:
    (wrong,) = (row for row in listed().splitlines() if row.startswith("another-picture"))
    entry = wrong.split(",")[4]
    (upload,) = (one.upload for one in lessons() if one.upload.name.startswith("tea-gardens"))
    own = fingerprint(upload.data, DecodeLimits()).pictures[0].pdq
    assert (int(entry, 16) ^ int(own, 16)).bit_count() == NEAR_BITS


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A practice that waits for its people, and their sign-ins."""
    words = ("practice", "--json", "--port", "0", "--home", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-m", "tutela", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as practice:
        guard = threading.Timer(120, practice.kill)
        guard.start()
        said, found = "", {}
        assert practice.stderr is not None
        for line in practice.stderr:
            said += line
            found = dict(_ONE_TIME.findall(said))
            if "Press Ctrl-C" in line:
                break
        yield practice, found
        guard.cancel()
        practice.kill()


def test_three_people_practise_and_are_told_how_they_did(
    running: tuple[subprocess.Popen[str], dict[str, str]],
) -> None:
    practice, addresses = running
    assert set(addresses) == {"reviewer-1", "reviewer-2", "lead"}
    with httpx.Client(timeout=60, follow_redirects=True) as browser:
        sign_in = _page(browser.get(addresses["reviewer-1"]))
        (form,) = sign_in.forms
        queue = browser.post(addresses["reviewer-1"], data=dict(form.form_values()))
        kinds = " ".join(_found(_page(queue), "//tr[@data-href]//span/@class"))
        assert {"known", "near", "new", "unscreened"} <= set(kinds.split())
        rows = _found(_page(queue), "//tr/@data-href")
        base = str(queue.url.copy_with(path="/", query=None)).rstrip("/")
        case = _known(browser, base, rows)
        case = _sent(browser, base, case, "/claim")
        _sent(browser, base, case, "/decide", outcome="not_abusive", grounds="wrong_match")
    practice.send_signal(signal.SIGTERM)
    out, errors = practice.communicate(timeout=60)
    assert practice.returncode == 0, errors
    (row,) = map(json.loads, out.splitlines())
    assert row == {
        "person": "reviewer-1",
        "decided": 1,
        "scored": 1,
        "right": 0,
        "looks": 0,
        "closer_than_needed": 0,
    }
    taught = " ".join(errors.split())
    assert "look at nothing" in taught or "one decision for all" in taught


def _known(browser: httpx.Client, base: str, rows: list[str]) -> html.HtmlElement:
    for row in rows:
        page = _page(browser.get(base + row))
        if page.xpath("//h1/span[contains(@class, 'known')]"):
            return page
    pytest.fail("no case of a listed copy")


def _sent(
    browser: httpx.Client, base: str, page: html.HtmlElement, ending: str, **fields: str
) -> html.HtmlElement:
    (form,) = (one for one in page.forms if (one.action or "").endswith(ending))
    kept = {name: said for name, said in form.form_values() if isinstance(said, str)}
    answer = browser.post(base + form.action, data={**kept, **fields})
    answer.raise_for_status()
    return _page(answer)


def _page(answer: httpx.Response) -> html.HtmlElement:
    read = html.fromstring(answer.text)
    assert isinstance(read, html.HtmlElement)
    return read


def _found(page: html.HtmlElement, where: str) -> list[str]:
    found = page.xpath(where)
    assert isinstance(found, list)
    return [str(one) for one in found]
