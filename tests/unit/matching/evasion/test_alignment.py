"""Whether a listed picture lies in another one: sound answers to whatever points say."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pictures import crowded

from tutela.hashing.features import features, sketch
from tutela.hashing.look import LOOKED_POINTS, Sight
from tutela.hashing.sketch import Sketch
from tutela.matching.evasion.alignment import aligned, framed
from tutela.matching.evasion.quads import quads, straightened

GREY = np.asarray(crowded(31, 480, 360).convert("L"))


def _sight(grey: np.ndarray) -> Sight:
    seen = features(grey, LOOKED_POINTS)
    return Sight((b"", b""), grey, seen.points, seen.marks, seen.mirrored)


def _drawn(grey: np.ndarray) -> Sketch:
    drawn = sketch(grey)
    assert drawn is not None
    return drawn


SIGHT, DRAWN = _sight(GREY), _drawn(GREY)
POINTS = len(DRAWN.points)


def _pairs(sight: Sight = SIGHT) -> np.ndarray:
    apart = np.unpackbits(sight.marks[:, None] ^ DRAWN.marks[None], axis=2).sum(axis=2)
    here = np.flatnonzero(apart.min(axis=1) <= 31)
    return _of(here, apart[here].argmin(axis=1), apart[here].min(axis=1).astype(np.int64))


def _of(here: np.ndarray, there: np.ndarray, bits: np.ndarray | int = 0) -> np.ndarray:
    row = np.zeros_like(here)
    return np.stack([here, row, there, bits + row], axis=1)


def test_a_picture_lies_in_itself_as_a_whole() -> None:
    place = aligned(SIGHT, DRAWN, _pairs(), mirrored=False)
    assert place is not None
    assert place.certain
    assert place.distance <= 4
    assert place.tiles == (DRAWN.qualities >= 30).sum()
    assert np.abs(np.array(place.corners) - [(0, 0), (1, 0), (1, 1), (0, 1)]).max() < 0.01


@pytest.mark.parametrize("quality", [90, 30])
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_smaller_and_poorer_copy_is_certain(share: float, quality: int) -> None:
    size = (round(480 * share), round(360 * share))
    small = cv2.resize(GREY, size, interpolation=cv2.INTER_AREA)
    poor = cv2.imdecode(
        cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE
    )
    sight = _sight(np.asarray(poor, np.uint8))
    place = aligned(sight, DRAWN, _pairs(sight), mirrored=False)
    assert place is not None
    assert place.certain


def test_what_is_near_and_far_seen_from_a_step_aside_is_not_certain() -> None:
    # Each column is at another distance, so that no projection takes one photo to the other.
    y, x = np.mgrid[0:360, 0:480].astype(np.float32)
    aside = cv2.remap(GREY, x + 2 * np.sin(x / 23), y, cv2.INTER_LINEAR)
    sight = _sight(np.asarray(aside, np.uint8))
    place = aligned(sight, DRAWN, _pairs(sight), mirrored=False)
    assert place is not None
    assert not place.certain


@pytest.mark.parametrize("mirrored", [False, True])
def test_points_that_agree_are_not_enough(mirrored: bool) -> None:
    # The same points, and something else to be seen.
    other = np.asarray(crowded(32, 480, 360).convert("L"))
    assert aligned(replace(SIGHT, grey=other), DRAWN, _pairs(), mirrored=mirrored) is None


def test_few_points_are_not_enough() -> None:
    assert aligned(SIGHT, DRAWN, _pairs()[:5], mirrored=False) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_points_at_random_align_nothing(seed: int, count: int, mirrored: bool) -> None:
    rng = np.random.default_rng(seed)
    here = rng.integers(0, len(SIGHT.points), count)
    there = rng.integers(0, POINTS, count)
    assert aligned(SIGHT, DRAWN, _of(here, there), mirrored=mirrored) is None


@given(
    st.sampled_from(["one place", "one line", "outside", "random"]),
    st.integers(6, 60),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=80, deadline=None)
def test_sketches_made_to_confuse_give_an_answer(kind: str, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    limits = (DRAWN.width, DRAWN.height)
    points = {
        "one place": np.full((POINTS, 2), 7.0),
        "one line": np.repeat(rng.uniform(0, 300, (POINTS, 1)), 2, axis=1),
        "outside": np.tile(np.array(limits, float), (POINTS, 1)),
        "random": rng.uniform(0, 1, (POINTS, 2)) * limits,
    }[kind]
    hostile = Sketch.decoded(replace(DRAWN, points=points.astype(np.float32)).encoded())
    here = rng.integers(0, len(SIGHT.points), count)
    there = rng.integers(0, POINTS, count)
    for mirrored in (False, True):
        place = aligned(SIGHT, hostile, _of(here, there), mirrored=mirrored)
        assert place is None or place.distance <= 60


def test_tiles_alone_tell_a_copy_from_another_picture() -> None:
    blurred = np.asarray(cv2.GaussianBlur(GREY, (0, 0), 4), np.uint8)
    place = framed(_sight(blurred), DRAWN, mirrored=False)
    assert place is not None
    assert np.array_equal(place.corners, [(0, 0), (1, 0), (1, 1), (0, 1)])
    turned = np.ascontiguousarray(blurred[:, ::-1])
    assert framed(_sight(turned), DRAWN, mirrored=False) is None
    assert framed(_sight(turned), DRAWN, mirrored=True) is not None
    assert framed(_sight(np.full((300, 400), 9, np.uint8)), DRAWN, mirrored=False) is None


@pytest.mark.parametrize("angle", [-25, -3, 8, 40])
def test_what_stands_askew_is_found_and_straightened(angle: int) -> None:
    middle = (420.0, 380.0)
    turn = np.asarray(cv2.getRotationMatrix2D((240, 180), angle, 1.0), np.float64)
    turn[:, 2] += (middle[0] - 240, middle[1] - 180)
    whole = cv2.warpAffine(GREY, turn, (840, 760), flags=cv2.INTER_CUBIC, borderValue=255)
    corners = next(quads(np.asarray(whole, np.uint8)))
    stored = np.array([[0, 0], [480, 0], [480, 360], [0, 360]], float)
    wanted = stored @ turn[:, :2].T + turn[:, 2]
    away = np.linalg.norm(corners[:, None] - wanted[None], axis=2).min(axis=0)
    assert away.max() < 4
    straight, back = straightened(np.asarray(whole, np.uint8), corners)
    assert sorted(np.abs(np.array(straight.shape) - sorted((360, 480)))) <= [6, 6]
    ends = cv2.perspectiveTransform(np.array([[[0.0, 0.0]]]), back)[0, 0]
    assert np.abs(ends - corners[0]).max() < 0.01


@pytest.mark.parametrize("grey", [np.zeros((50, 60), np.uint8), GREY, np.full((1, 1), 5, np.uint8)])
def test_where_nothing_stands_askew_nothing_is_found(grey: np.ndarray) -> None:
    found = [one for one in quads(grey) if cv2.contourArea(one) < 0.9 * grey.size]
    assert found == []
