"""Benign pictures drawn by code: textured, photo-like, the same for the same seed."""

from __future__ import annotations

import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def scene(seed: int, width: int, height: int) -> Image.Image:
    """Return a landscape of hills, sun and blocks with grain."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    top, bottom = rng.integers(60, 255, 3), rng.integers(0, 160, 3)
    for y in range(height):
        mix = y / height
        draw.line((0, y, width, y), tuple(int(v) for v in top * (1 - mix) + bottom * mix))
    for _ in range(6):
        base, swing = rng.uniform(0.3, 0.9) * height, rng.uniform(0.05, 0.3) * height
        wave, shift = rng.uniform(1, 5), rng.uniform(0, 6.3)
        line = [
            (x, base + swing * np.sin(wave * x / width * 6.3 + shift)) for x in range(0, width, 4)
        ]
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        draw.polygon([*line, (width, height), (0, height)], fill=colour)
    for _ in range(12):
        left, top_edge = rng.uniform(0, width), rng.uniform(0, height)
        w, h = rng.uniform(0.03, 0.2, 2) * (width, height)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape(
            (left, top_edge, left + w, top_edge + h),
            fill=tuple(int(v) for v in rng.integers(0, 255, 3)),
        )
    grain = rng.normal(0, 6, (height, width, 3))
    noisy = np.clip(np.asarray(picture, np.float64) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(0.6))


def crowded(seed: int, width: int, height: int) -> Image.Image:
    """Return a scene full of small things, with as many corners and blots as a street has."""
    rng = np.random.default_rng(seed)
    picture = scene(seed, width, height)
    draw = ImageDraw.Draw(picture)
    for _ in range(160):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        w, h = rng.uniform(0.01, 0.08, 2) * min(width, height)
        kind = (draw.ellipse, draw.rectangle)[int(rng.integers(2))]
        kind((x, y, x + w, y + h), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as a file's bytes."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@functools.cache
def hostile_files() -> dict[str, bytes]:
    """Return files made to break a reader, by name. All are small; none is malware."""
    picture = scene(3, 160, 120)
    rng = np.random.default_rng(11)
    files = {
        "empty": b"",
        "one byte": b"\xff",
        "random": rng.bytes(4096),
        "text": b"Nothing to see here, only words.\n" * 40,
        "html": b"<!doctype html><html><body><img src='x.png'></body></html>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect/></svg>",
        "png of the largest sides": _png(65535, 65535, 8, 2),
        "png without width": _png(0, 40, 8, 2),
        "png without height": _png(40, 0, 8, 2),
        "png of one bit, 60000 square": _png(60000, 60000, 1, 0),
        "png of one bit, 9000 square, no data": _png(9000, 9000, 1, 0),
        "png with a bad checksum": _png(40, 40, 8, 2)[:29] + b"\0\0\0\0" + _png(40, 40, 8, 2)[33:],
        "png with a text bomb": _text_bomb(),
        "png magic before a jpeg": b"\x89PNG\r\n\x1a\n" + encoded(picture, "JPEG"),
        "jpeg magic before a png": b"\xff\xd8\xff" + encoded(picture, "PNG"),
        "gif of the largest canvas": _gif(65535, 65535, 1, disposal=1),
        "gif of the largest canvas, cleared": _gif(65535, 65535, 2, disposal=2),
        "gif of 600 frames": _gif(16, 16, 600, disposal=1),
        "gif frame far outside": _gif(16, 16, 2, disposal=2, frame_side=60000),
        "riff without webp": b"RIFF" + (4000).to_bytes(4, "little") + b"WAVE" + rng.bytes(4000),
        "webp of the largest canvas": _webp_canvas(),
        "film of noise": _box(b"ftyp", b"isom\0\0\0\0isom") + rng.bytes(900),
        "heic with junk": _box(b"ftyp", b"heic\0\0\0\0mif1") + rng.bytes(900),
        "avif with junk": _box(b"ftyp", b"avif\0\0\0\0mif1") + rng.bytes(900),
        "heic of nested boxes": _box(b"ftyp", b"heic\0\0\0\0mif1") + _nested_boxes(2000),
        "tiff with a looping directory": _tiff(next_directory=8),
        "tiff with a directory outside": _tiff(next_directory=0xFFFFFFF0),
        "tiff of the largest sides": _tiff(next_directory=0, side=60000),
        "bmp of the largest sides": _bmp(60000, 60000),
        "bmp of negative height": _bmp(60000, -60000),
        "jpeg of 4000 segments": b"\xff\xd8" + (b"\xff\xe0\0\x02" * 4000) + b"\xff\xd9",
        "jpeg with broken exif": encoded(picture, "JPEG", exif=b"Exif\0\0" + rng.bytes(300)),
    }
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        whole = encoded(picture, kind)
        for part in range(1, 8):
            files[f"{kind.lower()} cut at {part}/8"] = whole[: len(whole) * part // 8]
    return files


def _png(width: int, height: int, depth: int, colour: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(400)))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _text_bomb() -> bytes:
    plain = _png(40, 40, 8, 2)
    text = _chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(30_000_000), 9))
    return plain[:33] + text + plain[33:]


def _gif(width: int, height: int, frames: int, *, disposal: int, frame_side: int = 1) -> bytes:
    """Return a GIF by hand: a huge canvas or very many frames cost a few bytes each."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    out = bytearray(head)
    for number in range(frames):
        left, top = (number % 16, number // 16 % 16) if frame_side == 1 else (0, 0)
        out += b"\x21\xf9\x04" + bytes([disposal << 2, 0, 0, 0, 0])
        out += b"\x2c" + struct.pack("<HHHHB", left, top, frame_side, frame_side, 0)
        out += b"\x02\x02\x4c\x01\0" if number % 2 else b"\x02\x02\x44\x01\0"
    return bytes(out) + b";"


def _webp_canvas() -> bytes:
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0]) + b"\xfe\x3f\0\xfe\x3f\0"
    body = b"WEBP" + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame = encoded(scene(4, 32, 32), "WEBP")[12:]
    body += b"ANMF" + struct.pack("<I", 16 + len(frame)) + bytes(6) + b"\x1f\0\0\x1f\0\0"
    body += bytes(4) + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def _nested_boxes(depth: int) -> bytes:
    inside = b""
    for _ in range(depth):
        inside = _box(b"meta", bytes(4) + inside)
    return inside


def _tiff(*, next_directory: int, side: int = 4) -> bytes:
    fields = ((256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 122), (278, side))
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
    rows += struct.pack("<HHII", 279, 4, 1, 16)
    whole = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 8) + rows
    return whole + struct.pack("<I", next_directory) + bytes(12) + bytes(range(16))


def _bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 400, 0, 0, 54) + head + bytes(300)
