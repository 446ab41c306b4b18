"""Pictures within pictures: frames, bars, gutters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps
from tests.pictures import scene

from tutela.content.pane import Pane
from tutela.matching.evasion.panes import MOST_PANES, grid_panes, panes

INSIDE = scene(8, 320, 240).convert("L")


def _near(found: tuple[Pane, ...], wanted: Pane, off: int = 2) -> bool:
    return any(
        max(
            abs(one.left - wanted.left),
            abs(one.top - wanted.top),
            abs(one.right - wanted.right),
            abs(one.bottom - wanted.bottom),
        )
        <= off
        for one in found
    )


@pytest.mark.parametrize("colour", [0, 128, 255])
@pytest.mark.parametrize("width", [4, 40])
def test_what_is_within_a_frame_is_found(colour: int, width: int) -> None:
    framed = np.asarray(ImageOps.expand(INSIDE, width, colour))
    assert _near(panes(framed), Pane(width, width, 320 + width, 240 + width))


def test_what_is_between_bars_with_words_is_found() -> None:
    whole = Image.new("L", (320, 400), 255)
    whole.paste(INSIDE, (0, 90))
    draw = ImageDraw.Draw(whole)
    draw.text((10, 30), "words above", 0)
    draw.text((10, 360), "words below", 0)
    assert _near(panes(np.asarray(whole)), Pane(0, 90, 320, 330))


def test_each_tile_between_gutters_is_found() -> None:
    whole = Image.new("L", (660, 500), 255)
    places = [(0, 0), (340, 0), (0, 260), (340, 260)]
    for number, place in enumerate(places):
        whole.paste(scene(20 + number, 320, 240).convert("L"), place)
    found = panes(np.asarray(whole))
    for left, top in places:
        assert _near(found, Pane(left, top, left + 320, top + 240))


def test_a_picture_without_frame_has_no_panes() -> None:
    grain = np.random.default_rng(1).integers(0, 256, (240, 320), np.uint8)
    assert panes(grain) == ()


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_panes_lie_within_the_picture_and_are_few(
    width: int, height: int, shades: int, seed: int
) -> None:
    levels = np.linspace(0, 255, shades + 1).astype(np.uint8)
    grey = np.random.default_rng(seed).choice(levels, (height, width))
    found = (*panes(grey), *grid_panes(grey))
    assert len(found) <= MOST_PANES + 17
    for one in found:
        assert 0 <= one.left <= one.right <= width
        assert 0 <= one.top <= one.bottom <= height
    assert Pane(0, 0, width, height) not in panes(grey)
