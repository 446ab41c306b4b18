"""Sketches: what is kept of a listed picture, and what is refused as one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pictures import crowded

from tutela.hashing.features import LISTED_POINTS, LISTED_SIDE, features, reduced, sketch
from tutela.hashing.pdq import pdq
from tutela.hashing.sketch import MARK_BYTES, MOST_POINTS, TILES, Sketch, tiles

GREY = np.asarray(crowded(5, 640, 480).convert("L"))
DRAWN = sketch(GREY)


def _marks_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.unpackbits(one[:, None] ^ other[None], axis=2).sum(axis=2))


def test_a_sketch_survives_being_stored() -> None:
    assert DRAWN is not None
    again = Sketch.decoded(DRAWN.encoded())
    assert (again.width, again.height) == (DRAWN.width, DRAWN.height) == (LISTED_SIDE, 384)
    assert np.abs(again.points - DRAWN.points).max() <= 1 / 128
    for name in ("marks", "tiles", "qualities"):
        assert np.array_equal(getattr(again, name), getattr(DRAWN, name))


def test_a_sketch_costs_what_the_documentation_says() -> None:
    assert DRAWN is not None
    assert 0 < len(DRAWN.points) <= LISTED_POINTS <= MOST_POINTS
    assert len(DRAWN.encoded()) == 11 + 36 * len(DRAWN.points) + 33 * TILES


def test_the_first_tile_is_the_whole_picture() -> None:
    assert DRAWN is not None
    whole = reduced(GREY, LISTED_SIDE)
    assert DRAWN.tiles[0].tobytes() == pdq(whole).bits
    assert len(DRAWN.tiles) == len(list(tiles(512, 384))) == TILES


@given(st.integers(16, 700), st.integers(16, 700))
def test_the_tiles_of_each_division_cover_every_pixel_once(width: int, height: int) -> None:
    covered = np.zeros((height, width), np.uint8)
    for tile in tiles(width, height):
        tile.of(covered)[...] += 1
    assert (covered == 4).all()


@given(st.binary(max_size=300))
def test_anything_is_a_sketch_or_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Sketch.decoded(data)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_sketch_is_refused_or_has_sound_parts(place: int, value: int) -> None:
    assert DRAWN is not None
    stored = bytearray(DRAWN.encoded())
    stored[place % len(stored)] = value
    try:
        read = Sketch.decoded(bytes(stored))
    except ValueError:
        return
    assert read.marks.shape == (len(read.points), MARK_BYTES)
    assert (read.points <= (read.width, read.height)).all()
    assert read.qualities.max() <= 100


@pytest.mark.parametrize("cut", [0, 1, 10, 11, 200, -1])
def test_a_cut_sketch_is_refused(cut: int) -> None:
    assert DRAWN is not None
    with pytest.raises(ValueError, match=r".+"):
        Sketch.decoded(DRAWN.encoded()[:cut])


def test_a_longer_sketch_is_refused() -> None:
    assert DRAWN is not None
    with pytest.raises(ValueError, match="length"):
        Sketch.decoded(DRAWN.encoded() + b"\0")


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (15, 400)])
def test_what_is_too_small_has_no_sketch(size: tuple[int, int]) -> None:
    assert sketch(np.zeros(size, np.uint8)) is None


def test_what_shows_nothing_has_no_points() -> None:
    flat = features(np.full((200, 300), 90, np.uint8), 100)
    assert flat.points.shape == (0, 2)
    assert flat.marks.shape == flat.mirrored.shape == (0, MARK_BYTES)


def test_the_same_point_has_nearly_the_same_mark_in_a_copy() -> None:
    one = features(GREY, 200)
    other = features(reduced(GREY, 500), 400)
    apart = _marks_apart(one.marks, other.marks)
    assert np.median(apart.min(axis=1)) < 32
    # Any two points differ by half of all bits, give or take: the mixes are balanced.
    assert 100 < np.median(apart) < 150


def test_marks_of_the_mirror_image_are_those_of_the_mirrored_picture() -> None:
    one = features(GREY, 200)
    mirrored = features(np.ascontiguousarray(GREY[:, ::-1]), 200)
    nearest = _marks_apart(one.mirrored, mirrored.marks)
    same = nearest.min(axis=1) <= 31
    assert same.mean() > 0.7
    ours = GREY.shape[1] - 1 - one.points[same, 0]
    theirs = mirrored.points[nearest[same].argmin(axis=1), 0]
    assert np.median(np.abs(ours - theirs)) < 1.5
