"""From changed copies to the listed picture, through a list that was built from files."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps
from PIL.Image import Transpose
from tests.pictures import crowded, encoded

from tutela.audit.entry import Actor
from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint
from tutela.hashing.look import Budget
from tutela.hashlists.store import HashLists
from tutela.matching.evasion.effort import looked_at
from tutela.matching.evasion.looking import sketched
from tutela.matching.screening import Match, Screener, ScreeningPolicy, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tutela.audit.log import AuditLog
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")
LIMITS = DecodeLimits()
PICTURE = crowded(41, 640, 480)
STRANGER = crowded(42, 640, 480)


def _file(picture: Image.Image) -> bytes:
    return encoded(picture, "JPEG", quality=85)


def built_line(name: str, data: bytes) -> bytes:
    """Return the line that `lists build` writes for a picture, without its digests."""
    printed = fingerprint(data, LIMITS).pictures[0]
    told = [b64encode(one.encoded()).decode() for one in sketched(data, LIMITS)]
    row = {"id": name, "pdq": printed.pdq, "sketch": told}
    return json.dumps(row).encode() + b"\n"


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    made = HashLists(database, audit)
    lines = built_line("wanted", _file(PICTURE)) + built_line("other", _file(crowded(43, 640, 480)))
    made.import_file(ANNA, "built", lines)
    return made


@pytest.fixture
def screener(database: Database, lists: HashLists, tmp_path: Path) -> Screener:
    return Screener(database, ScreeningPolicy(), tmp_path / "index")


def _matches(screener: Screener, data: bytes, budget: Budget) -> tuple[Match, ...]:
    screening = screener.screen_bytes(data, LIMITS, looks=budget)[1]
    assert (screening.verdict is Verdict.MATCH) == bool(screening.matches)
    return screening.matches


TURNS = {
    "mirror": Transpose.FLIP_LEFT_RIGHT,
    "flip_top_bottom": Transpose.FLIP_TOP_BOTTOM,
    "rotate180": Transpose.ROTATE_180,
    "rotate90": Transpose.ROTATE_270,
    "rotate270": Transpose.ROTATE_90,
    "transpose": Transpose.TRANSPOSE,
    "anti_transpose": Transpose.TRANSVERSE,
}


@pytest.mark.parametrize("via", TURNS)
def test_turned_and_mirrored_copies_are_found_cheaply(screener: Screener, via: str) -> None:
    data = _file(PICTURE.transpose(TURNS[via]))
    assert _matches(screener, data, Budget.NONE) == ()
    (match,) = _matches(screener, data, Budget.CHEAP)
    assert (match.entry_id, match.via, match.corners) == ("wanted", via, None)
    assert match.distance <= 31


def test_the_negative_is_found_cheaply(screener: Screener) -> None:
    (match,) = _matches(screener, _file(ImageOps.invert(PICTURE)), Budget.CHEAP)
    assert (match.entry_id, match.via) == ("wanted", "negative")


def test_a_framed_copy_is_found_cheaply_and_its_place_is_told(screener: Screener) -> None:
    framed = ImageOps.expand(PICTURE, 64, "white")
    (match,) = _matches(screener, _file(framed), Budget.CHEAP)
    assert (match.entry_id, match.via) == ("wanted", "region")
    assert match.corners is not None
    told = np.array(match.corners) * framed.size
    assert np.abs(told - [(64, 64), (704, 64), (704, 544), (64, 544)]).max() < 4


def _cropped(picture: Image.Image) -> Image.Image:
    return picture.crop((90, 60, 600, 440))


def _rotated(picture: Image.Image) -> Image.Image:
    return picture.rotate(9, Image.Resampling.BICUBIC).crop((80, 70, 560, 410))


def _inset(picture: Image.Image) -> Image.Image:
    whole = crowded(44, 1000, 750)
    whole.paste(picture.resize((480, 360)), (310, 205))
    return whole


def _mirrored_inset(picture: Image.Image) -> Image.Image:
    return _inset(ImageOps.mirror(picture))


def _leaning(picture: Image.Image) -> Image.Image:
    seen_from = (1, 0.14, -60, 0.03, 1.15, -50, 0.0002, 0.0001)
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, seen_from, Image.Resampling.BICUBIC
    )


def _stuck_over(picture: Image.Image) -> Image.Image:
    copy = _cropped(picture)
    copy.paste((250, 210, 40), (30, 30, 190, 170))
    return copy


CHANGES = [_cropped, _rotated, _inset, _mirrored_inset, _leaning, _stuck_over]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__.strip("_"))
def test_parts_and_moved_copies_are_found_with_full_looks(
    screener: Screener, change: Callable[[Image.Image], Image.Image]
) -> None:
    data = _file(change(PICTURE))
    assert _matches(screener, data, Budget.NONE) == ()
    (match,) = _matches(screener, data, Budget.FULL)
    assert (match.entry_id, match.via, match.algorithm) == ("wanted", "region", "sketch")
    assert match.distance <= 20
    # A stranger changed alike is none of ours.
    assert _matches(screener, _file(change(STRANGER)), Budget.FULL) == ()


@pytest.mark.parametrize(
    ("place", "mirrored"), [((310, 205), False), ((310, 205), True), ((20, 380), True)]
)
def test_the_corners_say_where_the_listed_picture_lies(
    screener: Screener, place: tuple[int, int], mirrored: bool
) -> None:
    whole = crowded(44, 1000, 750)
    small = PICTURE.resize((480, 360))
    whole.paste(ImageOps.mirror(small) if mirrored else small, place)
    (match,) = _matches(screener, _file(whole), Budget.FULL)
    assert match.corners is not None
    left, top = place
    wanted = [(left, top), (left + 480, top), (left + 480, top + 360), (left, top + 360)]
    if mirrored:
        wanted = [wanted[1], wanted[0], wanted[3], wanted[2]]
    assert np.abs(np.array(match.corners) * whole.size - wanted).max() < 6


@pytest.mark.parametrize("angle", [-12, 4, 9])
@pytest.mark.parametrize("ground", ["black", "white"])
def test_a_picture_that_stands_askew_is_found_by_its_hash_alone(
    lists: HashLists, screener: Screener, angle: int, ground: str
) -> None:
    picture = crowded(55, 640, 480)
    printed = fingerprint(_file(picture), LIMITS).pictures[0]
    lists.import_file(ANNA, "hashes", f"id,pdq\naskew,{printed.pdq}\n".encode())
    askew = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=ground)
    (match,) = _matches(screener, _file(askew), Budget.CHEAP)
    assert (match.entry_id, match.via, match.algorithm) == ("askew", "region", "pdq")
    assert match.corners is not None
    middle = np.mean(match.corners, axis=0)
    assert np.abs(middle - 0.5).max() < 0.01


def _scribbled(picture: Image.Image, strokes: int = 10) -> Image.Image:
    copy = picture.crop((30, 20, 640, 480))
    draw = ImageDraw.Draw(copy)
    rng = np.random.default_rng(3)
    line = [(float(x), float(y)) for x, y in rng.uniform(0, 1, (strokes, 2)) * copy.size]
    draw.line(line, "red", 3)
    for row in range(3):
        draw.text((60, 40 + row * 150), "words everywhere", "white", font_size=40)
    return copy


def test_words_over_everything_do_not_hide_a_copy(screener: Screener) -> None:
    data = _file(_scribbled(PICTURE))
    assert _matches(screener, data, Budget.CHEAP) == ()
    (match,) = _matches(screener, data, Budget.FULL)
    assert (match.entry_id, match.via, match.algorithm) == ("wanted", "region", "sketch")
    assert _matches(screener, _file(_scribbled(STRANGER)), Budget.FULL) == ()


def test_what_is_too_doubtful_for_a_match_is_for_a_person_to_look_at_when_asked_for(
    database: Database, screener: Screener, tmp_path: Path
) -> None:
    data = _file(_scribbled(PICTURE, strokes=30))
    assert _matches(screener, data, Budget.FULL) == ()
    reviewing = Screener(database, ScreeningPolicy(review_radius=40), tmp_path / "index")
    screening = reviewing.screen_bytes(data, LIMITS, looks=Budget.FULL)[1]
    assert screening.verdict is Verdict.POSSIBLE
    (match,) = screening.matches
    assert (match.entry_id, match.via, match.algorithm) == ("wanted", "wide", "sketch")
    assert match.corners is not None


def _posted(picture: Image.Image) -> Image.Image:
    """Return a post in an app that has much of its own on the screen."""
    whole = crowded(77, 640, 900)
    whole.paste(picture, (0, 200))
    return whole


def test_what_an_app_puts_around_pictures_is_no_match(screener: Screener, lists: HashLists) -> None:
    lists.import_file(ANNA, "posts", built_line("post", _file(_posted(crowded(78, 640, 480)))))
    assert len(_matches(screener, _file(_posted(crowded(78, 640, 480))), Budget.FULL)) == 1
    assert _matches(screener, _file(_posted(STRANGER)), Budget.FULL) == ()


def _sheet(*pictures: Image.Image) -> Image.Image:
    whole = Image.new("RGB", (3 * 330 + 10, 3 * 250 + 10), "white")
    for place, picture in enumerate(pictures):
        at = (10 + place % 3 * 330, 10 + place // 3 * 250)
        whole.paste(picture.resize((320, 240)), at)
    return whole


def test_each_tile_of_a_contact_sheet_is_found(screener: Screener) -> None:
    strangers = [crowded(60 + number, 320, 240) for number in range(8)]
    data = _file(_sheet(*strangers[:5], PICTURE, *strangers[5:]))
    assert _matches(screener, data, Budget.NONE) == ()
    (match,) = _matches(screener, data, Budget.CHEAP)
    assert (match.entry_id, match.via) == ("wanted", "region")


def test_a_listed_contact_sheet_is_found_by_any_of_its_tiles_and_meets_no_other(
    screener: Screener, lists: HashLists
) -> None:
    listed = [crowded(70 + number, 320, 240) for number in range(9)]
    sheet = _file(_sheet(*listed))
    assert len(sketched(sheet, LIMITS)) == 10
    lists.import_file(ANNA, "sheets", built_line("sheet", sheet))
    for tile in (listed[0], listed[4], listed[8]):
        (match,) = _matches(screener, _file(tile.resize((500, 375))), Budget.FULL)
        assert (match.entry_id, match.algorithm) == ("sheet", "sketch")
    other = _file(_sheet(*(crowded(90 + number, 320, 240) for number in range(9))))
    assert _matches(screener, other, Budget.FULL) == ()


def test_a_plain_copy_is_found_before_any_look(screener: Screener) -> None:
    data = encoded(PICTURE.resize((320, 240)), "PNG")
    matches = {budget: _matches(screener, data, budget) for budget in Budget}
    assert {one.via for found in matches.values() for one in found} == {"pdq"}
    assert matches[Budget.NONE] == matches[Budget.CHEAP] == matches[Budget.FULL]


def test_flat_pictures_and_strangers_match_nothing(screener: Screener) -> None:
    slope = np.linspace(0, 255, 400).astype(np.uint8)
    for picture in (
        Image.new("RGB", (500, 400), "white"),
        Image.fromarray(np.repeat(slope[None], 300, axis=0)),
        STRANGER,
        Image.new("RGB", (9, 9), "red"),
    ):
        assert _matches(screener, encoded(picture, "PNG"), Budget.FULL) == ()


def test_a_file_that_ends_early_is_still_looked_at(screener: Screener) -> None:
    # The last frame of three is cut off; the first is a mirrored copy.
    frames = [one.convert("P") for one in (ImageOps.mirror(PICTURE), STRANGER, STRANGER)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    cut = data[: len(data) * 3 // 4]
    assert fingerprint(cut, LIMITS).unscreened is not None
    (match,) = _matches(screener, cut, Budget.CHEAP)
    assert (match.entry_id, match.via) == ("wanted", "mirror")


def test_the_lists_that_were_named_are_looked_at(screener: Screener, lists: HashLists) -> None:
    lists.import_file(ANNA, "elsewhere", built_line("away", _file(STRANGER)))
    data = _file(_cropped(PICTURE))
    found = screener.screen_bytes(data, LIMITS, ["elsewhere"], looks=Budget.FULL)[1]
    assert found.matches == ()
    found = screener.screen_bytes(data, LIMITS, ["built"], looks=Budget.FULL)[1]
    assert [one.list_name for one in found.matches] == ["built"]


def test_what_is_removed_is_not_found_any_more(screener: Screener, lists: HashLists) -> None:
    data = _file(_cropped(PICTURE))
    assert len(_matches(screener, data, Budget.FULL)) == 1
    lists.remove_entry(ANNA, "built", "wanted")
    assert _matches(screener, data, Budget.FULL) == ()


def test_the_policy_names_the_budget(database: Database, lists: HashLists, tmp_path: Path) -> None:
    policy = ScreeningPolicy(looks=Budget.CHEAP)
    screener = Screener(database, policy, tmp_path / "index")
    data = _file(ImageOps.mirror(PICTURE))
    assert [one.via for one in screener.screen_bytes(data, LIMITS)[1].matches] == ["mirror"]
    assert screener.screen_bytes(data, LIMITS, looks=Budget.NONE)[1].matches == ()


def test_no_looks_are_taken_of_what_cannot_be_read() -> None:
    for data in (b"", b"words", _file(PICTURE)[:300]):
        assert looked_at(data, LIMITS, Budget.FULL).looks is None


def test_looks_that_fail_hold_the_file(screener: Screener, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("tutela.matching.evasion.looking.panes", broken)
    screening = screener.screen_bytes(_file(STRANGER), LIMITS, looks=Budget.CHEAP)[1]
    assert (screening.verdict, screening.reason) == (Verdict.UNSCREENED, "looks_failed")
    assert _matches(screener, _file(PICTURE), Budget.CHEAP)[0].via == "pdq"


@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.sampled_from(["noise", "flat", "steps", "line"]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_looks_can_be_taken_of_pictures_of_every_shape(
    width: int, height: int, kind: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = {
        "noise": rng.integers(0, 256, (height, width, 3)),
        "flat": np.full((height, width, 3), rng.integers(256)),
        "steps": np.repeat(rng.integers(0, 256, (height, 1, 3)), width, axis=1),
        "line": np.eye(height, width)[..., None] * rng.integers(0, 256, 3),
    }[kind]
    data = encoded(Image.fromarray(pixels.astype(np.uint8)), "PNG")
    printed = looked_at(data, LIMITS, Budget.FULL)
    assert printed.unscreened is None
    assert printed.looks is not None
    for look in printed.looks.hashes:
        assert look.corners is None or np.isfinite(look.corners).all()
    sketched(data, LIMITS)
