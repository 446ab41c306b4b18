"""Benign pictures changed as copies are that should not be found: 114 ways, in families.

Each way is drawn by code from a picture and a seeded generator, and gives a file's bytes.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps
from PIL.Image import Resampling, Transform, Transpose

Picture = Image.Image
Rng = np.random.Generator
Change = Callable[[Picture, Rng], Picture]
Make = Callable[[Picture, Rng], bytes]

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_EXIF_ORIENTATION = 274
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
"""What has to be stored so that each EXIF orientation shows the picture as it was."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of changing a picture."""

    family: str
    name: str
    make: Make


def saved(picture: Picture, kind: str = "JPEG", **options: Any) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    if kind == "JPEG":
        options = {"quality": 85, **options}
    picture.save(out, kind, **options)
    return out.getvalue()


def _changed(change: Change, **options: Any) -> Make:
    return lambda picture, rng: saved(change(picture, rng), **options)


def _resized(factor: float) -> Change:
    def change(picture: Picture, _rng: Rng) -> Picture:
        size = (max(32, int(picture.width * factor)), max(32, int(picture.height * factor)))
        return picture.resize(size, Resampling.LANCZOS)

    return change


def _stretched(across: float, down: float) -> Change:
    return lambda picture, _rng: picture.resize(
        (int(picture.width * across), int(picture.height * down)), Resampling.BICUBIC
    )


def _noisy(sigma: float) -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        pixels = np.asarray(picture, np.float32)
        return _from(pixels + rng.normal(0, sigma, pixels.shape))

    return change


def _from(pixels: np.ndarray) -> Picture:
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def _blurred(radius: float) -> Change:
    return lambda picture, _rng: picture.filter(ImageFilter.GaussianBlur(radius))


def _twice(picture: Picture, _rng: Rng) -> bytes:
    with Image.open(io.BytesIO(saved(picture, quality=40))) as first:
        return saved(first.resize((first.width - 3, first.height - 3)), quality=60)


def _same() -> list[tuple[str, Make]]:
    ways: list[tuple[str, Make]] = [("identity", _changed(lambda p, _r: p, quality=95))]
    ways += [
        (f"jpeg q{quality}", _changed(lambda p, _r: p, quality=quality))
        for quality in (90, 75, 50, 30, 20, 10)
    ]
    ways.append(("jpeg twice", _twice))
    ways += [(f"resize {size:g}", _changed(_resized(size))) for size in (2, 0.75, 0.5, 0.25, 0.15)]
    ways += [
        ("stretch 10 %", _changed(_stretched(1.1, 1))),
        ("to a square", _changed(lambda p, _r: p.resize((512, 512)))),
    ]
    ways += [(f"blur {radius:g}", _changed(_blurred(radius))) for radius in (1, 2, 3)]
    ways += [(f"noise {sigma}", _changed(_noisy(sigma))) for sigma in (5, 15)]
    ways.append(("sharpen", _changed(lambda p, _r: p.filter(ImageFilter.SHARPEN))))
    return ways


def _formats() -> list[tuple[str, Make]]:
    def palette(colours: int) -> Make:
        return lambda p, _r: saved(p.quantize(colours), "PNG")

    def deep(picture: Picture, _rng: Rng) -> bytes:
        grey = np.asarray(picture.convert("L"), np.uint16) * 257
        return saved(Image.fromarray(grey), "PNG")

    def soft(picture: Picture, _rng: Rng) -> bytes:
        whole = picture.convert("RGBA")
        edge = np.full((whole.height, whole.width), 255, np.uint8)
        edge[: whole.height // 20] = edge[-(whole.height // 20) :] = 0
        whole.putalpha(Image.fromarray(edge))
        return saved(whole, "PNG")

    def turned(orientation: int) -> Make:
        def make(picture: Picture, _rng: Rng) -> bytes:
            exif = Image.Exif()
            exif[_EXIF_ORIENTATION] = orientation
            return saved(picture.transpose(_TURNS[orientation]), exif=exif)

        return make

    return [
        ("gif", lambda p, _r: saved(p, "GIF")),
        ("png 256 colours", palette(256)),
        ("png 16 bit", deep),
        ("cmyk", lambda p, _r: saved(p.convert("CMYK"))),
        ("alpha edges", soft),
        *((f"exif {turn}", turned(turn)) for turn in _TURNS),
        ("webp", lambda p, _r: saved(p, "WEBP", quality=70)),
        ("avif", lambda p, _r: saved(p, "AVIF", quality=60)),
        ("tiff", lambda p, _r: saved(p, "TIFF")),
    ]


def _colours() -> list[tuple[str, Make]]:
    def enhanced(kind: Callable[[Picture], ImageEnhance._Enhance], by: float) -> Make:
        return _changed(lambda p, _r: kind(p).enhance(by))

    def curve(gamma: float) -> Make:
        table = [round(255 * (level / 255) ** gamma) for level in range(256)] * 3
        return _changed(lambda p, _r: p.point(table))

    def hue(picture: Picture, _rng: Rng) -> Picture:
        pixels = np.asarray(picture.convert("HSV")).copy()
        pixels[..., 0] += 60
        return Image.fromarray(pixels, "HSV").convert("RGB")

    def tint(picture: Picture, _rng: Rng) -> Picture:
        return Image.blend(picture, Image.new("RGB", picture.size, (220, 120, 40)), 0.3)

    def vignette(picture: Picture, _rng: Rng) -> Picture:
        pixels = np.asarray(picture, np.float32)
        y, x = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
        return _from(pixels * (1 - 0.35 * (x * x + y * y))[..., None])

    return [
        ("grey", _changed(lambda p, _r: p.convert("L").convert("RGB"))),
        ("sepia", _changed(lambda p, _r: ImageOps.colorize(p.convert("L"), "#1e1208", "#fff0d0"))),
        ("negative", _changed(lambda p, _r: ImageOps.invert(p))),
        ("brighter", enhanced(ImageEnhance.Brightness, 1.4)),
        ("darker", enhanced(ImageEnhance.Brightness, 0.5)),
        ("more contrast", enhanced(ImageEnhance.Contrast, 1.6)),
        ("less contrast", enhanced(ImageEnhance.Contrast, 0.5)),
        ("gamma 0.6", curve(0.6)),
        ("gamma 1.8", curve(1.8)),
        ("saturated", enhanced(ImageEnhance.Color, 2.0)),
        ("hue", _changed(hue)),
        ("tint", _changed(tint)),
        ("posterised", _changed(lambda p, _r: ImageOps.posterize(p, 3))),
        ("equalised", _changed(lambda p, _r: ImageOps.equalize(p))),
        ("vignette", _changed(vignette)),
    ]


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))


def _drawn(draw: Callable[[ImageDraw.ImageDraw, int, int, Rng], None]) -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        copy = picture.copy()
        draw(ImageDraw.Draw(copy, "RGBA"), copy.width, copy.height, rng)
        return copy

    return change


def _overlays() -> list[tuple[str, Make]]:
    def text(d: ImageDraw.ImageDraw, w: int, h: int, _r: Rng) -> None:
        d.text((w * 0.1, h * 0.8), "some words here", _WHITE, _font(h / 9), stroke_width=2)

    def meme(d: ImageDraw.ImageDraw, w: int, h: int, _r: Rng) -> None:
        for y in (0.02, 0.84):
            d.text((w * 0.08, h * y), "WHEN IT IS MONDAY", _WHITE, _font(h / 9), stroke_width=3)

    def watermark(d: ImageDraw.ImageDraw, w: int, h: int, _r: Rng) -> None:
        for row in range(6):
            for column in range(4):
                at = (column * w / 4 + row % 2 * w / 8, row * h / 6)
                d.text(at, "sample", (255, 255, 255, 110), _font(h / 14))

    def logo(d: ImageDraw.ImageDraw, w: int, h: int, _r: Rng) -> None:
        d.rounded_rectangle((w * 0.82, h * 0.86, w * 0.98, h * 0.97), 8, (230, 40, 40))
        d.text((w * 0.84, h * 0.88), "tv", _WHITE, _font(h / 16))

    def stickers(count: int, size: float) -> Change:
        def draw(d: ImageDraw.ImageDraw, w: int, h: int, r: Rng) -> None:
            for _ in range(count):
                side = min(w, h) * size
                x, y = r.uniform(0, w - side), r.uniform(0, h - side)
                d.ellipse((x, y, x + side, y + side), (250, 210, 40))
                d.ellipse((x + side * 0.25, y + side * 0.3, x + side * 0.4, y + side * 0.45), 0)
                d.ellipse((x + side * 0.6, y + side * 0.3, x + side * 0.75, y + side * 0.45), 0)

        return _drawn(draw)

    def bar(d: ImageDraw.ImageDraw, w: int, h: int, r: Rng) -> None:
        y = h * r.uniform(0.3, 0.6)
        d.rectangle((w * 0.2, y, w * 0.8, y + h * 0.12), _BLACK)

    def scribble(d: ImageDraw.ImageDraw, w: int, h: int, r: Rng) -> None:
        points = [(r.uniform(0, w), r.uniform(0, h)) for _ in range(25)]
        d.line(points, (220, 20, 60), max(2, h // 90), joint="curve")

    def banner(d: ImageDraw.ImageDraw, w: int, h: int, _r: Rng) -> None:
        d.rectangle((0, h * 0.78, w, h * 0.92), (0, 0, 0, 150))
        d.text((w * 0.05, h * 0.8), "breaking: nothing", _WHITE, _font(h / 12))

    def pixelated(picture: Picture, rng: Rng) -> Picture:
        copy = picture.copy()
        w, h = copy.size
        x, y = int(rng.uniform(0.1, 0.6) * w), int(rng.uniform(0.1, 0.6) * h)
        box = (x, y, x + w * 3 // 10, y + h * 3 // 10)
        part = copy.crop(box)
        tiny = part.resize((6, 6), Resampling.BOX)
        copy.paste(tiny.resize(part.size, Resampling.NEAREST), box[:2])
        return copy

    return [
        ("text", _changed(_drawn(text))),
        ("meme text", _changed(_drawn(meme))),
        ("watermark", _changed(_drawn(watermark))),
        ("logo", _changed(_drawn(logo))),
        ("sticker", _changed(stickers(1, 0.3))),
        ("three stickers", _changed(stickers(3, 0.2))),
        ("censor bar", _changed(_drawn(bar))),
        ("scribble", _changed(_drawn(scribble))),
        ("banner", _changed(_drawn(banner))),
        ("pixelated part", _changed(pixelated)),
    ]


def _bordered(share: float, colour: object) -> Change:
    return lambda p, _r: ImageOps.expand(p, int(min(p.size) * share), colour)  # type: ignore[arg-type]


def _padded(left: float, top: float, right: float, bottom: float, colour: object = 0) -> Change:
    def change(picture: Picture, _rng: Rng) -> Picture:
        w, h = picture.size
        whole = Image.new(
            "RGB",
            (int(w * (1 + left + right)), int(h * (1 + top + bottom))),
            colour,  # type: ignore[arg-type]
        )
        whole.paste(picture, (int(w * left), int(h * top)))
        return whole

    return change


def _captioned(picture: Picture, _rng: Rng) -> Picture:
    whole = _padded(0, 0.18, 0, 0, _WHITE)(picture, _rng)
    draw = ImageDraw.Draw(whole)
    draw.text((10, 6), "me looking at", _BLACK, _font(picture.height / 14))
    draw.text((10, picture.height * 0.09), "the weather", _BLACK, _font(picture.height / 14))
    return whole


def _letterboxed_in_blur(picture: Picture, _rng: Rng) -> Picture:
    side = max(picture.size) * 3 // 2 if picture.width >= picture.height else max(picture.size)
    back = picture.resize((side, side)).filter(ImageFilter.GaussianBlur(20))
    scale = side / max(picture.size)
    front = picture.resize((int(picture.width * scale), int(picture.height * scale)))
    back.paste(front, ((side - front.width) // 2, (side - front.height) // 2))
    return back


def _screenshot(dark: bool) -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        width, height = 720, 1480
        ground, ink = ((18, 18, 20), (235, 235, 235)) if dark else (_WHITE, (20, 20, 20))
        shot = Image.new("RGB", (width, height), ground)
        draw = ImageDraw.Draw(shot)
        draw.text((24, 10), "12:41", ink, _font(26))
        draw.rectangle((650, 14, 696, 34), outline=ink, width=3)
        draw.ellipse((24, 70, 88, 134), (90, 130, 200))
        draw.text((104, 84), "somebody", ink, _font(30))
        inside = picture.resize((width, round(picture.height * width / picture.width)))
        inside = inside.crop((0, 0, width, min(inside.height, 1080)))
        top = 150 + int(rng.uniform(0, 40))
        shot.paste(inside, (0, top))
        below = top + inside.height + 20
        for number in range(3):
            draw.ellipse(
                (24 + number * 70, below, 70 + number * 70, below + 46), outline=ink, width=4
            )
        draw.text((24, below + 60), "214 likes", ink, _font(26))
        draw.text((24, below + 100), "somebody what a day it was", ink, _font(26))
        draw.rectangle((260, height - 16, 460, height - 8), ink)
        return shot

    return change


def _polaroid(picture: Picture, rng: Rng) -> Picture:
    return _padded(0.05, 0.05, 0.05, 0.2, (245, 243, 235))(picture, rng)


def _gradient_border(picture: Picture, _rng: Rng) -> Picture:
    w, h = int(picture.width * 1.2), int(picture.height * 1.2)
    slope = np.linspace(30, 220, w)[None, :, None] * np.ones((h, 1, 3)) * (1.0, 0.7, 0.5)
    whole = _from(slope)
    whole.paste(picture, ((w - picture.width) // 2, (h - picture.height) // 2))
    return whole


def _frames() -> list[tuple[str, Make]]:
    return [
        ("white border 5 %", _changed(_bordered(0.05, "white"))),
        ("black border 10 %", _changed(_bordered(0.10, "black"))),
        ("white border 20 %", _changed(_bordered(0.20, "white"))),
        ("red border 8 %", _changed(_bordered(0.08, "#b02020"))),
        ("letterbox", _changed(_padded(0, 0.17, 0, 0.17))),
        ("pillarbox", _changed(_padded(0.25, 0, 0.25, 0))),
        ("blurred letterbox", _changed(_letterboxed_in_blur)),
        ("caption bar", _changed(_captioned)),
        ("polaroid", _changed(_polaroid)),
        ("gradient border", _changed(_gradient_border)),
        ("phone screenshot", _changed(_screenshot(dark=False))),
        ("phone screenshot, dark", _changed(_screenshot(dark=True))),
    ]


def _cropped(left: float, top: float, right: float, bottom: float) -> Change:
    return lambda p, _r: p.crop(
        (
            int(p.width * left),
            int(p.height * top),
            int(p.width * (1 - right)),
            int(p.height * (1 - bottom)),
        )
    )


def _crops() -> list[tuple[str, Make]]:
    def centred(share: float) -> Change:
        # So much of the area is gone.
        side = (1 - (1 - share) ** 0.5) / 2
        return _cropped(side, side, side, side)

    ways = [
        (f"crop {share} %", _changed(centred(share / 100))) for share in (5, 10, 15, 20, 30, 40, 50)
    ]
    ways += [
        ("crop left 20 %", _changed(_cropped(0.2, 0, 0, 0))),
        ("crop top 10 %", _changed(_cropped(0, 0.1, 0, 0))),
        ("crop corner 36 %", _changed(_cropped(0, 0, 0.2, 0.2))),
    ]
    return ways


def _mirrors() -> list[tuple[str, Make]]:
    return [
        (way.name.lower(), _changed(lambda p, _r, way=way: p.transpose(way)))  # type: ignore[misc]
        for way in (
            Transpose.FLIP_LEFT_RIGHT,
            Transpose.FLIP_TOP_BOTTOM,
            Transpose.ROTATE_90,
            Transpose.ROTATE_180,
            Transpose.ROTATE_270,
            Transpose.TRANSPOSE,
        )
    ]


def _rotated(angle: float, colour: object = 0, *, grown: bool = True) -> Change:
    return lambda p, _r: p.rotate(
        angle,
        Resampling.BICUBIC,
        expand=grown,
        fillcolor=colour,  # type: ignore[arg-type]
    )


def _rotated_inside(angle: float) -> Change:
    """Turn and crop to the largest rectangle of the same shape that shows no corner."""

    def change(picture: Picture, _rng: Rng) -> Picture:
        turned = picture.rotate(angle, Resampling.BICUBIC)
        w, h = picture.size
        a = np.deg2rad(abs(angle))
        scale = min(w / (w * np.cos(a) + h * np.sin(a)), h / (w * np.sin(a) + h * np.cos(a)))
        side = (1 - scale) / 2
        return _cropped(side, side, side, side)(turned, _rng)

    return change


def _rotations() -> list[tuple[str, Make]]:
    return [
        ("turn 2, black", _changed(_rotated(2))),
        ("turn -5, white", _changed(_rotated(-5, "white"))),
        ("turn 10, black", _changed(_rotated(10))),
        ("turn -15, same size", _changed(_rotated(-15, grown=False))),
        ("turn 3, cropped", _changed(_rotated_inside(3))),
        ("turn -7, cropped", _changed(_rotated_inside(-7))),
        ("turn 12, cropped", _changed(_rotated_inside(12))),
    ]


def _other(number: int, size: tuple[int, int]) -> Picture:
    """Return a drawn stranger to stand beside the picture."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    levels = [
        127
        + 60
        * sum(
            np.sin(x * rng.uniform(-f, f) + y * rng.uniform(-f, f) + rng.uniform(0, 6)) / f**0.4
            for f in (6, 15, 40, 90)
        )
        for _ in range(3)
    ]
    return _from(np.stack(levels, axis=2))


def _grid(columns: int, rows: int, gap: int, colour: object = "white") -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        w, h = 480, max(120, round(480 * picture.height / picture.width))
        whole = Image.new(
            "RGB",
            (columns * w + (columns - 1) * gap, rows * h + (rows - 1) * gap),
            colour,  # type: ignore[arg-type]
        )
        ours = int(rng.integers(columns * rows))
        for place in range(columns * rows):
            tile = picture.resize((w, h)) if place == ours else _other(place, (w, h))
            whole.paste(tile, (place % columns * (w + gap), place // columns * (h + gap)))
        return whole

    return change


def _inset(share: float, *, framed: bool) -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        back = _other(int(rng.integers(99)), (1000, 750))
        w = int(1000 * share)
        small = picture.resize((w, round(w * picture.height / picture.width)))
        if small.height > 700:
            small = small.resize((round(small.width * 700 / small.height), 700))
        if framed:
            small = ImageOps.expand(small, 4, "white")
        x, y = rng.integers(0, 1000 - small.width), rng.integers(0, 750 - small.height)
        back.paste(small, (int(x), int(y)))
        return back

    return change


def _collages() -> list[tuple[str, Make]]:
    return [
        ("side by side", _changed(_grid(2, 1, 0))),
        ("one above the other", _changed(_grid(1, 2, 0))),
        ("2 x 2, gaps", _changed(_grid(2, 2, 10))),
        ("3 x 3, gaps", _changed(_grid(3, 3, 8, "black"))),
        ("2 x 2", _changed(_grid(2, 2, 0))),
        ("inset, framed", _changed(_inset(0.45, framed=True))),
        ("inset", _changed(_inset(0.4, framed=False))),
    ]


def _warped(picture: Picture, corners: list[tuple[float, float]], size: tuple[int, int]) -> Picture:
    """Put the picture's corners (from the top left, clockwise) at these places of a new one."""
    w, h = picture.size
    stored = [(0, 0), (w, 0), (w, h), (0, h)]
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, stored, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    found = np.linalg.solve(np.array(rows, float), np.array(right, float))
    return picture.transform(
        size, Transform.PERSPECTIVE, found.tolist(), Resampling.BICUBIC, fillcolor=(40, 42, 46)
    )


def _perspective(strength: float, margin: float = 0.0) -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        w, h = picture.size
        away = rng.uniform(0.3, 1, (4, 2)) * strength + margin
        corners = [
            (w * away[0, 0], h * away[0, 1]),
            (w * (1 - away[1, 0]), h * away[1, 1]),
            (w * (1 - away[2, 0]), h * (1 - away[2, 1])),
            (w * away[3, 0], h * (1 - away[3, 1])),
        ]
        return _warped(picture, corners, (w, h))

    return change


def _screen(*, moire: bool, glare: bool) -> Change:
    def change(picture: Picture, rng: Rng) -> Picture:
        bezel = _bordered(0.04, (12, 12, 14))(picture, rng)
        shot = _perspective(0.06, 0.05)(bezel, rng)
        pixels = np.asarray(shot, np.float64)
        y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
        if moire:
            pixels = pixels * (1 + 0.12 * np.sin(x * 0.9 + y * 0.13) * np.sin(y * 0.8))[..., None]
        if glare:
            spot = np.exp(
                -(((x / shot.width - 0.7) / 0.15) ** 2 + ((y / shot.height - 0.3) / 0.2) ** 2)
            )
            pixels = pixels + 110 * spot[..., None]
        pixels = pixels * 0.85 + (10, 12, 22) + rng.normal(0, 6, pixels.shape)
        return _from(pixels).filter(ImageFilter.GaussianBlur(0.8))

    return change


def _screens() -> list[tuple[str, Make]]:
    return [
        ("perspective, mild", _changed(_perspective(0.08))),
        ("perspective, strong", _changed(_perspective(0.2))),
        ("screen", _changed(_screen(moire=False, glare=False))),
        ("screen, moire", _changed(_screen(moire=True, glare=False))),
        ("screen, moire and glare", _changed(_screen(moire=True, glare=True), quality=70)),
    ]


def _chained(*changes: Change) -> Make:
    def make(picture: Picture, rng: Rng) -> bytes:
        for change in changes:
            picture = change(picture, rng)
        return saved(picture, quality=60)

    return make


def _flip(picture: Picture, _rng: Rng) -> Picture:
    return picture.transpose(Transpose.FLIP_LEFT_RIGHT)


def _grey(picture: Picture, _rng: Rng) -> Picture:
    return picture.convert("L").convert("RGB")


def _worded(picture: Picture, _rng: Rng) -> Picture:
    copy = picture.copy()
    draw = ImageDraw.Draw(copy)
    draw.text((copy.width * 0.1, copy.height * 0.75), "look", _WHITE, _font(copy.height / 7))
    return copy


def _brighter(picture: Picture, _rng: Rng) -> Picture:
    return ImageEnhance.Brightness(picture).enhance(1.3)


def _chains() -> list[tuple[str, Make]]:
    return [
        ("mirror, crop, text", _chained(_flip, _cropped(0.08, 0.05, 0.06, 0.07), _worded)),
        (
            "crop, border, small",
            _chained(_cropped(0.1, 0, 0, 0.1), _bordered(0.1, "white"), _resized(0.5)),
        ),
        ("grey, turn, noise", _chained(_grey, _rotated_inside(4), _noisy(8))),
        ("brighter, screenshot, small", _chained(_brighter, _screenshot(dark=True), _resized(0.6))),
        ("mirror, text, inset", _chained(_flip, _worded, _inset(0.5, framed=False))),
        (
            "text, screen, crop",
            _chained(_worded, _screen(moire=True, glare=False), _cropped(0.02, 0.02, 0.02, 0.02)),
        ),
    ]


def _family(name: str, ways: list[tuple[str, Make]]) -> list[Variant]:
    return [Variant(name, way, make) for way, make in ways]


VARIANTS: tuple[Variant, ...] = (
    *_family("same", _same()),
    *_family("format", _formats()),
    *_family("colour", _colours()),
    *_family("overlay", _overlays()),
    *_family("frame", _frames()),
    *_family("crop", _crops()),
    *_family("mirror", _mirrors()),
    *_family("rotation", _rotations()),
    *_family("collage", _collages()),
    *_family("screen", _screens()),
    *_family("chain", _chains()),
)
