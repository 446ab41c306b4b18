"""The parts of a picture that may be pictures of their own: within frames, bars and gutters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutela.content.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

MOST_PANES = 24
_FLAT = 5.0
"""Grey levels by which the pixels of a line of a frame may deviate."""
_GROUND_TOLERANCE = 14
_GROUND_SHARE = 0.5
"""A line of which so much is ground is part of a bar, whatever words stand on it."""
_LEAST_SHARE = 0.12
"""Of the picture's sides that a pane has at least."""
_DEEPEST = 3
_GRIDS = ((2, 1), (1, 2), (2, 2), (3, 3))


def panes(grey: Grey) -> tuple[Pane, ...]:
    """Return the parts within flat frames and gutters, and between bars; never the whole."""
    whole = Pane(0, 0, grey.shape[1], grey.shape[0])
    least = max(16, round(min(grey.shape) * _LEAST_SHARE))
    found = dict.fromkeys(_cut(grey, whole, least, _DEEPEST))
    between = _between_bars(grey, whole, least)
    if between is not None:
        found[between] = None
        found |= dict.fromkeys(_cut(grey, between, least, _DEEPEST))
    found.pop(whole, None)
    return tuple(found)[:MOST_PANES]


def grid_panes(grey: Grey) -> Iterator[Pane]:
    """Yield halves, quarters and ninths: tiles that touch leave no gutter to go by."""
    height, width = grey.shape
    for columns, rows in _GRIDS:
        for row in range(rows):
            for column in range(columns):
                yield Pane(
                    width * column // columns,
                    height * row // rows,
                    width * (column + 1) // columns,
                    height * (row + 1) // rows,
                )


def _cut(grey: Grey, pane: Pane, least: int, deeper: int) -> Iterator[Pane]:
    """Yield what is left of a pane when its flat lines are cut away, and of those parts again."""
    part = pane.of(grey)
    rows = _runs(_busy(part), least)
    columns = _runs(_busy(part.T), least)
    if not rows or not columns:
        return
    for top, bottom in rows:
        for left, right in columns:
            inner = Pane(left, top, right, bottom).within(pane)
            if inner == pane:
                continue
            yield inner
            if deeper:
                yield from _cut(grey, inner, least, deeper - 1)


def _busy(part: Grey) -> NDArray[np.bool_]:
    """Say of each row whether it shows something; compression leaves flat ones nearly flat."""
    return np.asarray(part.std(axis=1) > _FLAT)


def _runs(busy: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """Return where runs of busy lines begin and end, of those that are long enough."""
    edges = np.flatnonzero(np.diff(busy.astype(np.int8), prepend=0, append=0))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, end) for start, end in runs if end - start >= least]


def _between_bars(grey: Grey, pane: Pane, least: int) -> Pane | None:
    """Return the longest part across whose rows, then columns, are not mostly ground."""
    part = pane.of(grey)
    edge = np.concatenate((part[0], part[-1]))
    ground = int(np.bincount(edge, minlength=256).argmax())
    is_ground = np.abs(part.astype(np.int16) - ground) <= _GROUND_TOLERANCE
    rows = _runs(is_ground.mean(axis=1) < _GROUND_SHARE, least)
    if not rows:
        return None
    top, bottom = max(rows, key=lambda run: run[1] - run[0])
    columns = _runs(is_ground[top:bottom].mean(axis=0) < _GROUND_SHARE, least)
    if not columns:
        return None
    left, right = max(columns, key=lambda run: run[1] - run[0])
    return Pane(left, top, right, bottom).within(pane)
