"""Untrusted bytes to pixels, by one documented rule (docs/reference/decode-rule.md)."""

from __future__ import annotations

import io
import itertools
import warnings
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from tutela.content import jpeg
from tutela.content.container import cut_short, declared_size, too_many_scans
from tutela.content.media_type import is_video, sniff
from tutela.content.orientation import UPRIGHT, Lie, turned, turned_back
from tutela.content.reading import Pixels, UnreadableMode, pixels
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tutela.content.jpeg import Reduced

    Rgb = NDArray[np.uint8]

MOST_PIXELS = 1 << 28
"""No limit can be set higher: 16384 x 16384 is the most that WebP and AVIF decoders take, too."""

pillow_heif.register_heif_opener()
# Set once, before any thread decodes. Pillow refuses at twice its mark, so decoders that allocate
# on their own (GIF canvases, TIFF tiles) stay within ours whatever the limits of a call.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
ImageFile.LOAD_TRUNCATED_IMAGES = False

PLUGINS = {
    "image/jpeg": (JpegImagePlugin.JpegImageFile.format, MpoImagePlugin.MpoImageFile.format),
    "image/png": (PngImagePlugin.PngImageFile.format,),
    "image/gif": (GifImagePlugin.GifImageFile.format,),
    "image/bmp": (BmpImagePlugin.BmpImageFile.format,),
    "image/tiff": (TiffImagePlugin.TiffImageFile.format,),
    "image/webp": (WebPImagePlugin.WebPImageFile.format,),
    "image/avif": (AvifImagePlugin.AvifImageFile.format,),
    "image/heic": (pillow_heif.HeifImageFile.format,),
}
_WHITE, _BLACK = 255, 0


class Reason(StrEnum):
    """Why the pixels could not be had."""

    EMPTY = "empty"
    UNKNOWN_TYPE = "unknown_type"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_MUCH_WORK = "too_much_work"
    UNSUPPORTED = "unsupported"
    NO_FRAMES = "no_frames"
    LOOKS_FAILED = "looks_failed"
    # What became of the process that decoded (tutela.content.confinement.fault).
    DECODER_CRASHED = "decoder_crashed"
    DECODER_FAILED = "decoder_failed"
    TIMED_OUT = "timed_out"
    TOO_MUCH_CPU_TIME = "too_much_cpu_time"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    CONFINEMENT_VIOLATED = "confinement_violated"


DECODER_LOST = frozenset(
    {
        Reason.DECODER_CRASHED,
        Reason.DECODER_FAILED,
        Reason.TIMED_OUT,
        Reason.TOO_MUCH_CPU_TIME,
        Reason.TOO_MUCH_MEMORY,
        Reason.TOO_MUCH_OUTPUT,
        Reason.CONFINEMENT_VIOLATED,
    }
)
"""Reasons to ask no other process about the same bytes."""


class Undecodable(InvalidInput):
    """The bytes gave no pixels, or no more pixels; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(
            f"The file cannot be read as a picture: {reason.value}.",
            "Hold it for a person to decide.",
        )
        self.reason = reason


class Reading(StrEnum):
    """How an ambiguous picture was read; `upright` is the canonical reading."""

    UPRIGHT = "upright"
    AS_STORED = "as_stored"
    OVER_BLACK = "over_black"
    WITHOUT_ALPHA = "without_alpha"


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What is still decoded: bytes, pixels a frame, frames, pixels over all frames.

    Decoding takes 6 to 23 bytes of memory a pixel, by format (docs/reference/decode-rule.md). Of a
    video so many frames are looked at, and processor time is spent for so many seconds.
    """

    max_bytes: int = 256 << 20
    max_pixels: int = 200_000_000
    max_frames: int = 500
    max_total_pixels: int = 1_000_000_000
    max_video_frames: int = 600
    video_cpu_seconds: float = 45.0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One reading of one frame: uint8 pixels of shape (height, width, 3).

    Frame 0 is the one that a viewer shows first, whatever its place in the file. `moment`: when a
    video shows it, in milliseconds.
    """

    frame: int
    reading: Reading
    rgb: Rgb
    moment: int | None = None


def pictures(data: bytes, limits: DecodeLimits) -> Iterator[Picture]:
    """Yield each distinct picture in a file, the first frame upright first; one at a time.

    Raises `Undecodable` at once, or after the pictures that could still be read.
    """
    kind = _admitted(data, limits)
    if is_video(kind):
        # Slow to import; a confined process has done so before it was confined.
        from tutela.content.video import frames

        yield from _once(frames(data, kind, limits))
        return
    _quieten()
    try:
        with Image.open(io.BytesIO(data), formats=PLUGINS[kind]) as file:
            yield from _distinct(file, data, limits)
        # Frames that a cut took away leave no other trace in a GIF.
        if kind == "image/gif" and cut_short(data, kind):
            raise Undecodable(Reason.TRUNCATED)
    except Undecodable:
        raise
    except Exception as problem:
        # Decoders of hostile bytes raise whatever they like; nothing of it may pass as a picture.
        raise Undecodable(_reason(problem, data, kind)) from problem


def reduced(data: bytes, limits: DecodeLimits, least_side: int) -> Reduced | None:
    """Return a picture's grey pixels at reduced size, where its format gives them for less work.

    None for all but a single plain JPEG that lies upright, and for every file with something
    amiss: `pictures` decides about those.
    """
    try:
        if _admitted(data, limits) != "image/jpeg":
            return None
        size = jpeg.upright_size(data) or _upright_size(data)
        if size is None:
            return None
        _check_size(*size, limits)
        smaller = jpeg.reduced(data, least_side)
        if smaller is None or (smaller.width, smaller.height) != size:
            return None
    except Exception:  # noqa: BLE001 - whatever it is, `pictures` says it
        return None
    return smaller


def _upright_size(data: bytes) -> tuple[int, int] | None:
    _quieten()
    with Image.open(io.BytesIO(data), formats=PLUGINS["image/jpeg"]) as file:
        return file.size if _single_jpeg(file) and Lie(file).orientation() == UPRIGHT else None


def _single_jpeg(file: Image.Image) -> bool:
    return (
        isinstance(file, JpegImagePlugin.JpegImageFile)
        and not isinstance(file, MpoImagePlugin.MpoImageFile)
        and file.mode in {"L", "RGB"}
    )


def _admitted(data: bytes, limits: DecodeLimits) -> str:
    if not data:
        raise Undecodable(Reason.EMPTY)
    if len(data) > limits.max_bytes:
        raise Undecodable(Reason.TOO_MANY_BYTES)
    kind = sniff(data)
    if kind is None:
        raise Undecodable(Reason.UNKNOWN_TYPE)
    if kind == "image/jpeg" and too_many_scans(data):
        raise Undecodable(Reason.TOO_MUCH_WORK)
    if size := declared_size(data, kind):
        _check_size(*size, limits)
    return kind


def _check_size(width: int, height: int, limits: DecodeLimits) -> int:
    if width <= 0 or height <= 0:
        raise Undecodable(Reason.CORRUPT)
    if width * height > min(limits.max_pixels, MOST_PIXELS):
        raise Undecodable(Reason.TOO_MANY_PIXELS)
    return width * height


def _quieten() -> None:
    """Keep Pillow's warnings from reaching a log or, made errors, from changing what is read.

    Setting the same filter again changes nothing, so threads may; restoring it would race.
    """
    warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")


def _reason(problem: Exception, data: bytes, kind: str) -> Reason:
    if isinstance(problem, Image.DecompressionBombError):
        return Reason.TOO_MANY_PIXELS
    if isinstance(problem, MemoryError):
        return Reason.TOO_MUCH_MEMORY
    if isinstance(problem, NotImplementedError | UnreadableMode):
        return Reason.UNSUPPORTED
    said = str(problem).lower()
    if "unsupported" in said:
        return Reason.UNSUPPORTED
    if isinstance(problem, EOFError) or "truncated" in said or cut_short(data, kind):
        return Reason.TRUNCATED
    return Reason.CORRUPT


def _distinct(file: Image.Image, data: bytes, limits: DecodeLimits) -> Iterator[Picture]:
    """Yield the readings of all frames, of several that are equal only the first."""
    found = _frames(file, data, limits)
    yield from _once(found) if getattr(file, "is_animated", False) else found


def _once(found: Iterator[Picture]) -> Iterator[Picture]:
    """Yield pictures, of several that are equal only the first."""
    seen: set[bytes] = set()
    for picture in found:
        mark = blake2b(repr(picture.rgb.shape).encode(), digest_size=16)
        mark.update(np.ascontiguousarray(picture.rgb).data)
        if mark.digest() not in seen:
            seen.add(mark.digest())
            yield picture


def _frames(file: Image.Image, data: bytes, limits: DecodeLimits) -> Iterator[Picture]:
    budget = limits.max_total_pixels
    for number in _visits(file):
        budget -= _check_size(*file.size, limits)
        if budget < 0 or number >= limits.max_frames:
            raise Undecodable(Reason.TOO_MANY_FRAMES)
        yield from _readings(file, data, number, limits)


def _visits(file: Image.Image) -> Iterator[int]:
    """Move through the frames, the one shown first before those that come before it."""
    first, number = file.tell(), 0
    yield number
    for place in itertools.count():
        try:
            if place != first:
                file.seek(place)
        except EOFError:
            return
        except (SyntaxError, ValueError):
            if not isinstance(file, MpoImagePlugin.MpoImageFile):
                raise
            # Editors that drop the further pictures of a photo leave its list of them behind.
            continue
        if place != first:
            number += 1
            yield number


def _readings(
    file: Image.Image, data: bytes, number: int, limits: DecodeLimits
) -> Iterator[Picture]:
    lie = Lie(file)
    quick = jpeg.full(data) if _single_jpeg(file) else None
    if quick is not None and quick.shape == (file.height, file.width, 3):
        loaded = Pixels(quick, None)
    else:
        file.load()
        # Some decoders learn the size only now.
        _check_size(*file.size, limits)
        loaded = pixels(file)
    turn = lie.orientation()
    yield from _over_grounds(loaded, number, UPRIGHT if lie.turned_by_decoder else turn)
    if turn != UPRIGHT:
        seen = loaded.over(_WHITE)
        stored = turned_back(seen, turn) if lie.turned_by_decoder else seen
        yield Picture(number, Reading.AS_STORED, stored)


def _over_grounds(loaded: Pixels, number: int, turn: int) -> Iterator[Picture]:
    yield Picture(number, Reading.UPRIGHT, turned(loaded.over(_WHITE), turn))
    if loaded.alpha is not None:
        yield Picture(number, Reading.OVER_BLACK, turned(loaded.over(_BLACK), turn))
        yield Picture(number, Reading.WITHOUT_ALPHA, turned(loaded.rgb, turn))
