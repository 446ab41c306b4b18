"""Every way in which kernels can run on this machine: NumPy, and each level of the processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tutela.hashing import kernels as hashing_kernels
from tutela.matching import kernels as matching_kernels

_RUN = hashing_kernels.compiled()
PATHS = [hashing_kernels.NUMPY, *(_RUN.module.levels() if _RUN else [])]


@contextmanager
def path_of(name: str) -> Iterator[None]:
    """Run everything inside on this path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(hashing_kernels.CHOICE, name)
        _forget()
        yield
    _forget()


def _forget() -> None:
    hashing_kernels.compiled.cache_clear()
    matching_kernels.compiled.cache_clear()
