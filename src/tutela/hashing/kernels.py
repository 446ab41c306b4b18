"""Which compiled kernels run here: the fastest this processor can, or none and NumPy instead."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tutela.errors import SettingsInvalid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHOICE = "TUTELA_KERNELS"
"""The environment variable that names a level, or numpy, to run instead of the fastest."""
NUMPY = "numpy"


class HashingKernels(Protocol):
    """What the extension module offers; every call lets other threads run meanwhile."""

    def levels(self) -> list[str]:
        """Return the processor levels that run here, the fastest last."""
        ...

    def pdq(self, rgb: NDArray[np.uint8], level: str, dihedral: bool = False) -> tuple[bytes, int]:
        """Return hash and quality of pixels (height, width, 3); eight hashes if `dihedral`."""
        ...

    def pdq_grey(
        self, grey: NDArray[np.uint8], level: str, dihedral: bool = False
    ) -> tuple[bytes, int]:
        """Return hash and quality of pixels (height, width); eight hashes if `dihedral`."""
        ...

    def weigh(
        self,
        grey: NDArray[np.uint8],
        rows: NDArray[np.int32],
        down: NDArray[np.int16],
        columns: NDArray[np.int32],
        across: NDArray[np.int16],
        tolerance: float,
        level: str,
    ) -> tuple[bytes, int, int]:
        """Return hash, quality and doubtful bits of pixels sampled by weights (64, taps)."""
        ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """The kernels for hashing, and the processor level to run them at (sse4, avx2, avx512 ...)."""

    module: HashingKernels
    level: str


@cache
def compiled() -> Compiled | None:
    """Return the compiled kernels. None: use NumPy, which gives the same bits slower.

    Raises `SettingsInvalid` when TUTELA_KERNELS names what does not run here.
    """
    wanted = os.environ.get(CHOICE)
    if wanted == NUMPY:
        return None
    module = _module()
    levels = module.levels() if module else []
    if wanted is not None and wanted not in levels:
        raise SettingsInvalid(
            f"The kernels {wanted} do not run here.",
            f"Set {CHOICE} to one of {', '.join([NUMPY, *levels])}, or not at all.",
        )
    if module is None or not levels:
        # Slow to import, and every hashing process would wait for it.
        import structlog

        structlog.get_logger().warning(
            "kernels.missing",
            effect="hashing and matching are several times slower, with the same results",
            remedy="reinstall where GCC or Clang is" if module is None else "use another machine",
        )
        return None
    return Compiled(module, wanted or levels[-1])


def _module() -> HashingKernels | None:
    try:
        module = import_module("tutela.hashing._native.kernels")
    except ImportError:
        return None
    return cast("HashingKernels", module)
