"""The hash that selects: how far it may be from the exact one, and that it says so."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from tests.kernel_paths import PATHS, path_of
from tests.pictures import encoded, scene
from tests.shared_data import shared

from tutela.content.decoding import DecodeLimits, reduced
from tutela.content.jpeg import Reduced
from tutela.hashing.fingerprint import fingerprint, quick_fingerprint
from tutela.hashing.pdq import distance
from tutela.hashing.screening_hash import (
    LARGEST_MARGIN,
    LEAST_SIDE,
    ScreeningHash,
    screening_hash,
    weights,
)

LIMITS = DecodeLimits()


def _apart(data: bytes) -> tuple[ScreeningHash, int, int]:
    """Return the quick hash, its distance from the exact one, and their difference in quality."""
    smaller = reduced(data, LIMITS, LEAST_SIDE)
    assert smaller is not None
    quick = screening_hash(smaller)
    exact = fingerprint(data, LIMITS).pictures[0]
    bits = distance(quick.bits, bytes.fromhex(exact.pdq))
    return quick, bits, abs(quick.quality - exact.quality)


QUALITY_TOLERANCE = 5
"""Half of what a verdict allows for."""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(640, 480), (401, 457), (1600, 1200), (2400, 700)])
@pytest.mark.parametrize(
    "options",
    [{"quality": 40}, {"quality": 92, "subsampling": 0}, {"quality": 75, "progressive": True}],
    ids=str,
)
def test_the_exact_hash_lies_within_the_margin(
    seed: int, size: tuple[int, int], options: dict[str, int]
) -> None:
    picture = ImageEnhance.Color(scene(seed, *size)).enhance(1 + seed)
    quick, bits, quality = _apart(encoded(picture, "JPEG", **options))
    assert bits <= quick.margin
    assert quality <= QUALITY_TOLERANCE


@pytest.mark.shared
def test_photos_lie_within_the_margin() -> None:
    margins = []
    for place in sorted(shared("photos", "main").glob("*.jpg")):
        with Image.open(place) as opened:
            picture = opened.convert("RGB")
        factor = 800 / min(picture.size)
        picture = picture.resize([round(side * factor) for side in picture.size])
        for quality in (35, 85):
            quick, bits, off = _apart(encoded(picture, "JPEG", quality=quality))
            margins.append(quick.margin)
            assert bits <= quick.margin, place.name
            assert off <= QUALITY_TOLERANCE, place.name
    assert np.median(margins) <= 10
    assert np.mean(np.array(margins) > LARGEST_MARGIN) < 0.2


@given(
    size=st.integers(64, 3000),
    eighths=st.sampled_from([1, 2, 4, 8]),
)
@settings(max_examples=60)
def test_weights_cover_the_axis_and_add_up(size: int, eighths: int) -> None:
    smaller = -(-size * eighths // 8)
    made = weights(size, smaller, eighths)
    assert (made.taps.sum(axis=1) == 1 << 14).all()
    assert (made.taps >= 0).all()
    assert made.first.min() >= 0
    assert int(made.first.max()) + made.taps.shape[1] <= smaller
    centres = (made.places * made.taps).sum(axis=1) / (1 << 14)
    expected = ((np.arange(64) + 0.5) * size / 64).astype(int) * eighths / 8
    assert np.abs(centres - expected).max() <= max(1.0, size / 128 * eighths / 8)


def _by_definition(size: int, reduced: int, eighths: int) -> np.ndarray:
    """Return the weights (64, reduced) of means of means, place by place."""
    window = (size + 127) // 128
    lead = (window + 2) // 2 - 1
    held = [(max(0, one + lead - window + 1), min(size - 1, one + lead) + 1) for one in range(size)]
    whole = np.zeros((64, reduced))
    for cell in range(64):
        start, stop = held[int((cell + 0.5) * size / 64)]
        for centre in range(start, stop):
            low, high = held[centre]
            for place in range(low, high):
                covering = min(int((place + 0.5) * eighths / 8), reduced - 1)
                whole[cell, covering] += 1 / (stop - start) / (high - low)
    sums = np.rint(np.cumsum(whole, axis=1) * (1 << 14)).astype(int)
    return np.diff(sums, axis=1, prepend=0)


@given(size=st.integers(20, 2500), eighths=st.sampled_from([1, 2, 4, 8]))
@settings(max_examples=40, deadline=None)
def test_weights_are_those_of_two_means(size: int, eighths: int) -> None:
    smaller = -(-size * eighths // 8)
    made = weights(size, smaller, eighths)
    whole = np.zeros((64, smaller), int)
    np.put_along_axis(whole, made.places, made.taps.astype(int), axis=1)
    assert np.array_equal(whole, _by_definition(size, smaller, eighths))


@given(
    height=st.integers(64, 500),
    width=st.integers(64, 500),
    eighths=st.sampled_from([1, 2, 4, 8]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40)
def test_all_paths_give_the_same_bits_and_doubts(
    height: int, width: int, eighths: int, seed: int
) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    smaller = Reduced(grey, height * 8 // eighths, width * 8 // eighths, eighths)
    answers = []
    for name in PATHS:
        with path_of(name):
            answers.append(screening_hash(smaller))
    assert all(one == answers[0] for one in answers)


def test_a_picture_of_little_is_hashed_exactly() -> None:
    flat = Image.new("RGB", (800, 600), (40, 90, 200))
    printed = quick_fingerprint(encoded(flat, "JPEG"), LIMITS)
    assert printed.quick is None
    assert printed == fingerprint(encoded(flat, "JPEG"), LIMITS)


def _turned() -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    scene(1, 600, 480).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        encoded(scene(1, 600, 480), "PNG"),
        encoded(scene(1, 600, 480), "WEBP"),
        encoded(scene(1, 600, 480).convert("CMYK"), "JPEG"),
        encoded(scene(1, 600, 480), "MPO", save_all=True, append_images=[scene(2, 600, 480)]),
        encoded(scene(1, 600, 480), "JPEG")[:-3000],
        _turned(),
        b"",
        b"nothing of the kind",
    ],
    ids=["png", "webp", "cmyk", "mpo", "cut", "turned", "empty", "text"],
)
def test_what_is_no_plain_jpeg_is_hashed_exactly(data: bytes) -> None:
    assert quick_fingerprint(data, LIMITS) == fingerprint(data, LIMITS)
    assert reduced(data, LIMITS, LEAST_SIDE) is None


def test_limits_hold_for_reduced_pictures_too() -> None:
    data = encoded(scene(1, 600, 480), "JPEG")
    assert reduced(data, DecodeLimits(max_pixels=1000), LEAST_SIDE) is None
    assert reduced(data, DecodeLimits(max_bytes=1000), LEAST_SIDE) is None
