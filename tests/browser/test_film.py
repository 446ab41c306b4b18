"""A film on the stage: a strip by keyboard alone, and nothing of the film itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.browser.test_console import sign_in, tap
from tests.browser.test_stage import LISTENING, logged, traffic
from tests.console_home import HOST
from tests.pictures import scene
from tests.videos import film, scenes

from tutela.content.account import AccountFacts
from tutela.platform.intake import Submission

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Tab
    from tests.console_home import Home

pytestmark = pytest.mark.browser


def test_a_strip_and_one_frame_by_keyboard_and_no_byte_of_the_film(
    tab: Tab, home: Home, tmp_path: Path
) -> None:
    data = film([*scenes(2, 300, 200), scene(1, 300, 200), *scenes(2, 300, 200, seed=70)])
    answer = home.platform.intake.submit(HOST, Submission(data, "film", AccountFacts("acc-film")))
    case = answer.case_id or ""
    log = tmp_path / "network.har"
    with logged(tab, log) as own:
        page, press = own.page, own.page.keyboard.press
        sign_in(own, home)
        own.open(f"/cases/{case}")
        page.wait_for_selector(LISTENING)
        assert ", at 0:02" in page.inner_text(".why")
        press("c")
        page.wait_for_selector(f"{LISTENING} #lease")
        assert not page.locator("[data-rung][value=reveal]").count()
        tap(own, "v")
        own.drawn(".shown img")
        assert page.evaluate("document.querySelector('.shown img').naturalWidth") > 900
        press("Escape")
        page.wait_for_selector(".nothing")
        page.focus("select[name=moment]")
        page.keyboard.type("0:02")
        assert "met a list" in page.inner_text("select[name=moment] option:checked")
        page.focus("[data-rung][value=tiny]")
        press("Enter")
        own.drawn(".shown img")
        assert page.evaluate("document.querySelector('.shown img').naturalWidth") == 320
        assert not page.locator("video, audio, source, embed, object").count()
        press("Escape")
        page.wait_for_selector(".nothing")
    answers = traffic(log)
    pieces = [data[at : at + 48] for at in range(64, len(data) - 48, 512)]
    for address, _, kind, body in answers:
        assert not any(piece in body for piece in pieces), f"bytes of the film in {address}"
        assert not kind.startswith(("video/", "audio/"))
    drawn = [
        Image.open(io.BytesIO(body))
        for address, status, kind, body in answers
        if kind == "image/png" and "/console/views/" in address and status == 200
    ]
    views = home.platform.viewing.of_case(case)
    assert [one.fidelity.value for one in views] == ["sketch", "tiny"]
    assert len(drawn) == len(views)
    assert not any(getattr(one, "is_animated", False) for one in drawn)
