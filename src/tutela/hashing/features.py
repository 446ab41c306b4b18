"""Striking points of a picture, and marks by which the same points are known in another one.

Points and their descriptions: D. Lowe, "Distinctive Image Features from Scale-Invariant Keypoints"
(IJCV 2004), by OpenCV; square roots: R. Arandjelovic and A. Zisserman (CVPR 2012). The 256 bits of
a mark are signs of two mixes of a description's 128 numbers: those of one point in two copies
differ by about 16 bits, those of two points by about 126 (docs/reference/evasion.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import shake_256
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tutela.hashing.pdq import pdq
from tutela.hashing.sketch import MARK_BYTES, Sketch, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Floats = NDArray[np.float32]

# Whoever hashes does so in as many processes or threads as there are cores already.
cv2.setNumThreads(1)

LISTED_SIDE = 512
"""A listed picture is reduced to this longer side, in pixels, before its points are looked for."""
LISTED_POINTS = 200
TILE_POINTS = 60
"""A contact sheet has many tiles, so that each is sketched with fewer points."""
LEAST_LOOKED_SIDE = 480
"""A smaller picture that is looked at is enlarged to this: of a thumbnail twice as many points
are known again."""
_LEAST_SIDE = 16
_CONTRAST = 0.01
_NUMBERS = 128
_CELLS, _DIRECTIONS = 4, 8
# The mean description, in thousandths, of the points of 80 benign photos, made mirror-symmetric.
_MEAN = np.frombuffer(
    bytes.fromhex(
        "46383034412e242d784e363643312e487a472e3142353651462c242d4034313a"
        "583b333f503829359e5a3c48573f365e9e5c363f56463c5d58352937503e343d"
        "58352938503f333b9e5e363f57483c5a9e5d3c46563f365c583d343e50372935"
        "462d242e4134303878482e314336364e7a51363542312e47463a3134402d242c"
    ),
    np.uint8,
).astype(np.float32) / np.float32(1000)


def _mix() -> Floats:
    """Return the numbers (128, 256) of two Hadamard mixes, each with signs of its own."""
    hadamard = np.ones((1, 1), np.float32)
    while len(hadamard) < _NUMBERS:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    drawn = np.frombuffer(shake_256(b"tutela marks 1").digest(2 * _NUMBERS // 8), np.uint8)
    signs = np.unpackbits(drawn).reshape(2, _NUMBERS).astype(np.float32) * 2 - 1
    return np.concatenate([signs[number][:, None] * hadamard for number in range(2)], axis=1)


_MIX = _mix()


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Of n points: places (n, 2), x and y in pixels; marks (n, 32); and those of the mirror image.

    The points of the mirror image lie at `width - 1 - x`.
    """

    points: Floats
    marks: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]


def reduced(grey: Grey, longer: int) -> Grey:
    """Return grey pixels reduced to a longer side; those of smaller pictures as they are."""
    height, width = grey.shape
    scale = longer / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(grey)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(grey: Grey, longer: int) -> Grey:
    """Return grey pixels enlarged to a longer side; those of larger pictures as they are."""
    height, width = grey.shape
    scale = longer / max(height, width)
    if scale <= 1:
        return grey
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def features(grey: Grey, most: int) -> Features:
    """Return the `most` most striking points of grey pixels, or fewer."""
    none = np.empty((0, MARK_BYTES), np.uint8)
    if min(grey.shape) < _LEAST_SIDE:
        return Features(np.empty((0, 2), np.float32), none, none)
    found, described = cv2.SIFT_create(  # type: ignore[attr-defined]
        nfeatures=most, contrastThreshold=_CONTRAST
    ).detectAndCompute(grey, None)
    if described is None or not found:
        return Features(np.empty((0, 2), np.float32), none, none)
    # Of equally striking ones it may give more.
    points = np.array([one.pt for one in found[:most]], np.float32)
    points = np.clip(points, 0, (grey.shape[1] - 1, grey.shape[0] - 1)).astype(np.float32)
    whole = described[:most]
    cells = whole.reshape(-1, _CELLS, _CELLS, _DIRECTIONS)
    # Seen in a mirror, rows of cells change places and directions turn the other way.
    turned = np.roll(cells[:, ::-1, :, ::-1], 1, axis=3).reshape(-1, _NUMBERS)
    return Features(points, _marks(whole), _marks(turned))


def _marks(described: Floats) -> NDArray[np.uint8]:
    sums = np.maximum(described.sum(axis=1, keepdims=True), np.float32(1))
    rooted = np.sqrt(described / sums) - _MEAN
    return np.packbits(rooted @ _MIX > 0, axis=1)


def sketch(grey: Grey, most: int = LISTED_POINTS) -> Sketch | None:
    """Return the sketch of a listed picture's grey pixels; None where it is too small for one."""
    small = reduced(grey, LISTED_SIDE)
    height, width = small.shape
    if min(height, width) < _LEAST_SIDE:
        return None
    seen = features(small, most)
    hashed = [pdq(one.of(small)) for one in tiles(width, height)]
    return Sketch(
        width,
        height,
        seen.points,
        seen.marks,
        np.frombuffer(b"".join(one.bits for one in hashed), np.uint8).reshape(-1, MARK_BYTES),
        np.array([one.quality for one in hashed], np.uint8),
    )
