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
_PLAIN = 1.5
"""And those of one that has nothing but compression in it."""
_FRAME_RANGE, _GUTTER_RANGE = 6.0, 12.0
"""By so much may the means of the lines of a frame, and of one gutter, differ."""
_GROUND_TOLERANCE = 14
_GROUND_SHARE = 0.5
"""A line of which so much is ground is part of a bar, whatever words stand on it."""
_LEAST_SHARE = 0.12
"""Of the picture's sides that a pane has at least."""
_DEEPEST = 3
MOST_TILES = 9
_LEAST_TILES, _LEAST_COVERED = 4, 0.6
_LEAST_TILE, _LARGEST_TILE = 0.01, 0.5
"""Of the area of a contact sheet that a tile has."""
_GRIDS = ((2, 1), (1, 2), (2, 2), (3, 3))


def panes(grey: Grey) -> tuple[Pane, ...]:
    """Return the parts within flat frames and gutters, and between bars; never the whole."""
    whole = Pane(0, 0, grey.shape[1], grey.shape[0])
    least = max(16, round(min(grey.shape) * _LEAST_SHARE))
    found = dict.fromkeys(_within_frame(grey, whole, least))
    found |= dict.fromkeys(_cut(grey, whole, least, _DEEPEST))
    between = _between_bars(grey, whole, least)
    if between is not None:
        found[between] = None
        found |= dict.fromkeys(_cut(grey, between, least, _DEEPEST))
    found.pop(whole, None)
    return tuple(found)[:MOST_PANES]


def sheet_tiles(grey: Grey) -> tuple[Pane, ...]:
    """Return the tiles of a contact sheet; none where there are not several of about one size."""
    area = grey.shape[0] * grey.shape[1]
    found = [one for one in panes(grey) if _LEAST_TILE * area <= _area(one) <= _LARGEST_TILE * area]
    if not found:
        return ()
    usual = float(np.median([_area(one) for one in found]))
    alike = [one for one in found if usual / 2 <= _area(one) <= usual * 2]
    apart = [one for one in alike if not any(_covers(other, one) for other in alike)]
    covered = sum(map(_area, apart)) / area
    sheet = len(apart) >= _LEAST_TILES and covered >= _LEAST_COVERED
    return tuple(apart)[:MOST_TILES] if sheet else ()


def _area(pane: Pane) -> int:
    return (pane.right - pane.left) * (pane.bottom - pane.top)


def _covers(outer: Pane, inner: Pane) -> bool:
    return (
        outer != inner
        and outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )


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


def _within_frame(grey: Grey, pane: Pane, least: int) -> Iterator[Pane]:
    """Yield what is left when lines of exactly one grey are taken from each side.

    A sky may be so smooth that it is taken for frame where any more is allowed.
    """
    top, bottom = _trimmed(grey)
    if bottom - top < least:
        return
    left, right = _trimmed(grey[top:bottom].T)
    inner = Pane(left, top, right, bottom)
    if inner != pane and right - left >= least:
        yield inner


def _trimmed(part: Grey) -> tuple[int, int]:
    """Return where the rows begin and end that are not all of the grey of the first or last."""
    plain = part.std(axis=1) <= _PLAIN
    means = part.mean(axis=1)
    above = np.logical_and.accumulate(plain & (np.abs(means - means[0]) <= _PLAIN))
    below = np.logical_and.accumulate((plain & (np.abs(means - means[-1]) <= _PLAIN))[::-1])
    start = int(above.sum())
    return start, max(start, len(part) - int(below.sum()))


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
    """Say of each row whether it shows something, or belongs to a frame or gutter.

    Rows of a frame are as grey as the outermost, those of a gutter as each other: a sky changes.
    """
    means = part.mean(axis=1)
    busy = part.std(axis=1) > _FLAT
    for start, end in _runs(~busy, 1):
        if start and end < len(busy):
            busy[start:end] = np.ptp(means[start:end]) > _GUTTER_RANGE
            continue
        framing = np.zeros(end - start, np.bool_)
        if start == 0:
            framing |= np.logical_and.accumulate(np.abs(means[:end] - means[0]) <= _FRAME_RANGE)
        if end == len(busy):
            backwards = np.abs(means[start:][::-1] - means[-1]) <= _FRAME_RANGE
            framing |= np.logical_and.accumulate(backwards)[::-1]
        busy[start:end] = ~framing
    return np.asarray(busy)


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
