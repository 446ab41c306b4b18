"""A picture that stands askew on a plain ground: turned, its corners filled, or photographed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Points = NDArray[np.float32]

_TOLERANCE = 18
"""Grey levels by which the ground may vary."""
_LEAST_AREA = 0.08
_STRAIGHT = 0.02
"""Of the outline's length by which a corner may be cut."""
_SIDES = 4
_UPRIGHT = 2.0
"""Pixels by which a quadrangle must differ from an upright rectangle: panes find those."""


def quads(grey: Grey) -> Iterator[Points]:
    """Yield corners (4, 2), clockwise from the top left, of what stands askew on the ground."""
    outline = _outline(grey)
    if outline is None:
        return
    length = cv2.arcLength(outline, closed=True)
    straight = cv2.approxPolyDP(outline, _STRAIGHT * length, closed=True).reshape(-1, 2)
    found = [np.asarray(cv2.boxPoints(cv2.minAreaRect(outline)), np.float32)]
    if len(straight) == _SIDES and cv2.isContourConvex(straight):
        found.insert(0, straight.astype(np.float32))
    for corners in map(_ordered, found):
        if _askew(corners):
            yield corners


def straightened(grey: Grey, corners: Points) -> tuple[Grey, NDArray[np.float64]]:
    """Return what lies within the corners as the upright rectangle that it most likely was.

    And the projection (3, 3) by which places of that rectangle lie in the whole.
    """
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = (max(16, round(float(edges[side] + edges[side + 2]) / 2)) for side in (0, 1))
    upright = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    back = np.asarray(cv2.getPerspectiveTransform(upright, corners), np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    straight = cv2.warpPerspective(grey, back, (width, height), flags=flags)
    return np.asarray(straight, np.uint8), back


def _outline(grey: Grey) -> NDArray[np.int32] | None:
    """Return the hull of the largest thing that is not of the ground's grey."""
    edges = np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))
    ground = int(np.bincount(edges, minlength=256).argmax())
    stands_out = (np.abs(grey.astype(np.int16) - ground) > _TOLERANCE).astype(np.uint8)
    whole = cv2.morphologyEx(stands_out, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(outlines, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) < _LEAST_AREA * grey.size:
        return None
    return np.asarray(cv2.convexHull(largest), np.int32)


def _ordered(corners: Points) -> Points:
    """Return corners clockwise, the first being the one nearest to the top left."""
    middle = corners.mean(axis=0)
    around = np.argsort(np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0]))
    clockwise = corners[around]
    return np.roll(clockwise, -int(clockwise.sum(axis=1).argmin()), axis=0)


def _askew(corners: Points) -> bool:
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    upright = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return bool(np.abs(corners - upright).max() > _UPRIGHT)
