"""PDQ here against the reference binding, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pdqhash
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kernel_paths import PATHS, path_of
from tests.pictures import scene

from tutela.hashing.pdq import dihedral, distance, pdq


@pytest.fixture(params=PATHS, scope="module", autouse=True)
def _path(request: pytest.FixtureRequest) -> Iterator[None]:
    with path_of(request.param):
        yield


KINDS = ("noise", "flat", "bands", "waves", "scene", "two levels")
SIDES = st.integers(1, 300)
SEEDS = st.integers(0, 2**32 - 1)


def _content(kind: str, seed: int, width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (height, width, 3)
    if kind == "noise":
        return rng.integers(0, 256, shape, np.uint8)
    if kind == "flat":
        return np.full(shape, rng.integers(0, 256, 3), np.uint8)
    if kind == "bands":
        return np.broadcast_to(rng.integers(0, 256, (height, 1, 3), np.uint8), shape).copy()
    if kind == "two levels":
        return (rng.random(shape) < 0.5).astype(np.uint8) * np.uint8(255)
    if kind == "waves":
        y, x = np.mgrid[0:height, 0:width]
        step = rng.uniform(0.01, 0.5, 6)
        layers = [127 + 127 * np.sin(step[k] * x + step[k + 3] * y) for k in range(3)]
        return np.stack(layers, axis=2).astype(np.uint8)
    return np.asarray(scene(seed, width, height))


def _reference_bytes(bits: np.ndarray) -> bytes:
    return np.packbits(bits.astype(np.uint8)).tobytes()


def _assert_as_reference(pixels: np.ndarray) -> None:
    ours = pdq(pixels)
    bits, quality = pdqhash.compute(pixels)
    assert (ours.bits, ours.quality) == (_reference_bytes(bits), quality)


@settings(max_examples=150)
@given(st.sampled_from(KINDS), SEEDS, SIDES, SIDES)
@example("noise", 0, 5, 5)
@example("noise", 0, 300, 5)
@example("noise", 0, 5, 300)
@example("waves", 1, 64, 64)
@example("waves", 1, 128, 129)
@example("flat", 1, 257, 256)
@example("noise", 1, 4, 200)
def test_equals_the_reference_in_every_bit(kind: str, seed: int, width: int, height: int) -> None:
    _assert_as_reference(_content(kind, seed, width, height))


@settings(max_examples=60)
@given(st.sampled_from(KINDS), SEEDS, SIDES, SIDES)
def test_grey_equals_the_reference(kind: str, seed: int, width: int, height: int) -> None:
    """The binding takes three channels only, so it gets the grey three times."""
    grey = np.ascontiguousarray(_content(kind, seed, width, height)[..., 0])
    ours = pdq(grey)
    bits, quality = pdqhash.compute(np.repeat(grey[..., None], 3, axis=2))
    assert (ours.bits, ours.quality) == (_reference_bytes(bits), quality)


@settings(max_examples=60)
@given(st.sampled_from(KINDS), SEEDS, SIDES, SIDES)
def test_the_eight_forms_equal_the_reference(kind: str, seed: int, width: int, height: int) -> None:
    pixels = _content(kind, seed, width, height)
    hashes, quality = pdqhash.compute_dihedral(pixels)
    ours = [(one.bits, one.quality) for _name, one in dihedral(pixels)]
    assert ours == [(_reference_bytes(bits), quality) for bits in hashes]


@pytest.mark.parametrize(("width", "height"), [(1500, 1100), (4100, 700)])
def test_large_pictures_equal_the_reference(width: int, height: int) -> None:
    """The second one has more pixels than are converted to luma at a time in one strip."""
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)
    _assert_as_reference(pixels)


def test_more_pixels_than_one_strip_equal_the_reference() -> None:
    _assert_as_reference(_content("waves", 9, 3000, 2000))


def test_rows_that_are_not_contiguous_hash_the_same() -> None:
    pixels = np.asarray(scene(2, 200, 150))
    assert pdq(pixels[:, ::-1]) == pdq(np.ascontiguousarray(pixels[:, ::-1]))


def test_turned_pixels_lie_close_to_the_derived_hash() -> None:
    """Cells are sampled left of their middle, so turning moves small pictures by some bits."""
    pixels = np.asarray(scene(2, 320, 240))
    forms = dict(dihedral(pixels))
    turned = {
        "rotate90": np.rot90(pixels),
        "rotate180": np.rot90(pixels, 2),
        "rotate270": np.rot90(pixels, 3),
        "flip_top_bottom": pixels[::-1],
        "flip_left_right": pixels[:, ::-1],
        "transpose": pixels.swapaxes(0, 1),
        "anti_transpose": np.rot90(pixels, 2).swapaxes(0, 1),
    }
    for name, form in turned.items():
        assert distance(forms[name].bits, pdq(form).bits) <= 16, name


def test_flat_pictures_have_no_quality() -> None:
    assert pdq(np.full((90, 90, 3), 200, np.uint8)).quality == 0


def test_two_scenes_are_far_apart() -> None:
    one, other = (pdq(np.asarray(scene(seed, 256, 192))) for seed in (1, 2))
    assert distance(one.bits, other.bits) > 60


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 255)))
def test_distance_counts_the_bits_that_differ(bits: bytes, flipped: set[int]) -> None:
    other = int.from_bytes(bits)
    for place in flipped:
        other ^= 1 << place
    assert distance(bits, other.to_bytes(32)) == len(flipped)
