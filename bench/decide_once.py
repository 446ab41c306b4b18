"""A scripted reviewer decides a benign set twice: in clusters, and one item as one task.

700 drawn pictures and 300 near copies of 30 of them, each of which somebody gave notice of. In
clusters, a picture and its copies are one account's for 20 of the 30; the other ten's copies come
from other accounts, where only what was decided before helps. As tasks, every item is alone.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.report import Table, machine
from tests.console_home import HOST, Home, make_home
from tests.fixed_clock import FixedClock
from tests.pictures import encoded, scene
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Role
from tutela.cases.viewing import views
from tutela.content.account import AccountFacts
from tutela.content.notice import Harm, Notice, Notifier
from tutela.content.surroundings import Surroundings
from tutela.platform.intake import Submission

READS, LOOKS, DECIDES = 5.0, 6.0, 5.0
"""Assumed, not measured: seconds a person needs to read a case's facts, to look once, to decide."""
_WIDTH, _HEIGHT = 480, 320
_LEASE = re.compile(r'name="lease" value="([0-9a-f]+)"')
_SIZE = re.compile(r'name="size" value="(\d+)"')
_SHOWN = re.compile(r'<img src="/console(/views/viw_[0-9A-Z]+)"')
_FILE = re.compile(r'\?item=(itm_[0-9A-Z]+)" data-file')
_HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Upload:
    """A picture, and the account that sent it: in clusters, and where every item is alone."""

    data: bytes
    account: str
    alone: str


@dataclass
class Shift:
    """What one arm came to."""

    items: int = 0
    decisions: int = 0
    unseen: int = 0
    looks: int = 0
    server: float = 0.0
    points: float = 0.0

    @property
    def assumed(self) -> float:
        """Return the person's seconds, by the assumption."""
        return self.decisions * (READS + DECIDES) + self.looks * LOOKS

    @property
    def an_hour(self) -> float:
        """Return how many items were decided in an hour of work and waiting."""
        return self.items / (self.assumed + self.server) * 3600


_FIGURES: tuple[tuple[str, Callable[[Shift], str]], ...] = (
    ("items decided", lambda one: f"{one.items:,}"),
    ("decisions made", lambda one: f"{one.decisions:,}"),
    ("of them on an earlier decision, unseen", lambda one: f"{one.unseen:,}"),
    ("pictures seen, in colour", lambda one: f"{one.looks:,}"),
    ("exposures for each item decided", lambda one: f"{one.looks / one.items:.2f}"),
    ("exposures for each decision", lambda one: f"{one.looks / one.decisions:.2f}"),
    ("points of exposure", lambda one: f"{one.points:,.0f}"),
    ("server time, s", lambda one: f"{one.server:.0f}"),
    ("of it for each decision, ms", lambda one: f"{one.server / one.decisions * 1e3:.0f}"),
    ("person's time as assumed, s", lambda one: f"{one.assumed:,.0f}"),
    ("items decided in an hour", lambda one: f"{one.an_hour:.0f}"),
)


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the figures."""
    del large
    groups, copies, distinct = (3, 4, 10) if quick_run else (30, 10, 700)
    drawn = _drawn(groups, copies, distinct)
    apart, together = _worked(drawn, alone=True), _worked(drawn, alone=False)
    table = Table(
        f"{len(drawn):,} benign items, {groups * copies} of them near copies, a scripted reviewer",
        ("", "one item, one task", "in clusters, decided once"),
    )
    for name, figure in _FIGURES:
        table.row(name, figure(apart), figure(together))
    table.notes.append(
        f"The person's time is assumed, not measured: {READS:.0f} s to read a case, {LOOKS:.0f} s "
        f"a look, {DECIDES:.0f} s to decide; the script itself waits for nothing. Server time is "
        "that of all requests with their pages and pictures, without a network. Points are those "
        "of [My day](console.md#my-day). The share of near copies is this set's, not that of "
        "anybody's queue."
    )
    table.notes.append(machine("sqlalchemy", "jinja2", "starlette", "pillow"))
    return [table]


def _drawn(groups: int, copies: int, distinct: int) -> list[Upload]:
    made = []
    for number in range(distinct):
        picture = scene(1000 + number, _WIDTH, _HEIGHT)
        made.append(
            Upload(encoded(picture, "JPEG", quality=90), f"account-{number}", f"alone-{number}")
        )
        if number >= groups:
            continue
        for copy in range(copies):
            width = _WIDTH - 24 * (copy + 1)
            smaller = picture.resize((width, width * _HEIGHT // _WIDTH))
            # Of each three groups two are one account's, and one is spread over many.
            account = f"account-{number}" if number % 3 else f"other-{number}-{copy}"
            made.append(
                Upload(
                    encoded(smaller, "JPEG", quality=90 - 4 * copy),
                    account,
                    f"alone-{number}-{copy}",
                )
            )
    return made


def _worked(drawn: list[Upload], *, alone: bool) -> Shift:
    clock = FixedClock()
    with tempfile.TemporaryDirectory() as folder:
        home = make_home(Path(folder) / "home", clock)
        # The budget is what would end such a shift; here the whole set is to be compared.
        home.platform.budget.limits = replace(home.platform.budget.limits, soft=1e9, hard=1e9)
        ours = _sent(home, clock, drawn, alone=alone)
        shift = Shift()
        browser = signed_in(home, Role.REVIEWER)
        while _decided_one(browser, home, clock, shift, ours, alone=alone):
            pass
        with home.platform.database.reading() as connection:
            seen = connection.execute(views.select().where(views.c.shown_at.is_not(None))).all()
        assert len(seen) == shift.looks, "the viewing record has other looks than the script"
        assert shift.items == len(drawn), "not everything was decided"
        shift.points = home.platform.budget.day(home.people[Role.REVIEWER].actor).seen.points
        home.platform.close()
    return shift


def _sent(home: Home, clock: FixedClock, drawn: list[Upload], *, alone: bool) -> set[str]:
    noticed = Surroundings(notice=Notice(Harm.DEPICTION, Notifier.USER))
    ours = set()
    for number, one in enumerate(drawn):
        account = one.alone if alone else one.account
        answer = home.platform.intake.submit(
            HOST,
            Submission(one.data, f"post-{number}", AccountFacts(id=account), surroundings=noticed),
        )
        ours.add(answer.case_id or "")
        clock.advance(0.01)
    return ours


def _decided_one(
    browser: Browser, home: Home, clock: FixedClock, shift: Shift, ours: set[str], *, alone: bool
) -> bool:
    began = time.perf_counter()
    page = browser.submit("/next")
    shift.server += time.perf_counter() - began
    if page.url.path == "/console/queue":
        return False
    case_id = str(page.url.path).rpartition("/")[2]
    lease, size = _found(_LEASE, page.text), _found(_SIZE, page.text)
    if case_id not in ours:
        browser.submit(f"/cases/{case_id}/skip", lease=lease)
        return True
    grounds = "lawful_content"
    if not alone and 'value="decided_before"' in page.text:
        grounds = "decided_before"
        shift.unseen += 1
    else:
        for item in _FILE.findall(page.text):
            _look(browser, clock, shift, case_id, item)
    began = time.perf_counter()
    answer = browser.submit(
        f"/cases/{case_id}/decide",
        {"lease": lease, "size": size, "outcome": "not_abusive", "grounds": grounds},
    )
    shift.server += time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    shift.decisions += 1
    shift.items += int(size)
    return True


def _look(browser: Browser, clock: FixedClock, shift: Shift, case_id: str, item: str) -> None:
    asked = {"csrf": browser.word, "item": item, "fidelity": "colour", "purpose": "Measured."}
    began = time.perf_counter()
    part = browser.post(f"/console/cases/{case_id}/views", data=asked, headers=_HTMX)
    view = _found(_SHOWN, part.text)
    assert browser.get(f"/console{view}").status_code == 200
    shift.server += time.perf_counter() - began
    clock.advance(LOOKS)
    began = time.perf_counter()
    browser.post(f"/console{view}/end", data={"csrf": browser.word}, headers=_HTMX)
    shift.server += time.perf_counter() - began
    shift.looks += 1


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found, f"the page lacks {pattern.pattern}"
    return found[1]
