"""A rectangular part of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pane:
    """A part in whole pixels; `right` and `bottom` are just outside of it."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return this part of the pixels (rows, columns)."""
        return pixels[self.top : self.bottom, self.left : self.right]

    def within(self, outer: Pane) -> Pane:
        """Return this part of another part as part of the whole."""
        return Pane(
            self.left + outer.left,
            self.top + outer.top,
            self.right + outer.left,
            self.bottom + outer.top,
        )
