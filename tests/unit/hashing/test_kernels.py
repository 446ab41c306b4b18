"""Which kernels run, and that all of them give the same bits."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.kernel_paths import PATHS, path_of
from tests.pictures import scene

from tutela.errors import SettingsInvalid
from tutela.hashing import kernels
from tutela.hashing.pdq import dihedral, pdq


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    kernels.compiled.cache_clear()
    yield
    kernels.compiled.cache_clear()


@pytest.mark.skipif(
    not any(shutil.which(name) for name in ("c++", "g++", "clang++")),
    reason="NOT RUN: there is no C++ compiler, so there are no kernels",
)
def test_where_there_is_a_compiler_there_are_kernels() -> None:
    run = kernels.compiled()
    assert run is not None
    assert run.level == run.module.levels()[-1]


def test_without_the_extension_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> object:
        raise ImportError

    monkeypatch.setattr(kernels, "import_module", absent)
    with capture_logs() as lines:
        for _ in range(3):
            assert kernels.compiled() is None
        pdq(np.zeros((20, 20, 3), np.uint8))
    assert [line["event"] for line in lines] == ["kernels.missing"]
    assert "GCC or Clang" in lines[0]["remedy"]


def test_a_level_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kernels.CHOICE, "avx1024")
    with pytest.raises(SettingsInvalid, match="avx1024 do not run here") as refused:
        kernels.compiled()
    assert "numpy" in refused.value.remedy


def test_numpy_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kernels.CHOICE, kernels.NUMPY)
    assert kernels.compiled() is None


_SIDES = st.integers(5, 400)


@given(height=_SIDES, width=_SIDES, seed=st.integers(0, 2**32 - 1), smooth=st.booleans())
@settings(max_examples=60)
def test_all_paths_give_the_same_bits(height: int, width: int, seed: int, smooth: bool) -> None:
    if smooth:
        rgb = np.asarray(scene(seed, width, height))
    else:
        rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    answers = []
    for name in PATHS:
        with path_of(name):
            answers.append((pdq(rgb), dihedral(rgb), pdq(np.ascontiguousarray(rgb[..., 0]))))
    assert all(one == answers[0] for one in answers)


@pytest.mark.parametrize("shape", [(5, 20_000), (20_000, 5), (1031, 2053), (64, 64), (63, 129)])
def test_all_paths_agree_on_uncommon_shapes(shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(7).integers(0, 256, (*shape, 3), np.uint8)
    answers = []
    for name in PATHS:
        with path_of(name):
            answers.append((pdq(rgb), dihedral(rgb)))
    assert all(one == answers[0] for one in answers)


def test_views_are_hashed_as_their_pixels() -> None:
    rgb = np.asarray(scene(3, 320, 240))
    for view in (rgb[::-1], rgb[:, ::-1], rgb.transpose(1, 0, 2), rgb[10:200:2, 5:300:3]):
        assert pdq(view) == pdq(view.copy())


def test_division_by_every_window_is_ieee_division() -> None:
    """The kernels divide by a corrected product with the reciprocal; here in double precision.

    With 2^24 + 1 < 2^53 the remainder of float32 values is exact in float64, so this computes what
    the fused instructions do, for every mantissa of one binade and a spread of windows.
    """
    mantissas = np.arange(1 << 23, dtype=np.uint32)
    sums = (np.uint32(0x46000000) | mantissas).view(np.float32)
    for window in (3, 7, 25, 47, 94, 241, 511, 1000, 1023):
        by = np.float32(window)
        inverse = np.float32(1) / by
        near = sums * inverse
        rest = (sums.astype(np.float64) - near.astype(np.float64) * window).astype(np.float32)
        corrected = rest.astype(np.float64) * np.float64(inverse) + near.astype(np.float64)
        assert np.array_equal(corrected.astype(np.float32), sums / by)


def test_luma_in_thousandths_is_the_references_luma() -> None:
    red, green, blue = np.meshgrid(*[np.arange(256)] * 3, indexing="ij")
    reference = (red * 0.299 + green * 0.587 + blue * 0.114).astype(np.float32)
    counted = (299 * red + 587 * green + 114 * blue).astype(np.float32) / np.float32(1000)
    assert np.array_equal(reference, counted)


def test_the_module_refuses_what_it_was_not_made_for() -> None:
    run = kernels.compiled()
    if run is None:
        pytest.skip("NOT RUN: there are no kernels")
    module = importlib.import_module("tutela.hashing._native.kernels")
    good = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="no kernels of this level"):
        module.pdq(good, "z80")
    for bad in (good[:4], good[:, ::2], np.zeros((8, 8, 4), np.uint8)):
        with pytest.raises(ValueError, match="pixel"):
            module.pdq(bad, run.level)
    with pytest.raises(TypeError):
        module.pdq(good[0], run.level)
    first, taps = np.zeros(64, np.int32), np.zeros((64, 9), np.int16)
    with pytest.raises(ValueError, match="beyond the picture"):
        module.weigh(good[..., 0].copy(), first, taps, first, taps, 0.5, run.level)
