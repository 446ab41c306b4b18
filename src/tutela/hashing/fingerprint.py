"""Everything that is matched about a file: its digests, and a PDQ for each picture in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.content.decoding import Reason, Undecodable, pictures, reduced
from tutela.content.media_type import sniff
from tutela.hashing.digests import Digests, digests
from tutela.hashing.pdq import pdq
from tutela.hashing.screening_hash import (
    LARGEST_MARGIN,
    LEAST_SIDE,
    ScreeningHash,
    screening_hash,
)

if TYPE_CHECKING:
    from tutela.content.decoding import DecodeLimits, Reading
    from tutela.hashing.look import Looks


@dataclass(frozen=True, slots=True)
class PictureHash:
    """The PDQ (64 hex digits) of one reading of one frame; quality 0 to 100, sizes in pixels.

    `moment`: when a video shows it, in milliseconds; below 0 where an edit list hides it.
    """

    frame: int
    reading: Reading
    pdq: str
    quality: int
    width: int
    height: int
    moment: int | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Digests are always there. `unscreened` says why (some) pixels could not be had.

    The first picture is the first frame's canonical reading: the record hash. With `quick` there
    are no pictures: it selects what has to be hashed exactly, and is nobody's record. `looks` are
    there where somebody asked for them.
    """

    media_type: str | None
    bytes: int
    digests: Digests
    pictures: tuple[PictureHash, ...]
    unscreened: Reason | None
    quick: ScreeningHash | None = None
    looks: Looks | None = None


def fingerprint(data: bytes, limits: DecodeLimits, known: Digests | None = None) -> Fingerprint:
    """Hash `data` in every way. Never raises for what is in it.

    `known`: its digests, where somebody takes care of them already.
    """
    found: list[PictureHash] = []
    reason: Reason | None = None
    try:
        for picture in pictures(data, limits):
            printed = pdq(picture.rgb)
            height, width = picture.rgb.shape[:2]
            found.append(
                PictureHash(
                    picture.frame,
                    picture.reading,
                    printed.hex,
                    printed.quality,
                    width,
                    height,
                    picture.moment,
                )
            )
    except Undecodable as problem:
        reason = problem.reason
    # What a video hides before its first frame comes first in the file.
    found.sort(key=lambda one: one.frame)
    return Fingerprint(sniff(data), len(data), known or digests((data,)), tuple(found), reason)


def quick_fingerprint(
    data: bytes, limits: DecodeLimits, known: Digests | None = None
) -> Fingerprint:
    """Hash `data` for selection where that is quicker, and as `fingerprint` does elsewhere."""
    smaller = reduced(data, limits, LEAST_SIDE)
    if smaller is not None:
        quick = screening_hash(smaller)
        if quick.margin <= LARGEST_MARGIN:
            whole = known or digests((data,))
            return Fingerprint(sniff(data), len(data), whole, (), None, quick)
    return fingerprint(data, limits, known)
