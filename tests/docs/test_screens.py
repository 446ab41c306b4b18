"""Every screen that is drawn is there and shown, and nothing that is no longer drawn."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.draw_console import SCENES

_DOCS = Path(__file__).parents[2] / "docs"


def test_every_screen_is_drawn_and_shown() -> None:
    drawn = {f"console-{scene.name}.png" for scene in SCENES}
    there = {one.name for one in (_DOCS / "pictures").glob("console-*.png")}
    page = (_DOCS / "reference/console-screens.md").read_text()
    assert there == drawn
    assert set(re.findall(r"console-[\w-]+\.png", page)) == drawn
