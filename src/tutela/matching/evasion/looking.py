"""From a file's bytes to all looks at it that a budget pays for."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tutela.content.decoding import Reading, Undecodable, pictures
from tutela.hashing.features import (
    LEAST_LOOKED_SIDE,
    TILE_POINTS,
    enlarged,
    features,
    reduced,
    sketch,
)
from tutela.hashing.look import (
    LOOKED_PICTURES,
    LOOKED_POINTS,
    LOOKED_SIDE,
    MIRROR,
    NEGATIVE,
    REGION,
    Budget,
    Look,
    Looks,
    Sight,
)
from tutela.hashing.pdq import FORMS, dihedral, pdq
from tutela.matching.evasion.panes import grid_panes, panes, sheet_tiles
from tutela.matching.evasion.quads import quads, straightened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tutela.content.decoding import DecodeLimits
    from tutela.content.pane import Pane
    from tutela.hashing.look import Corners
    from tutela.hashing.pdq import PdqHash
    from tutela.hashing.sketch import Sketch

    Grey = NDArray[np.uint8]
    _Place = tuple[float, float]
    _FourCorners = tuple[_Place, _Place, _Place, _Place]

AS_IS, MIRRORED = FORMS[0], "flip_left_right"
_VIA = {MIRRORED: MIRROR}
_MOST_PICTURES = {Budget.NONE: 0, Budget.CHEAP: LOOKED_PICTURES, Budget.FULL: 4}
"""So many distinct frames of a file are looked at."""
_MOST_WITHIN = 4
_PANE_SIDE = 1024
"""Edges of panes are looked for at this longer side: half a percent off costs a hash ten bits."""


def looked(data: bytes, limits: DecodeLimits, budget: Budget) -> Looks:
    """Return the looks at a file, those of its first picture first. Empty if it cannot be read."""
    hashes: list[Look] = []
    sights: list[Sight] = []
    if budget is not Budget.NONE:
        upright = (one for one in _readable(data, limits) if one[0] is Reading.UPRIGHT)
        for _, rgb in islice(upright, _MOST_PICTURES[budget]):
            forms = dict(dihedral(rgb))
            hashes += _whole(forms)
            grey = reduced(_grey(rgb), _PANE_SIDE)
            hashes += _parts(grey, budget)
            if budget is Budget.FULL:
                sights.append(_sight(grey, forms))
    return Looks(tuple(_distinct(hashes)), tuple(sights))


def sketched(data: bytes, limits: DecodeLimits) -> tuple[Sketch, ...]:
    """Return the sketches of a file's first picture and, if it is a contact sheet, of its tiles.

    Nothing where it cannot be read or is too small.
    """
    for reading, rgb in _readable(data, limits):
        if reading is Reading.UPRIGHT:
            grey = reduced(_grey(rgb), _PANE_SIDE)
            drawn = [sketch(grey)]
            drawn += [sketch(tile.of(grey), TILE_POINTS) for tile in sheet_tiles(grey)]
            return tuple(one for one in drawn if one is not None)
    return ()


def _readable(data: bytes, limits: DecodeLimits) -> Iterator[tuple[Reading, NDArray[np.uint8]]]:
    with suppress(Undecodable):
        for one in pictures(data, limits):
            yield one.reading, one.rgb


def _grey(rgb: NDArray[np.uint8]) -> Grey:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY), np.uint8)


def _whole(forms: dict[str, PdqHash]) -> Iterator[Look]:
    """Yield the turned and mirrored forms, and the negative, whose bits are all the others."""
    for form in FORMS[1:]:
        yield Look(_VIA.get(form, form), forms[form].bits, forms[form].quality)
    as_is = forms[AS_IS]
    yield Look(NEGATIVE, _inverted(as_is.bits), as_is.quality)


def _parts(grey: Grey, budget: Budget) -> Iterator[Look]:
    found = panes(grey)
    for pane in found:
        printed = pdq(pane.of(grey))
        yield Look(REGION, printed.bits, printed.quality, _corners(grey, pane))
    for quad in quads(grey):
        straight, back = straightened(grey, quad)
        printed = pdq(straight)
        yield Look(REGION, printed.bits, printed.quality, _shares(grey, quad))
        # A screen has a rim of its own.
        for pane in panes(straight)[:_MOST_WITHIN]:
            printed = pdq(pane.of(straight))
            inner = np.array([[_corners(straight, pane)]]).reshape(1, 4, 2) * straight.shape[::-1]
            placed = np.asarray(cv2.perspectiveTransform(inner, back)[0], np.float32)
            yield Look(REGION, printed.bits, printed.quality, _shares(grey, placed))
    if budget is Budget.FULL:
        for pane in (*found, *grid_panes(grey)):
            forms = dict(dihedral(pane.of(grey)))
            as_is, mirrored = forms[AS_IS], forms[MIRRORED]
            top_left, top_right, bottom_right, bottom_left = corners = _corners(grey, pane)
            yield Look(REGION, as_is.bits, as_is.quality, corners)
            turned = (top_right, top_left, bottom_left, bottom_right)
            yield Look(REGION, mirrored.bits, mirrored.quality, turned)


def _sight(grey: Grey, forms: dict[str, PdqHash]) -> Sight:
    small = enlarged(reduced(grey, LOOKED_SIDE), LEAST_LOOKED_SIDE)
    seen = features(small, LOOKED_POINTS)
    whole = (forms[AS_IS].bits, forms[MIRRORED].bits)
    return Sight(whole, small, seen.points, seen.marks, seen.mirrored)


def _corners(grey: Grey, pane: Pane) -> _FourCorners:
    height, width = grey.shape
    left, right = pane.left / width, pane.right / width
    top, bottom = pane.top / height, pane.bottom / height
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _shares(grey: Grey, corners: NDArray[np.float32]) -> Corners:
    height, width = grey.shape
    return tuple((float(x) / width, float(y) / height) for x, y in corners)


def _inverted(bits: bytes) -> bytes:
    return bytes(255 - one for one in bits)


def _distinct(hashes: list[Look]) -> Iterator[Look]:
    seen: set[bytes] = set()
    for look in hashes:
        if look.pdq not in seen:
            seen.add(look.pdq)
            yield look
