"""What a file's container says of itself, read without decoding a pixel.

Sources: GIF89a specification (CompuServe, 1990), RFC 9649 (WebP), ISO/IEC 14496-12 (boxes),
RFC 8794 (EBML).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_SCANS = 64
"""A progressive JPEG of an encoder has about ten. Each one more, of 31 bytes, costs a pass over all
pixels: a megabyte of them would cost hours."""
_SCAN, _END = 0xDA, 0xD9
_LONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Within a scan's data a marker's first byte is followed by a zero, or by a restart.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_GIF_HEADER = 13
_GIF_DESCRIPTOR = 9
_EXTENSION, _IMAGE, _TRAILER, _PADDING = 0x21, 0x2C, 0x3B, 0x00
_WEBP_HEADER = 30
_VP8_SIDE = 0x3FFF
_MOST_BOXES = 10_000
_BOX_HEADER = 8
_LONG_BOX_HEADER = 16
_FILM = frozenset({b"moov", b"mdat", b"moof"})
"""Boxes that a video consists of; what follows them is often no box at all."""
_SEGMENT, _EBML_LONGEST = 0x1853_8067, 8


@dataclass(frozen=True, slots=True)
class GifOutline:
    """The canvas that all frames need, in pixels, how many there are, and whether it ends."""

    width: int
    height: int
    frames: int
    ended: bool


def declared_size(data: bytes, media_type: str) -> tuple[int, int] | None:
    """Return (width, height) where decoders allocate the canvas as they open the file."""
    if media_type == "image/gif":
        outline = gif_outline(data)
        return outline.width, outline.height
    if media_type == "image/webp":
        return _webp_canvas(data)
    return None


def cut_short(data: bytes, media_type: str) -> bool:
    """Return whether the file stops before the end that its container announces."""
    if media_type == "image/jpeg":
        return b"\xff\xd9" not in data
    if media_type == "image/png":
        return b"IEND" not in data
    if media_type == "image/gif":
        return not gif_outline(data).ended
    if media_type == "image/webp":
        return 8 + int.from_bytes(data[4:8], "little") > len(data)
    if media_type == "image/bmp":
        return int.from_bytes(data[2:6], "little") > len(data)
    if media_type in {"image/avif", "image/heic"}:
        return _boxes_cut_short(data)
    if media_type in {"video/mp4", "video/quicktime"}:
        return _boxes_cut_short(data, _FILM)
    if media_type == "video/x-msvideo":
        return 8 + int.from_bytes(data[4:8], "little") > len(data)
    if media_type in {"video/webm", "video/x-matroska"}:
        return _segment_cut_short(data)
    # A transport or program stream has no end but where it stops.
    return False


def too_many_scans(data: bytes) -> bool:
    """Return whether a JPEG asks for more passes over its pixels than any encoder does."""
    if data.count(b"\xff\xda") <= MOST_SCANS:
        return False
    scans, at = 0, 2
    while (found := _MARKER.search(data, at)) and found[1][0] != _END and scans <= MOST_SCANS:
        kind, at = found[1][0], found.end()
        if kind not in _LONE:
            at += max(2, int.from_bytes(data[at : at + 2]))
        scans += kind == _SCAN
    return scans > MOST_SCANS


def gif_outline(data: bytes) -> GifOutline:
    """Walk the blocks of a GIF. What is not a block ends the walk, as it ends a viewer's."""
    width, height = _pair(data, 6)
    frames = 0
    at = _GIF_HEADER + _palette(data[10] if len(data) > 10 else 0)  # noqa: PLR2004 - its flags
    try:
        while (block := data[at]) != _TRAILER:
            if block == _EXTENSION:
                at = _after_sub_blocks(data, at + 2)
            elif block == _IMAGE:
                (left, top), (across, down) = _pair(data, at + 1), _pair(data, at + 5)
                width, height = max(width, left + across), max(height, top + down)
                frames += 1
                flags = data[at + _GIF_DESCRIPTOR]
                at = _after_sub_blocks(data, at + 1 + _GIF_DESCRIPTOR + _palette(flags) + 1)
            elif block == _PADDING:
                at += 1
            else:
                return GifOutline(width, height, frames, ended=False)
    except IndexError:
        return GifOutline(width, height, frames, ended=False)
    return GifOutline(width, height, frames, ended=True)


def _pair(data: bytes, at: int) -> tuple[int, int]:
    return (
        int.from_bytes(data[at : at + 2], "little"),
        int.from_bytes(data[at + 2 : at + 4], "little"),
    )


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    while size := data[at]:
        at += size + 1
    return at + 1


def _webp_canvas(data: bytes) -> tuple[int, int] | None:
    if len(data) < _WEBP_HEADER:
        return None
    form = data[12:16]
    if form == b"VP8X":
        return (
            int.from_bytes(data[24:27], "little") + 1,
            int.from_bytes(data[27:30], "little") + 1,
        )
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & _VP8_SIDE) + 1, (bits >> 14 & _VP8_SIDE) + 1
    if form == b"VP8 ":
        width, height = _pair(data, 26)
        return width & _VP8_SIDE, height & _VP8_SIDE
    return None


def _boxes_cut_short(data: bytes, only: frozenset[bytes] | None = None) -> bool:
    """Say whether a box, or one of those kinds only, goes on beyond the end."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at == len(data):
            return False
        if at + _BOX_HEADER > len(data):
            return only is None
        size = int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if size == 0:
            return False
        if size == 1:
            size = max(_LONG_BOX_HEADER, int.from_bytes(data[at + 8 : at + 16]))
        at += max(_BOX_HEADER, size)
        if at > len(data):
            return only is None or kind in only
    return False


def _segment_cut_short(data: bytes) -> bool:
    """Say whether a Matroska file's segment, where it states its length, goes on beyond the end."""
    at = 0
    for _ in range(2):
        identity, at = _ebml_number(data, at, marked=True)
        size, at = _ebml_number(data, at, marked=False)
        if size is None:
            return identity != _SEGMENT
        at += size
        if identity == _SEGMENT:
            break
    return at > len(data)


def _ebml_number(data: bytes, at: int, *, marked: bool) -> tuple[int | None, int]:
    """Return a number of variable length and where it ends; None where it is unknown or missing.

    An identity keeps the bit that marks its length, a size does not.
    """
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if length > _EBML_LONGEST:
        return None, at + 1
    whole = int.from_bytes(data[at : at + length])
    unmarked = whole & ((1 << 7 * length) - 1)
    if marked:
        return whole, at + length
    unknown = unmarked == (1 << 7 * length) - 1
    return (None if unknown else unmarked), at + length
