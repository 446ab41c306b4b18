"""Frames and their hashes against those that vPDQ's own regression test publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.parsers import parsing
from tests.shared_data import shared

from tutela.hashing.pdq import distance

if TYPE_CHECKING:
    from pathlib import Path

CLIPS = (
    "chair-20-sd-bar",
    "chair-22-sd-sepia-bar",
    "doorknob-hd-no-bar",
    "pattern-hd-no-bar",
    "pattern-longer-no-bar",
    "pattern-sd-grey-bar",
    "pattern-sd-with-large-logo-bar",
    "pattern-sd-with-small-logo-bar",
    "test-padded-dimensions",
)
_USABLE = 50
_MOST_BITS = 6


def _published(file: Path) -> dict[int, tuple[int, bytes]]:
    """Return quality and hash of every frame, by its millisecond."""
    found = {}
    for line in file.read_text().split():
        _, quality, pdq, seconds = line.split(",")
        found[round(float(seconds) * 1000)] = int(quality), bytes.fromhex(pdq)
    return found


@pytest.mark.shared
@pytest.mark.parametrize("clip", CLIPS)
def test_frames_are_those_of_vpdq(clip: str) -> None:
    published = _published(shared("vectors", "vpdq", f"{clip}.txt"))
    printed = parsing().fingerprint(shared("videos", f"{clip}.mp4").read_bytes())
    assert printed.unscreened is None
    assert len(printed.pictures) == max(published) // 1000 + 1
    for one in printed.pictures:
        assert one.moment is not None
        quality, pdq = published[one.moment]
        assert abs(one.quality - quality) <= 1
        if quality >= _USABLE:
            assert distance(bytes.fromhex(one.pdq), pdq) <= _MOST_BITS


@pytest.mark.shared
def test_every_clip_of_the_collection_is_read_whole() -> None:
    clips = [one for one in shared("videos").iterdir() if one.suffix in {".mp4", ".m4v", ".mov"}]
    assert clips
    for clip in clips:
        printed = parsing().fingerprint(clip.read_bytes())
        assert printed.unscreened is None, clip.name
        assert len(printed.pictures) >= 4, clip.name
