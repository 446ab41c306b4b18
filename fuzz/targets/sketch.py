"""Sketches: what is decoded is whole, and encodes to the same bytes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
from tests.pictures import crowded

from tutela.hashing.features import sketch
from tutela.hashing.sketch import Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator


def seeds() -> Iterator[bytes]:
    """Sketch two pictures."""
    for seed in (1, 2):
        made = sketch(np.asarray(crowded(seed, 120, 90).convert("L")))
        assert made is not None
        yield made.encoded()


def run(data: bytes) -> None:
    """Decode and encode."""
    with contextlib.suppress(ValueError):
        assert Sketch.decoded(data).encoded() == data
