"""The optional collection of benign pictures and published vectors beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

_PLACE = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARED: Path | None = _PLACE if _PLACE.is_dir() else None


def shared(*parts: str) -> Path:
    """Return a path inside the collection, or skip the test that asks for it."""
    if SHARED is None:
        pytest.skip("NOT RUN: the benign picture collection is not beside the repository")
    place = SHARED.joinpath(*parts)
    if not place.exists():
        pytest.skip(f"NOT RUN: the picture collection has no {'/'.join(parts)}")
    return place
