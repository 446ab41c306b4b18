"""Draws every screen of the console, from a running one on benign pictures, into docs/pictures."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console

from tutela.access.roles import Role
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseKind, CaseState, case_from, cases
from tutela.cases.viewing import Fidelity
from tutela.cli.demo.stage import Stage
from tutela.cli.demo.uploads import Upload, photo
from tutela.cli.practice.lessons import lessons, listed
from tutela.decisions import decision as decisions_on_record
from tutela.decisions import second_review
from tutela.decisions.decision import Finding, Grounds, Outcome, decisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tutela.bootstrap import Platform

_FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_SIZE = {"width": 1280, "height": 800}
_COLOURS = 64
_A_TILE = 900


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: whose screen, how to get there from the queue, in which colours and language."""

    name: str
    role: Role
    play: Callable[[Page], None]
    colours: str = "light"
    language: str = ""


def _to(path: str) -> Callable[[Page], None]:
    return lambda page: _go(page, path)


def _go(page: Page, path: str) -> None:
    page.goto(page.url.partition("/console")[0] + "/console" + path)


def _speak(page: Page, language: str) -> None:
    _go(page, "/preferences")
    page.check(f"input[name=language][value='{language}']", force=True)
    page.click("form[action$='/language'] button")
    page.wait_for_load_state()


def _open(page: Page, kind: str) -> None:
    _go(page, "/queue")
    page.locator(f"tr[data-href]:has(.{kind})").first.locator("a.button").click()
    page.wait_for_url("**/cases/*")


def _claimed(page: Page, kind: str) -> None:
    _open(page, kind)
    if page.locator("[data-claim]").count():
        page.click("[data-claim]")
        page.wait_for_load_state()


def _case(page: Page) -> None:
    _claimed(page, "noticed")


def _looking(page: Page) -> None:
    _claimed(page, "near")
    page.click("[data-rung] >> nth=0")
    page.wait_for_selector(".shown img")


def _film_case(page: Page) -> None:
    _go(page, "/queue")
    page.locator("tr[data-href]", has_text="account-77").first.get_by_text("Open").click()
    page.wait_for_url("**/cases/*")
    if page.locator("[data-claim]").count():
        page.click("[data-claim]")
        page.wait_for_load_state()
    page.fill("input[name=purpose]", "Tell a wrong match from a right one")
    page.click("[data-rung][value=larger]")
    page.wait_for_selector(".shown img")


def _film() -> Upload:
    """Return a film of benign photos, one of which is listed."""
    names = ("lake-sherburne", "tea-gardens", "casa-mila", "roman-colosseum", "blue-periwinkle")
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=4)
        if not isinstance(stream, av.VideoStream):
            raise TypeError
        stream.width, stream.height, stream.pix_fmt = 480, 320, "yuv420p"
        for number in range(len(names) * 8):
            still = Image.open(io.BytesIO(photo(names[number // 8]))).convert("RGB")
            pixels = np.asarray(still.resize((480, 320)))
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 4)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Upload("account-77", "holiday.mp4", out.getvalue(), "a film")


def _drafted(page: Page) -> None:
    _claimed(page, "known")
    page.check("input[name=outcome][value=abusive]")
    page.check("input[name=grounds][value=listed_copy]")
    page.click("form[action$='/decide'] button.primary")
    page.wait_for_selector("form[action$='/approve']")
    page.locator("form[action$='/approve']").scroll_into_view_if_needed()


def _keys(page: Page) -> None:
    _go(page, "/queue")
    page.click("[data-keys]")


def _accounts(page: Page) -> None:
    _go(page, "/accounts")
    page.locator("details.panel summary").first.click()


def _revealing(page: Page) -> None:
    _claimed(page, "near")
    page.click("[data-rung][value=reveal]")
    frame = page.locator(".shown.reveal")
    frame.wait_for()
    box = frame.locator("img, svg, canvas").first.bounding_box()
    if box is None:
        sys.exit("Nothing to point at: the reveal shows no picture.")
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.wait_for_timeout(_A_TILE)


SCENES = (
    Scene("queue", Role.REVIEWER, _to("/queue")),
    Scene("queue-dark", Role.REVIEWER, _to("/queue"), "dark"),
    Scene("keys", Role.REVIEWER, _keys),
    Scene("case", Role.REVIEWER, _case),
    Scene("looking", Role.REVIEWER, _looking),
    Scene("case-video", Role.REVIEWER, _film_case),
    Scene("revealing", Role.REVIEWER, _revealing),
    Scene("drafted", Role.REVIEWER, _drafted),
    Scene("decided", Role.REVIEWER, _to("/decided")),
    Scene("referrals", Role.REVIEWER, _to("/referrals")),
    Scene("day", Role.REVIEWER, _to("/day")),
    Scene("account", Role.REVIEWER, _to("/account")),
    Scene("preferences", Role.REVIEWER, _to("/preferences")),
    Scene("queue-arabic", Role.REVIEWER, _to("/queue"), language="ar"),
    Scene("case-arabic", Role.REVIEWER, _looking, language="ar"),
    Scene("reviews", Role.LEAD, _to("/reviews")),
    Scene("appeals", Role.LEAD, _to("/appeals")),
    Scene("team", Role.LEAD, _to("/team")),
    Scene("agreement", Role.LEAD, _to("/agreement")),
    Scene("lists", Role.LEAD, _to("/lists")),
    Scene("policies", Role.LEAD, _to("/policies")),
    Scene("obligations", Role.LEAD, _to("/obligations")),
    Scene("approvals", Role.LEAD, _to("/approvals")),
    Scene("alarms", Role.LEAD, _to("/alarms")),
    Scene("audit", Role.LEAD, _to("/audit")),
    Scene("accounts", Role.ADMINISTRATOR, _accounts),
    Scene("settings", Role.ADMINISTRATOR, _to("/settings")),
)


def _second_looks(platform: Platform) -> None:
    """Have the lead judge two decisions again, one otherwise; a third waits, and an appeal."""
    people = {one.name: one.actor for one in platform.accounts.all()}
    reviewer, lead = people[str(Role.REVIEWER)], people[str(Role.LEAD)]
    host = next(actor for name, actor in people.items() if name.endswith("host"))
    with platform.database.reading() as connection:
        found = connection.execute(sa.select(cases).where(cases.c.state == CaseState.OPEN.value))
        waiting = {one.kind: one for one in map(case_from, found)}
        (decided,) = connection.execute(sa.select(decisions)).all()
        (item,) = cases_on_record.items_of(connection, decided.case_id)
    with platform.audit.change(reviewer) as change:
        (drafted,) = decisions_on_record.of_case(change.connection, decided.case_id)
        second_review.put(change, drafted)
    platform.casework.draw = second_review.Draw(1.0)
    seen = Finding(Outcome.ABUSIVE, Grounds.VIEWED)
    cut = Finding(Outcome.NOT_ABUSIVE, Grounds.UNREADABLE_BUT_HARMLESS, note="Cut in half.")
    for kind, first, then in (
        (CaseKind.KNOWN, seen, (Outcome.NOT_ABUSIVE, Grounds.WRONG_MATCH, "It is a street.")),
        (CaseKind.UNSCREENED, cut, (cut.outcome, cut.grounds, "")),
    ):
        case = waiting[kind].id
        lease = platform.queue.claim(reviewer, case)
        if first is seen:
            with platform.database.reading() as connection:
                files = cases_on_record.items_of(connection, case)
            for one in files:
                look = platform.viewing.grant(reviewer, case, one.id, Fidelity.COLOUR, "compare")
                platform.viewing.render(reviewer, look.id, str(Role.REVIEWER))
        platform.casework.decide(reviewer, case, lease.token, waiting[kind].size, first)
        review = next(one for one in platform.second_look.waiting(lead) if one.case_id == case)
        platform.second_look.take(lead, review.id)
        platform.second_look.say(lead, review.id, *then)
    platform.appealing.receive(host, item.id, "appeal-1", "It shows our town, on a holiday.")


def main() -> None:
    """Play every scene, and write its picture."""
    chromium = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    if chromium is None:
        sys.exit("There is no Chromium: run `sh scripts/system-packages.sh`.")
    posted = (*(lesson.upload for lesson in lessons()), _film())
    with (
        tempfile.TemporaryDirectory() as home,
        Stage(Path(home), 0, Console(stderr=True), posted, listed()) as stage,
        sync_playwright() as playwright,
    ):
        stage.upload_all()
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        people = {role: stage.sign_in_address(str(role), role) for role in _roles()}
        for role, address in people.items():
            if role is Role.LEAD:
                _second_looks(stage.platform)
            with _signed_in(browser, address) as page:
                for scene in (one for one in SCENES if one.role is role):
                    page.emulate_media(color_scheme=scene.colours)  # type: ignore[arg-type]
                    _speak(page, scene.language)
                    scene.play(page)
                    _write(scene.name, page.screenshot())
        browser.close()


def _roles() -> tuple[Role, ...]:
    return tuple(dict.fromkeys(scene.role for scene in SCENES))


@contextmanager
def _signed_in(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport=_SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.click("button.primary")
    page.wait_for_selector("header nav")
    yield page
    context.close()


def _write(name: str, drawn: bytes) -> None:
    picture = Image.open(io.BytesIO(drawn)).convert("RGB").quantize(_COLOURS)
    picture.save(_FOLDER / f"console-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
