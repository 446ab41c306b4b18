"""Untrusted bytes to pixels, by one documented rule (docs/reference/decode-rule.md)."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

from tutela.content.media_type import sniff
from tutela.content.reading import as_rgb, as_rgba

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

pillow_heif.register_heif_opener()
# Pillow's own guard warns first and refuses later; ours refuses at once, below, at a set limit.
Image.MAX_IMAGE_PIXELS = None

_PLUGIN = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/bmp": ("BMP",),
    "image/tiff": ("TIFF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
}
_ORIENTATION = 0x0112
_UPRIGHT = 1


class Reason(StrEnum):
    """Why the pixels could not be had."""

    EMPTY = "empty"
    UNKNOWN_TYPE = "unknown_type"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    UNSUPPORTED = "unsupported"


class Undecodable(Exception):
    """The bytes gave no pixels, or no more pixels; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Reading(StrEnum):
    """How an ambiguous picture was read."""

    UPRIGHT = "upright"
    AS_STORED = "as_stored"
    OVER_BLACK = "over_black"


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What is still decoded. Pixels a frame and over all frames; about 25 bytes of memory each."""

    max_bytes: int = 64 << 20
    max_pixels: int = 100_000_000
    max_frames: int = 500
    max_total_pixels: int = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One reading of one distinct frame: uint8 pixels of shape (height, width, 3)."""

    frame: int
    reading: Reading
    rgb: NDArray[np.uint8]


def pictures(data: bytes, limits: DecodeLimits) -> Iterator[Picture]:
    """Yield each distinct frame's readings, the upright one first. One frame in memory at a time.

    Raises `Undecodable` at once, or after the frames that could still be read.
    """
    kind = _admitted(data, limits)
    try:
        with Image.open(io.BytesIO(data), formats=_PLUGIN[kind]) as file:
            yield from _frames(file, limits)
    except Undecodable:
        raise
    except MemoryError as problem:
        raise Undecodable(Reason.TOO_MANY_PIXELS) from problem
    except (NotImplementedError, struct.error, zlib.error) as problem:
        unsupported = isinstance(problem, NotImplementedError)
        raise Undecodable(Reason.UNSUPPORTED if unsupported else Reason.CORRUPT) from problem
    except Exception as problem:
        # Decoders of hostile bytes raise whatever they like; nothing of it may pass as a picture.
        cut = isinstance(problem, EOFError) or "truncated" in str(problem).lower()
        raise Undecodable(Reason.TRUNCATED if cut else Reason.CORRUPT) from problem


def _admitted(data: bytes, limits: DecodeLimits) -> str:
    if not data:
        raise Undecodable(Reason.EMPTY)
    if len(data) > limits.max_bytes:
        raise Undecodable(Reason.TOO_MANY_BYTES)
    kind = sniff(data)
    if kind is None:
        raise Undecodable(Reason.UNKNOWN_TYPE)
    return kind


def _frames(file: Image.Image, limits: DecodeLimits) -> Iterator[Picture]:
    budget = limits.max_total_pixels
    last: bytes | None = None
    number = 0
    while True:
        budget -= _checked_size(file, limits)
        if budget < 0 or number >= limits.max_frames:
            raise Undecodable(Reason.TOO_MANY_FRAMES)
        file.load()
        seen = _identity(file)
        if seen != last:
            yield from _readings(file, number)
        last = seen
        number += 1
        try:
            file.seek(number)
        except EOFError:
            return


def _checked_size(file: Image.Image, limits: DecodeLimits) -> int:
    pixels = file.width * file.height
    if pixels <= 0:
        raise Undecodable(Reason.CORRUPT)
    if pixels > limits.max_pixels:
        raise Undecodable(Reason.TOO_MANY_PIXELS)
    return pixels


def _identity(file: Image.Image) -> bytes:
    mark = blake2b(file.tobytes(), digest_size=16)
    mark.update(repr((file.mode, file.size)).encode())
    return mark.digest()


def _readings(file: Image.Image, number: int) -> Iterator[Picture]:
    turned = file.getexif().get(_ORIENTATION, _UPRIGHT) not in {_UPRIGHT, 0}
    upright = ImageOps.exif_transpose(file) if turned else file
    alpha = as_rgba(upright)
    if alpha is None:
        yield Picture(number, Reading.UPRIGHT, as_rgb(upright))
    else:
        yield Picture(number, Reading.UPRIGHT, _over(alpha, 255))
        yield Picture(number, Reading.OVER_BLACK, _over(alpha, 0))
    if turned:
        stored = as_rgba(file)
        rgb = as_rgb(file) if stored is None else _over(stored, 255)
        yield Picture(number, Reading.AS_STORED, rgb)


def _over(rgba: Image.Image, ground: int) -> NDArray[np.uint8]:
    """Lay a picture with transparency over a plain ground."""
    laid = Image.new("RGBA", rgba.size, (ground, ground, ground, 255))
    laid.alpha_composite(rgba)
    return np.asarray(laid.convert("RGB"))
