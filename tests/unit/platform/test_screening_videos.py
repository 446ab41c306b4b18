"""A video goes the way of a picture: matched frame by frame, held in doubt, told by the second."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image
from tests.pictures import scene
from tests.videos import film, scenes, sound

from tutela.access.gate import SHELL
from tutela.cases.grouping import like
from tutela.content import item as items_on_record
from tutela.content.account import AccountFacts
from tutela.content.decoding import DecodeLimits, Reason
from tutela.matching.screening import Verdict
from tutela.platform.bulk import scan
from tutela.platform.intake import Submission, Verdicted

if TYPE_CHECKING:
    from pathlib import Path

    from tutela.bootstrap import Platform
    from tutela.content.item import Item

PIECES = {"movflags": "frag_keyframe+empty_moov"}
"""A film that can be read as far as it goes."""


def _with_listed() -> bytes:
    """Return a video that shows the listed picture in its third second."""
    return film([*scenes(2, 400, 300), scene(1, 400, 300), scene(50, 400, 300)])


def _submit(platform: Platform, name: str, data: bytes) -> Verdicted:
    return platform.intake.submit(SHELL, Submission(data, name, AccountFacts("acc-1")))


def _item(platform: Platform, answer: Verdicted) -> Item:
    with platform.database.reading() as connection:
        return items_on_record.load(connection, answer.id)


def test_a_listed_frame_makes_the_video_a_match_and_says_when(platform: Platform) -> None:
    answer = _submit(platform, "one", _with_listed())
    assert (answer.verdict, answer.hold) == (Verdict.MATCH, True)
    item = _item(platform, answer)
    assert item.media_type == "video/mp4"
    assert [(one.via, one.moment) for one in item.matches] == [("frame", 2000)]
    assert [one.moment for one in item.pictures] == [0, 1000, 2000, 3000]


def test_a_video_of_other_frames_is_clean(platform: Platform) -> None:
    answer = _submit(platform, "two", film(scenes(4, 400, 300)))
    assert (answer.verdict, answer.hold, answer.case_id) == (Verdict.CLEAN, False, None)


def test_a_cut_video_is_matched_as_far_as_it_goes_and_held_otherwise(platform: Platform) -> None:
    whole = film([scene(1, 400, 300), *scenes(5, 400, 300)], options=PIECES)
    cut = _item(platform, _submit(platform, "cut", whole[: len(whole) * 2 // 3]))
    assert (cut.verdict, cut.reason) == ("match", "truncated")
    harmless = film(scenes(6, 400, 300), options=PIECES)
    other = _item(platform, _submit(platform, "other", harmless[: len(harmless) * 2 // 3]))
    assert (other.verdict, other.reason, other.hold) == ("unscreened", "truncated", "held")
    assert other.pictures


def test_sound_alone_is_held(platform: Platform) -> None:
    item = _item(platform, _submit(platform, "sound", sound()))
    assert (item.verdict, item.reason, item.hold) == ("unscreened", Reason.NO_FRAMES, "held")


def test_two_videos_are_not_alike_for_a_frame_in_common(platform: Platform) -> None:
    title, listed = scene(60, 400, 300), scene(1, 400, 300)
    one = _item(platform, _submit(platform, "a", film([title, listed])))
    other = _item(platform, _submit(platform, "b", film([title, scene(61, 400, 300)])))
    assert one.matches
    assert one.pictures[0].pdq == other.pictures[0].pdq
    assert one.compared == other.compared == ()
    assert not like(other, [one])


def test_a_scan_tells_the_second(platform: Platform, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(_with_listed())
    (folder / "b.mp4").write_bytes(film(scenes(4, 400, 300)))
    (folder / "c.mp4").write_bytes(film(scenes(4, 400, 300))[:3000])
    rows = list(scan([folder], platform.screener, DecodeLimits(), workers=1))
    assert [row["verdict"] for row in rows] == ["match", "clean", "unscreened"]
    (met,) = rows[0]["matches"]
    assert (met["via"], met["seconds"]) == ("frame", 2.0)
    assert json.dumps(rows)


def test_a_plain_film_has_no_decisive_frame(platform: Platform) -> None:
    flat = film([Image.new("RGB", (64, 64), (30, 60, 90))])
    item = _item(platform, _submit(platform, "flat", flat))
    assert (item.verdict, item.reason) == ("clean", "low_quality")
