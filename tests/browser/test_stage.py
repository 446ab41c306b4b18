"""What reaches a browser: what was granted and no more, no script of others, no silence."""

from __future__ import annotations

import base64
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from tests.browser.conftest import Tab
from tests.browser.test_console import granted_tiles, sign_in, tap
from tests.console_home import HOST, LISTED, SHELL
from tests.pictures import encoded, scene

from tutela.audit.entry import Action
from tutela.cases.rendering import TILE_SHARE
from tutela.cases.viewing import Fidelity
from tutela.content.account import AccountFacts
from tutela.hashing.digests import digests
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.console_home import Home

pytestmark = pytest.mark.browser

LISTENING = "body[data-listening]"


@contextmanager
def logged(tab: Tab, log: Path) -> Iterator[Tab]:
    """Open a tab whose whole network traffic is written to `log` (HAR, bodies included)."""
    browser = tab.page.context.browser
    assert browser
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, record_har_path=log, record_har_content="embed"
    )
    yield Tab(context.new_page(), tab.address)
    context.close()


def traffic(log: Path) -> list[tuple[str, int, str, bytes]]:
    """Return address, status, type and body of every answer in the log."""
    found = []
    for entry in json.loads(log.read_text())["log"]["entries"]:
        content: dict[str, Any] = entry["response"]["content"]
        text = content.get("text", "")
        body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
        kind = content.get("mimeType", "").partition(";")[0]
        found.append((entry["request"]["url"], entry["response"]["status"], kind, body))
    return found


def without_leave(tab: Tab, path: str) -> int:
    """Ask for something as a script in the page would."""
    status: int = tab.page.evaluate("(path) => fetch(path).then((one) => one.status)", path)
    return status


def test_nothing_beyond_what_was_granted_is_in_the_network_log(
    tab: Tab, home: Home, tmp_path: Path
) -> None:
    log = tmp_path / "network.har"
    with logged(tab, log) as own:
        page = own.page
        sign_in(own, home)
        for path in ("/decided", "/referrals", f"/cases/{home.known}"):
            own.open(path)
        page.wait_for_selector(LISTENING)
        page.keyboard.press("c")
        page.wait_for_selector(f"{LISTENING} #lease")
        for rung in ("sketch", "reveal"):
            page.click(f"button[value={rung}]", delay=20)
            own.drawn(".shown img")
            if rung == "sketch":
                page.keyboard.press("Escape")
                page.wait_for_selector(".nothing")
        box = page.locator("[data-ground]").bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 3)
        page.mouse.down()
        own.drawn("img.tile")
        tile = page.get_attribute("img.tile", "src") or ""
        view = page.get_attribute("[data-ground] > img", "src") or ""
        assert without_leave(own, tile) == 403
        assert without_leave(own, view) == 403
        page.mouse.up()
        page.wait_for_selector("img.tile", state="detached")
        # A tile that nobody granted, and the evidence by any name that a script could guess.
        made_up = tile[:-4] + "ZZZZ"
        item = home.items(home.known)[0]
        for path in (made_up, f"/console/evidence/{item}", f"/api/v1/items/{item}/evidence"):
            assert without_leave(own, path) in {401, 403, 404}

    answers = traffic(log)
    assert len(answers) > 15
    pieces = [LISTED[at : at + 48] for at in range(64, len(LISTED) - 48, 512)]
    for address, _, _, body in answers:
        assert not any(piece in body for piece in pieces), f"original bytes in {address}"
    pictures = [
        (address, body)
        for address, status, kind, body in answers
        if kind.startswith("image/") and "/static/" not in address and status == 200
    ]
    views = home.platform.viewing.of_case(home.known)
    assert [one.fidelity for one in views] == [Fidelity.SKETCH, Fidelity.REVEAL]
    tiles = granted_tiles(home, home.known)
    assert len(pictures) == len(views) + len(tiles) == 3
    (_, sketch), (_, ground), (_, spot) = pictures
    assert max(Image.open(io.BytesIO(sketch)).size) <= 320
    _check_ground(Image.open(io.BytesIO(ground)))
    _check_spot(Image.open(io.BytesIO(spot)))
    refused = [
        one.details["why"]
        for one in home.platform.audit.entries(home.known)
        if one.action == Action.VIEW_REFUSED
    ]
    assert refused == ["used", "used", "unknown"]


def _check_ground(shown: Image.Image) -> None:
    """No more detail than 64 pixels have, the watermark aside."""
    grey = shown.convert("L")
    small = grey.resize((64, round(64 * grey.height / grey.width)), Image.Resampling.BOX)
    again = small.resize(grey.size, Image.Resampling.BICUBIC)
    differing = sorted(abs(a - b) for a, b in zip(grey.tobytes(), again.tobytes(), strict=True))
    # Of `larger` this is 2, of the original 3; the watermark covers less than a third.
    assert differing[len(differing) * 7 // 10] <= 1


def _check_spot(shown: Image.Image) -> None:
    """One spot, and not a pixel of the rest, not even under what is clear."""
    *channels, alpha = shown.split()
    seen = sum(1 for one in alpha.tobytes() if one)
    assert 0 < seen <= 1.05 * TILE_SHARE * shown.width * shown.height
    for channel in channels:
        pairs = zip(channel.tobytes(), alpha.tobytes(), strict=True)
        assert {value for value, opaque in pairs if not opaque} == {0}


PLANTED = "<script>window.planted = 1</script><img src=x onerror='window.planted = 2'>"


def test_what_others_wrote_is_shown_as_text_and_a_forced_script_is_a_violation(
    tab: Tab, home: Home
) -> None:
    page = tab.page
    picture = encoded(scene(5, 300, 200), "PNG")
    listed = f'id,sha256,labels\ne9,{digests((picture,)).sha256},"{PLANTED}"\n'
    home.platform.lists.import_file(SHELL, "planted", [listed.encode()], source="test")
    account = AccountFacts(id="account-9", screen_name=PLANTED, display_name=PLANTED)
    told = Submission(picture, "post-9", account, original_name=f'">{PLANTED}.png')
    case_id = home.platform.intake.submit(HOST, told).case_id
    sign_in(tab, home)
    tab.open(f"/cases/{case_id}")
    page.wait_for_selector(LISTENING)
    page.keyboard.press("c")
    page.wait_for_selector(f"{LISTENING} #lease")
    assert page.inner_text("main").count(PLANTED) >= 4, "list label, two names, file name"
    page.keyboard.press("a")
    page.keyboard.press("d")
    page.keyboard.type(PLANTED)
    page.focus("[data-decide]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict blockquote")
    assert page.inner_text(".verdict blockquote") == PLANTED
    assert page.evaluate("window.planted") is None
    ours = "document.querySelectorAll('script:not([src^=\"/console/static/\"])').length"
    assert page.evaluate(ours) == 0
    assert not [one for one in tab.complaints if "Content Security Policy" in one]

    violated = page.evaluate(
        "() => new Promise((told) => {"
        " addEventListener('securitypolicyviolation', (one) => told(one.effectiveDirective));"
        " const made = document.createElement('script');"
        " made.textContent = 'window.planted = 3'; document.body.append(made); })"
    )
    assert violated == "script-src-elem"
    assert page.evaluate("window.planted") is None
    assert [one for one in tab.complaints if "Content Security Policy" in one]


def test_evidence_that_does_not_load_says_so_and_loses_nothing(tab: Tab, home: Home) -> None:
    page = tab.page
    sign_in(tab, home)
    tab.open(f"/cases/{home.unread}")
    page.wait_for_selector(LISTENING)
    page.keyboard.press("c")
    page.wait_for_selector(f"{LISTENING} #lease")
    page.keyboard.press("n")
    page.keyboard.press("d")
    page.keyboard.type("it did not load")
    page.evaluate("document.activeElement.blur()")
    tap(tab, "v")
    page.wait_for_selector("#unavailable-title")
    assert "Evidence unavailable" in page.inner_text("#stage")
    assert page.input_value("[data-note]") == "it did not load"
    page.check("[value=lawful_content]")
    page.click("[data-decide]")
    page.wait_for_selector(".problem:has-text('cannot be drawn')")
    assert home.platform.viewing.of_case(home.unread) == ()
    page.wait_for_selector(LISTENING)
    page.click("text=Check again")
    page.wait_for_selector("#unavailable-title")
