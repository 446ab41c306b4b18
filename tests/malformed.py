"""Malformed media drawn by code: cuts, bombs, polyglots, archives, lies. None of it is malware.

What shows the listed scene is made so that a reader who took the file for something else, or for
nothing, would let it pass: of these no verdict may be `clean`.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from tests.pictures import encoded, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF")
MOST_PIXELS = 4_000_000
"""The limit that these are drawn for: bombs lie beyond it, and what lies within is decoded."""


def listed_scene() -> Image.Image:
    """Return the picture that the test instance lists."""
    return scene(1, 400, 300)


@functools.cache
def cuts() -> dict[str, bytes]:
    """Return the listed scene in every format, cut at each of its structural points and beside."""
    found = {}
    for kind in FORMATS:
        whole = encoded(listed_scene(), kind)
        points = sorted({at + by for at in _points(kind, whole) for by in (-1, 0, 1, 4)})
        inside = [at for at in points if 0 < at < len(whole)]
        step = max(1, len(inside) // 16)
        for at in inside[::step]:
            found[f"{kind.lower()} cut at {at}"] = whole[:at]
    return found


def _points(kind: str, data: bytes) -> Iterator[int]:
    match kind:
        case "JPEG":
            yield from (at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1])
        case "PNG":
            at = 8
            while at < len(data):
                yield from (at, at + 4, at + 8)
                at += 12 + int.from_bytes(data[at : at + 4])
        case "WEBP":
            at = 12
            while at < len(data):
                yield from (at, at + 8)
                size = int.from_bytes(data[at + 4 : at + 8], "little")
                at += 8 + size + size % 2
        case "AVIF" | "HEIF":
            yield from _box_points(data, 0, len(data), 0)
        case _:
            yield from (2, 4, 6, 8, 10, 13, 18, 26, 54, 800, 1100)
    yield from (len(data) * part // 16 for part in range(1, 16))
    yield len(data) - 1


def _box_points(data: bytes, at: int, end: int, depth: int) -> Iterator[int]:
    while at + 8 <= end and depth < 4:
        size = max(8, int.from_bytes(data[at : at + 4]))
        yield from (at, at + 8)
        if data[at + 4 : at + 8] in {b"meta", b"iprp", b"ipco"}:
            head = 12 if data[at + 4 : at + 8] == b"meta" else 8
            yield from _box_points(data, at + head, min(end, at + size), depth + 1)
        at += size


@functools.cache
def showing() -> dict[str, bytes]:
    """Return files that a viewer shows as the listed scene, though they are, or say, more."""
    picture = listed_scene()
    jpeg, png, gif = (encoded(picture, kind) for kind in ("JPEG", "PNG", "GIF"))
    page = b"<!doctype html><script>alert(1)</script><!--"
    return {
        "jpeg and zip": jpeg + _zip({"a.txt": b"words"}),
        "jpeg and rar magic": jpeg + b"Rar!\x1a\x07\0" + bytes(64),
        "jpeg and html in a comment": _jpeg_segment(jpeg, 0xFE, page),
        "jpeg and pdf in a comment": _jpeg_segment(jpeg, 0xFE, b"%PDF-1.4\n1 0 obj<<>>endobj"),
        "jpeg and javascript in app0": _jpeg_segment(jpeg, 0xE0, b"*/=alert(1)/*" + bytes(90)),
        "jpeg of many comments": _jpeg_segment(jpeg, 0xFE, bytes(60_000), 40),
        "jpeg and icc of 255 parts": _icc_parts(jpeg),
        "jpeg and icc that lies of its length": _jpeg_segment(
            jpeg, 0xE2, b"ICC_PROFILE\0\x01\x01" + b"\xff\xff\xff\xff" + bytes(200)
        ),
        "jpeg and xmp bomb": _jpeg_segment(jpeg, 0xE1, _XMP_BOMB),
        "png and html": png + page,
        "png and html in a text": _png_chunk(png, b"tEXt", b"Comment\0" + page),
        "png and zip": png + _zip({"b": b"words"}),
        "png and a text bomb": _png_chunk(
            png, b"zTXt", b"note\0\0" + zlib.compress(bytes(60_000_000), 9)
        ),
        "png and an icc bomb": _png_chunk(
            png, b"iCCP", b"icc\0\0" + zlib.compress(bytes(60_000_000), 9)
        ),
        "png and 2000 chunks": _png_chunk(png, b"tEXt", b"a\0b", 2000),
        "png and an international text bomb": _png_chunk(
            png, b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + zlib.compress(bytes(30_000_000), 9)
        ),
        "png that says it is animated, of 0 frames": _png_chunk(png, b"acTL", bytes(8)),
        "png that says it is animated, of 4 billion": _png_chunk(png, b"acTL", b"\xff" * 8),
        "png that says it is animated, of 3 it lacks": _png_chunk(
            png, b"acTL", struct.pack(">II", 3, 0)
        ),
        "gif and javascript": gif + b";*/alert(1)//",
        "gif and javascript in a comment": gif[:-1] + b"\x21\xfe\x0b*/alert(1)/\0;",
        "gif and zip": gif + _zip({"c": b"words"}),
        "webp and html": encoded(picture, "WEBP") + page,
        "tiff with a second header": encoded(picture, "TIFF") + b"MM\0*" + bytes(20),
        "bmp and an archive": encoded(picture, "BMP") + _zip({"d": b"words"}),
        **{f"jpeg, {name}": _with_exif(jpeg, block) for name, block in _exif_tricks().items()},
        **{
            f"{kind.lower()}, {name}": encoded(picture, kind, exif=b"Exif\0\0" + block)
            for kind in ("PNG", "WEBP")
            for name, block in _exif_tricks().items()
        },
    }


@functools.cache
def undecodable() -> dict[str, bytes]:
    """Return files of which no picture can be had within the limits."""
    rng = np.random.default_rng(5)
    jpeg, png = (encoded(listed_scene(), kind) for kind in ("JPEG", "PNG"))
    flat = encoded(Image.new("RGB", (1990, 1990), (9, 99, 199)), "JPEG", progressive=True)
    webp, heif, avif = (encoded(listed_scene(), kind) for kind in ("WEBP", "HEIF", "AVIF"))
    inner = _zip({"picture.jpg": jpeg})
    return {
        "nothing": b"",
        "zip": inner,
        "zip in zip in zip": _zip({"a.zip": _zip({"b.zip": inner})}),
        "zip bomb": _zip({"zeros": bytes(30_000_000)}),
        "zip before a jpeg": inner + jpeg,
        "gzip in gzip": gzip.compress(gzip.compress(jpeg)),
        "tar": _tar({"picture.jpg": jpeg}),
        "bzip2": bz2.compress(jpeg),
        "xz": lzma.compress(jpeg),
        "the start of 7z": b"7z\xbc\xaf\x27\x1c\0\x04" + jpeg,
        "the start of rar": b"Rar!\x1a\x07\x01\0" + jpeg,
        "the start of zstandard": b"\x28\xb5\x2f\xfd\0\x58" + jpeg,
        "pdf": b"%PDF-1.4\n" + jpeg,
        "html that shows itself as a picture": b"<img src=data:image/jpeg;base64,AAAA>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "a picture behind one byte": b"\0" + jpeg,
        "elf magic": b"\x7fELF" + rng.bytes(500),
        "png of 20000 square zeros": _grey_png(20_000, 20_000, _zeros(20_000, 20_000)),
        "png of one bit, 60000 square": _grey_png(60_000, 60_000, zlib.compress(b"\0" * 99), 1),
        "png of the largest sides": _grey_png(0x7FFFFFFF, 0x7FFFFFFF, b""),
        "png without width": _grey_png(0, 9, zlib.compress(b"")),
        "png without height": _grey_png(9, 0, zlib.compress(b"")),
        "png without data": _grey_png(300, 300, b""),
        "png whose data is no deflate": _grey_png(300, 300, rng.bytes(900)),
        "png of another colour type": png[:25] + b"\x07" + _summed_tail(png, 25, b"\x07"),
        "gif of 600 frames": _gif_frames(600, 20),
        "gif of a canvas of 4 billion": _gif_frames(1, 65_535),
        "gif without a frame": _gif_frames(0, 20),
        "tiff of a strip outside": _tiff({273: 0xFFFFFF00}),
        "tiff of huge sides": _tiff({256: 0xFFFFFF, 257: 0xFFFFFF}),
        "tiff of 65535 samples": _tiff({277: 65_535}),
        "tiff of 64 bits": _tiff({258: 64}),
        "tiff of an unknown packing": _tiff({259: 4242}),
        "tiff without height": _tiff({257: 0}),
        "tiff of 65535 fields": b"II*\0\x08\0\0\0\xff\xff" + bytes(600),
        "tiff whose directory is itself": b"II*\0\0\0\0\0" + bytes(40),
        "webp of a lying canvas": _patched_webp(webp),
        "webp of a lying length": webp[:4] + b"\xff\xff\xff\x7f" + webp[8:],
        "heic of lying sides": _patched_ispe(heif),
        "avif of lying sides": _patched_ispe(avif),
        "heic of a lying box": b"\xff\xff\xff\xff" + heif[4:],
        "bmp of huge sides": _bmp(60_000, 60_000),
        "bmp without width": _bmp(0, 9),
        "bmp whose pixels lie outside": _bmp(300, 300, offset=0xFFFFFFF0),
        "bmp of 4 billion colours": _bmp(300, 300, colours=0xFFFFFFFF, bits=8),
        "jpeg of the largest sides": _jpeg_sides(jpeg, 65_535, 65_535),
        "jpeg without height": _jpeg_sides(jpeg, 0, 400),
        "jpeg without width": _jpeg_sides(jpeg, 300, 0),
        "jpeg of no scan": jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xd9",
        "jpeg of segments only": b"\xff\xd8" + b"\xff\xe1\0\x02" * 9000 + b"\xff\xd9",
        "jpeg without tables": _without(jpeg, 0xDB),
        "jpeg of 5000 scans": flat[:-2] + _scans(flat)[-1] * 5000 + b"\xff\xd9",
        "jpeg magic only": b"\xff\xd8\xff",
    }


@functools.cache
def slow() -> dict[str, bytes]:
    """Return small files that ask for much work within the limits."""
    large = scene(2, 1990, 1990)
    flat = encoded(Image.new("RGB", (1990, 1990), (9, 99, 199)), "JPEG", progressive=True)
    scans = _scans(flat)
    return {
        "png of too little data": _grey_png(300, 300, zlib.compress(bytes(301))),
        "progressive jpeg of 40 scans": flat[:-2] + min(scans, key=len) * 30 + b"\xff\xd9",
        "png of the most pixels, of zeros": _grey_png(1999, 2000, _zeros(1999, 2000)),
        "png with 60 MB behind its pixels": _grey_png(
            99, 99, zlib.compress(bytes(99 * 100 + 60_000_000), 9)
        ),
        "gif of 500 alike frames": _gif_frames(500, 400),
        "tiff of 4000 directories": _tiff_chain(4000),
        "heic of nested boxes": _nested(b"ftypheic\0\0\0\0mif1", 3000),
        "jpeg of 65535 restarts": _jpeg_segment(encoded(large, "JPEG"), 0xDD, b"\0\x01"),
    }


_XMP_BOMB = (
    b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaaaaaaaa'>"
    + b"".join(
        b"<!ENTITY %c '%s'>" % (letter + 1, b"&%c;" % letter * 10) for letter in range(97, 107)
    )
    + b"]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&k;</x:xmpmeta>"
)


def _exif_tricks() -> dict[str, bytes]:
    def block(*fields: tuple[int, int, int, bytes], following: int = 0) -> bytes:
        rows = b"".join(
            struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
            for tag, kind, count, value in fields
        )
        head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields))
        return head + rows + struct.pack("<I", following)

    def short(number: int) -> bytes:
        return struct.pack("<H", number)

    def long(number: int) -> bytes:
        return struct.pack("<I", number)

    return {
        "exif that loops": block((0x0112, 3, 1, short(1)), following=8),
        "exif of a loop of parts": block((0x8769, 4, 1, long(8)), (0x8825, 4, 1, long(8))),
        "exif outside": block((0x010E, 2, 99, long(0xFFFFFFF0))),
        "exif of a giant count": block((0x010E, 2, 0xFFFFFFFF, long(8))),
        "exif of a giant count of doubles": block((0x0112, 12, 0x1FFFFFFF, long(8))),
        "exif of an unknown kind": block((0x0112, 77, 1, short(6))),
        "exif of 65535 fields": b"II*\0\x08\0\0\0\xff\xff" + bytes(200),
        "exif of no field": block(),
        "exif orientation 0": block((0x0112, 3, 1, short(0))),
        "exif orientation 9": block((0x0112, 3, 1, short(9))),
        "exif orientation 65535": block((0x0112, 3, 1, short(65_535))),
        "exif orientation in words": block((0x0112, 2, 4, b"six\0")),
        "exif orientation of two": block((0x0112, 3, 2, short(6) + short(3))),
        "exif orientation, said twice": block((0x0112, 3, 1, short(1)), (0x0112, 3, 1, short(6))),
        "exif of a thumbnail outside": block(
            (0x0201, 4, 1, long(9)), (0x0202, 4, 1, long(1 << 31))
        ),
        "exif of the other order": b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
        + bytes(4),
        "exif that is no exif": b"nothing",
    }


def _with_exif(jpeg: bytes, block: bytes) -> bytes:
    return _jpeg_segment(jpeg, 0xE1, b"Exif\0\0" + block)


def _jpeg_segment(jpeg: bytes, marker: int, data: bytes, times: int = 1) -> bytes:
    data = data[:65_533]
    segment = bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data
    return jpeg[:2] + segment * times + jpeg[2:]


def _icc_parts(jpeg: bytes) -> bytes:
    for number in range(255, 0, -1):
        data = b"ICC_PROFILE\0" + bytes((number, 255)) + bytes(2000)
        jpeg = _jpeg_segment(jpeg, 0xE2, data)
    return jpeg


def _jpeg_sides(jpeg: bytes, height: int, width: int) -> bytes:
    at = next(
        place for place in range(len(jpeg)) if jpeg[place : place + 2] in {b"\xff\xc0", b"\xff\xc2"}
    )
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _without(jpeg: bytes, marker: int) -> bytes:
    found = jpeg
    while (at := found.find(bytes((0xFF, marker)))) >= 0:
        size = int.from_bytes(found[at + 2 : at + 4])
        found = found[:at] + found[at + 2 + size :]
    return found


def _scans(jpeg: bytes) -> list[bytes]:
    starts = [at for at in range(len(jpeg)) if jpeg[at : at + 2] == b"\xff\xda"]
    return [
        jpeg[one:other] for one, other in zip(starts, [*starts[1:], len(jpeg) - 2], strict=True)
    ]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_chunk(png: bytes, name: bytes, data: bytes, times: int = 1) -> bytes:
    return png[:33] + _chunk(name, data) * times + png[33:]


def _summed_tail(png: bytes, at: int, value: bytes) -> bytes:
    head = png[12:at] + value + png[at + 1 : 29]
    return png[at + 1 : 29] + struct.pack(">I", zlib.crc32(head)) + png[33:]


def _grey_png(width: int, height: int, data: bytes, depth: int = 8) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    )


def _zeros(width: int, height: int) -> bytes:
    pack, row = zlib.compressobj(9), bytes(width + 1) * 100
    return b"".join(pack.compress(row) for _ in range(height // 100)) + pack.flush()


def _gif_frames(frames: int, side: int) -> bytes:
    out = bytearray(
        b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    )
    for number in range(frames):
        out += b"\x21\xf9\x04\x08\0\0\0\0"
        out += b"\x2c" + struct.pack("<HHHHB", number % 7, number % 5, 1, 1, 0)
        out += b"\x02\x02\x4c\x01\0" if number % 2 else b"\x02\x02\x44\x01\0"
    return bytes(out) + b";"


def _tiff(changed: dict[int, int]) -> bytes:
    fields = {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: 64, 279: 4096}
    fields |= changed
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, fields[tag]) for tag in sorted(fields))
    whole = b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + rows + bytes(4)
    return whole.ljust(200, b"\0") + bytes(4096)


def _tiff_chain(number: int) -> bytes:
    fields = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16}
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    size = 2 + len(rows) + 4
    out = bytearray(b"II*\0" + struct.pack("<I", 24) + bytes(range(16)))
    for place in range(number):
        following = 24 + (place + 1) * size if place + 1 < number else 0
        out += struct.pack("<H", len(fields)) + rows + struct.pack("<I", following)
    return bytes(out)


def _bmp(width: int, height: int, *, offset: int = 54, colours: int = 0, bits: int = 24) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, 0, 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", 400, 0, 0, offset) + head + bytes(300)


def _patched_webp(webp: bytes) -> bytes:
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff" * 2
    body = b"WEBP" + canvas + webp[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _patched_ispe(data: bytes) -> bytes:
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]


def _nested(kind: bytes, depth: int) -> bytes:
    inside = b""
    for _ in range(depth):
        inside = struct.pack(">I", 12 + len(inside)) + b"meta" + bytes(4) + inside
    return struct.pack(">I", 4 + len(kind)) + kind + inside


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            told = tarfile.TarInfo(name)
            told.size = len(data)
            archive.addfile(told, io.BytesIO(data))
    return out.getvalue()
