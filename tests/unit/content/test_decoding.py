"""One reading for every picture: modes, formats, orientations, animations, limits, hostile ones."""

from __future__ import annotations

import io
import struct
import time
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from tests.pictures import encoded, hostile_files, scene

from tutela.content.decoding import (
    DecodeLimits,
    Picture,
    Reading,
    Reason,
    Undecodable,
    pictures,
)
from tutela.content.media_type import sniff
from tutela.content.reading import pixels
from tutela.hashing.pdq import distance, pdq

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMITS = DecodeLimits()
RADIUS = 31
THREE = (Reading.UPRIGHT, Reading.OVER_BLACK, Reading.WITHOUT_ALPHA)
SECONDS = 5.0
WIDTH, HEIGHT = 320, 240
ORIENTATION = 0x0112
AS_STORED_FORM = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _read(data: bytes, limits: DecodeLimits = LIMITS) -> list[Picture]:
    return list(pictures(data, limits))


def _only(data: bytes) -> NDArray[np.uint8]:
    (one,) = _read(data)
    assert (one.frame, one.reading) == (0, Reading.UPRIGHT)
    assert one.rgb.dtype == np.uint8
    return one.rgb


def _refusal(data: bytes, limits: DecodeLimits = LIMITS) -> Reason:
    with pytest.raises(Undecodable) as caught:
        _read(data, limits)
    return caught.value.reason


def _bits_apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return distance(pdq(one).bits, pdq(other).bits)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene(7, WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def jpeg(photo: Image.Image) -> NDArray[np.uint8]:
    return _only(encoded(photo, "JPEG", quality=90))


def _heic(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, **options)
    return out.getvalue()


def _sixteen_bit(values: NDArray[np.integer]) -> bytes:
    """Return a PNG of 16 bits a channel, grey (height, width) or RGB (height, width, 3)."""
    height, width = values.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 16, 0 if values.ndim == 2 else 2, 0, 0, 0)
    rows = values.astype(">u2").reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


class TestFormats:
    @pytest.mark.parametrize(
        ("kind", "media_type"),
        [
            ("JPEG", "image/jpeg"),
            ("PNG", "image/png"),
            ("WEBP", "image/webp"),
            ("GIF", "image/gif"),
            ("BMP", "image/bmp"),
            ("TIFF", "image/tiff"),
            ("AVIF", "image/avif"),
            ("HEIC", "image/heic"),
        ],
    )
    def test_each_format_is_told_read_and_lies_near_the_jpeg(
        self, photo: Image.Image, jpeg: NDArray[np.uint8], kind: str, media_type: str
    ) -> None:
        data = _heic(photo) if kind == "HEIC" else encoded(photo, kind)
        assert sniff(data) == media_type
        shown = _only(data)
        assert shown.shape == (HEIGHT, WIDTH, 3)
        assert _bits_apart(shown, jpeg) <= RADIUS

    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
    def test_lossless_formats_give_the_very_pixels(self, photo: Image.Image, kind: str) -> None:
        assert np.array_equal(_only(encoded(photo, kind)), np.asarray(photo))

    @pytest.mark.parametrize(
        "compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
    )
    def test_tiff_compressions(
        self, photo: Image.Image, jpeg: NDArray[np.uint8], compression: str
    ) -> None:
        shown = _only(encoded(photo, "TIFF", compression=compression))
        assert _bits_apart(shown, jpeg) <= RADIUS

    def test_the_name_of_a_file_plays_no_part(self, photo: Image.Image) -> None:
        """Only the decoder that the first bytes call for is ever tried."""
        disguised = b"BM" + encoded(photo, "PNG")
        _refusal(disguised)


class TestModes:
    @pytest.mark.parametrize("mode", ["P", "L", "1", "RGB"])
    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
    def test_opaque_modes_show_what_a_viewer_shows(
        self, photo: Image.Image, mode: str, kind: str
    ) -> None:
        changed = photo.convert(mode)
        assert np.array_equal(_only(encoded(changed, kind)), np.asarray(changed.convert("RGB")))

    @pytest.mark.parametrize("mode", ["P", "L"])
    def test_palette_and_grey_copies_stay_near(
        self, photo: Image.Image, jpeg: NDArray[np.uint8], mode: str
    ) -> None:
        assert _bits_apart(_only(encoded(photo.convert(mode), "PNG")), jpeg) <= RADIUS

    def test_a_palette_is_applied_not_its_indices(
        self, photo: Image.Image, jpeg: NDArray[np.uint8]
    ) -> None:
        """The same picture under a shuffled palette; hashing the indices would miss it."""
        indexed = photo.convert("P", palette=Image.Palette.ADAPTIVE)
        order = list(np.random.default_rng(1).permutation(256))
        shuffled = indexed.remap_palette(order)
        assert _bits_apart(_only(encoded(shuffled, "PNG")), jpeg) <= RADIUS
        assert _bits_apart(np.asarray(shuffled), jpeg) > RADIUS

    def test_cmyk_jpeg(self, photo: Image.Image, jpeg: NDArray[np.uint8]) -> None:
        data = encoded(photo.convert("CMYK"), "JPEG", quality=90)
        assert _bits_apart(_only(data), jpeg) <= RADIUS

    def test_cmyk_tiff(self, photo: Image.Image, jpeg: NDArray[np.uint8]) -> None:
        assert _bits_apart(_only(encoded(photo.convert("CMYK"), "TIFF")), jpeg) <= RADIUS

    def test_lab_tiff(self, photo: Image.Image, jpeg: NDArray[np.uint8]) -> None:
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        lab = ImageCms.profileToProfile(photo, *profiles, outputMode="LAB")
        assert lab is not None
        assert _bits_apart(_only(encoded(lab, "TIFF")), jpeg) <= RADIUS

    @pytest.mark.parametrize("low", [0, 255])
    def test_sixteen_bit_grey_keeps_the_high_byte(self, photo: Image.Image, low: int) -> None:
        grey = np.asarray(photo.convert("L"))
        shown = _only(_sixteen_bit((grey.astype(np.uint16) << 8) + low))
        assert np.array_equal(shown, np.repeat(grey[..., None], 3, axis=2))

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_sixteen_bit_grey_by_pillow(self, photo: Image.Image, kind: str) -> None:
        grey = np.asarray(photo.convert("L"))
        data = encoded(Image.fromarray(grey.astype(np.uint16) * 257), kind)
        assert np.array_equal(_only(data)[..., 0], grey)

    def test_sixteen_bit_colour_keeps_the_high_byte(self, photo: Image.Image) -> None:
        shown = np.asarray(photo)
        deep = (shown.astype(np.uint16) << 8) + 200
        assert np.array_equal(_only(_sixteen_bit(deep)), shown)

    def test_floats_from_nought_to_one_are_black_to_white(self, photo: Image.Image) -> None:
        grey = np.asarray(photo.convert("L"))
        data = encoded(Image.fromarray(grey.astype(np.float32) / 255), "TIFF")
        assert np.array_equal(_only(data)[..., 0], grey)

    @pytest.mark.parametrize("odd", [-0.5, 1.5, 255.0, np.nan, np.inf])
    def test_floats_of_another_range_are_not_guessed(self, odd: float) -> None:
        values = np.full((20, 20), 0.5, np.float32)
        values[3, 3] = odd
        assert _refusal(encoded(Image.fromarray(values), "TIFF")) is Reason.UNSUPPORTED

    def test_whole_numbers_of_32_bits_are_not_guessed(self) -> None:
        values = np.arange(400, dtype=np.int32).reshape(20, 20)
        assert _refusal(encoded(Image.fromarray(values), "TIFF")) is Reason.UNSUPPORTED


class TestTransparency:
    @staticmethod
    def _holed(photo: Image.Image) -> Image.Image:
        mask = Image.new("L", photo.size, 255)
        mask.paste(0, (40, 30, 200, 180))
        mask.paste(128, (200, 30, 300, 180))
        holed = photo.copy()
        holed.putalpha(mask)
        return holed

    @staticmethod
    def _over(picture: Image.Image, ground: int) -> NDArray[np.int16]:
        rgba = np.asarray(picture.convert("RGBA"), np.float64)
        share = rgba[..., 3:] / 255
        return np.round(rgba[..., :3] * share + ground * (1 - share)).astype(np.int16)

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_white_is_the_record_and_black_the_second_reading(
        self, photo: Image.Image, mode: str, kind: str
    ) -> None:
        picture = self._holed(photo).convert(mode)
        white, black, bare = _read(encoded(picture, kind))
        assert tuple(one.reading for one in (white, black, bare)) == THREE
        assert np.abs(white.rgb - self._over(picture, 255)).max() <= 1
        assert np.abs(black.rgb - self._over(picture, 0)).max() <= 1
        assert np.array_equal(bare.rgb, np.asarray(picture.convert("RGBA"))[..., :3])

    @pytest.mark.parametrize("kind", ["WEBP", "AVIF", "HEIC"])
    def test_other_formats_with_alpha(self, photo: Image.Image, kind: str) -> None:
        picture = self._holed(photo)
        data = _heic(picture) if kind == "HEIC" else encoded(picture, kind)
        white, black, bare = _read(data)
        assert tuple(one.reading for one in (white, black, bare)) == THREE
        assert white.rgb[100, 100].min() > 240
        assert black.rgb[100, 100].max() < 15

    def test_palette_with_transparent_entries(self, photo: Image.Image) -> None:
        picture = photo.convert("P", palette=Image.Palette.ADAPTIVE, colors=32)
        clear = bytes(0 if index < 8 else 255 for index in range(32))
        white, black, bare = _read(encoded(picture, "PNG", transparency=clear))
        hole = np.asarray(picture) < 8
        assert hole.any()
        assert (white.rgb[hole] == 255).all()
        assert (black.rgb[hole] == 0).all()
        assert np.array_equal(white.rgb[~hole], black.rgb[~hole])
        assert np.array_equal(bare.rgb, np.asarray(picture.convert("RGB")))

    def test_palette_with_alpha(self, photo: Image.Image) -> None:
        """PA is met inside Pillow only: no file of the formats that are read opens as it."""
        picture = photo.convert("P")
        picture.putalpha(self._holed(photo).getchannel("A"))
        assert picture.mode == "PA"
        read = pixels(picture)
        rgba = np.asarray(picture.convert("RGBA"))
        assert read.alpha is not None
        assert np.array_equal(read.rgb, rgba[..., :3])
        assert np.array_equal(read.alpha, rgba[..., 3])
        assert np.abs(read.over(255) - self._over(picture, 255)).max() <= 1

    def test_colour_key(self, photo: Image.Image) -> None:
        picture = photo.copy()
        picture.paste((1, 2, 3), (50, 50, 150, 150))
        white, black, bare = _read(encoded(picture, "PNG", transparency=(1, 2, 3)))
        assert tuple(white.rgb[100, 100]) == (255, 255, 255)
        assert tuple(black.rgb[100, 100]) == (0, 0, 0)
        assert tuple(bare.rgb[100, 100]) == (1, 2, 3)

    def test_grey_key_of_sixteen_bits(self, photo: Image.Image) -> None:
        """Only the exact 16-bit value is clear, not all that share its high byte."""
        grey = np.asarray(photo.convert("L")).astype(np.uint16) << 8
        grey[50:150, 50:150] = 0x1234
        grey[150:160, 50:150] = 0x1235
        whole = _sixteen_bit(grey)
        key = b"tRNS" + b"\x12\x34"
        keyed = whole[:33] + struct.pack(">I", 2) + key + struct.pack(">I", zlib.crc32(key))
        white, black, _bare = _read(keyed + whole[33:])
        assert (white.rgb[50:150, 50:150] == 255).all()
        assert (black.rgb[50:150, 50:150] == 0).all()
        assert (white.rgb[150:160, 50:150] == 0x12).all()

    def test_alpha_that_hides_nothing_gives_one_reading(self, photo: Image.Image) -> None:
        assert np.array_equal(_only(encoded(photo.convert("RGBA"), "PNG")), np.asarray(photo))

    def test_a_picture_hidden_by_alpha_is_seen_without_it(self, photo: Image.Image) -> None:
        hidden = photo.copy()
        hidden.putalpha(0)
        white, black, bare = _read(encoded(hidden, "PNG"))
        assert (white.rgb == 255).all()
        assert (black.rgb == 0).all()
        assert np.array_equal(bare.rgb, np.asarray(photo))

    def test_a_photo_under_thin_alpha_stays_near(
        self, photo: Image.Image, jpeg: NDArray[np.uint8]
    ) -> None:
        thin = photo.copy()
        thin.putalpha(200)
        assert _bits_apart(_read(encoded(thin, "PNG"))[0].rgb, jpeg) <= RADIUS


class TestOrientation:
    @staticmethod
    def _stored(photo: Image.Image, orientation: int, kind: str) -> bytes:
        """Return a file that stands upright only when its orientation is heeded."""
        form = AS_STORED_FORM[orientation]
        stored = photo if form is None else photo.transpose(form)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        choices: dict[str, dict[str, object]] = {
            "JPEG": {"quality": 92},
            "WEBP": {"lossless": True},
        }
        options = choices.get(kind, {})
        return encoded(stored, kind, exif=exif, **options)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_the_record_hash_is_of_the_upright_picture(
        self, photo: Image.Image, kind: str, orientation: int
    ) -> None:
        upright, *others = _read(self._stored(photo, orientation, kind))
        assert upright.reading is Reading.UPRIGHT
        assert _bits_apart(upright.rgb, np.asarray(photo)) <= 8
        assert [one.reading for one in others] == ([Reading.AS_STORED] if orientation > 1 else [])
        if others:
            form = AS_STORED_FORM[orientation]
            assert form is not None
            assert _bits_apart(others[0].rgb, np.asarray(photo.transpose(form))) <= 8

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_tiff_that_its_decoder_turns_has_both_readings_too(
        self, photo: Image.Image, orientation: int
    ) -> None:
        form = AS_STORED_FORM[orientation]
        stored = photo if form is None else photo.transpose(form)
        data = encoded(stored, "TIFF", tiffinfo={ORIENTATION: orientation})
        upright, *others = _read(data)
        assert np.array_equal(upright.rgb, np.asarray(photo))
        assert [one.reading for one in others] == ([] if form is None else [Reading.AS_STORED])
        assert all(np.array_equal(one.rgb, np.asarray(stored)) for one in others)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_heic_is_stood_upright_by_its_decoder(
        self, photo: Image.Image, orientation: int
    ) -> None:
        form = AS_STORED_FORM[orientation]
        stored = photo if form is None else photo.transpose(form)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        data = _heic(stored, exif=exif.tobytes())
        assert _bits_apart(_read(data)[0].rgb, np.asarray(photo)) <= 8

    @pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
    def test_values_outside_the_standard_turn_nothing(
        self, photo: Image.Image, orientation: int
    ) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        assert np.array_equal(_only(encoded(photo, "PNG", exif=exif)), np.asarray(photo))

    @pytest.mark.parametrize("junk", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\0" * 40])
    def test_broken_exif_does_not_hide_a_picture(
        self, photo: Image.Image, jpeg: NDArray[np.uint8], junk: bytes
    ) -> None:
        data = encoded(photo, "JPEG", quality=90, exif=junk)
        assert np.array_equal(_only(data), jpeg)

    def test_alpha_and_orientation_give_four_readings(self, photo: Image.Image) -> None:
        holed = photo.copy()
        holed.putalpha(90)
        found = _read(self._stored(holed, 6, "PNG"))
        assert [one.reading for one in found] == [
            *THREE,
            Reading.AS_STORED,
        ]
        assert [one.rgb.shape[:2] for one in found] == [
            (HEIGHT, WIDTH),
            (HEIGHT, WIDTH),
            (HEIGHT, WIDTH),
            (WIDTH, HEIGHT),
        ]


class TestFrames:
    FRAMES = tuple(scene(seed, 96, 72) for seed in range(4))

    def _animation(self, kind: str, frames: tuple[Image.Image, ...]) -> bytes:
        options: dict[str, object] = {"save_all": True, "append_images": frames[1:]}
        if kind == "WEBP":
            options["lossless"] = True
        return encoded(frames[0], kind, **options)

    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
    def test_each_distinct_frame_is_yielded_in_order(self, kind: str) -> None:
        found = _read(self._animation(kind, self.FRAMES))
        assert [one.frame for one in found] == [0, 1, 2, 3]
        for one, drawn in zip(found, self.FRAMES, strict=True):
            assert _bits_apart(one.rgb, np.asarray(drawn)) <= RADIUS

    @pytest.mark.parametrize("kind", ["TIFF", "WEBP"])
    def test_equal_frames_are_yielded_once(self, kind: str) -> None:
        one, other = self.FRAMES[:2]
        found = _read(self._animation(kind, (one, one, other, one, other)))
        assert next(picture.frame for picture in found) == 0
        assert len(found) == 2

    def test_equal_indices_under_two_palettes_are_two_pictures(self) -> None:
        """Regression: frames were once compared as stored, and the second one was not hashed."""
        one = self.FRAMES[0].convert("P", palette=Image.Palette.ADAPTIVE)
        other = one.copy()
        palette = one.getpalette()
        assert palette is not None
        other.putpalette([255 - value for value in palette])
        found = _read(encoded(one, "TIFF", save_all=True, append_images=[other]))
        assert [picture.frame for picture in found] == [0, 1]
        assert np.array_equal(found[1].rgb, 255 - found[0].rgb)

    def test_a_gif_still_repeated_is_one_picture(self) -> None:
        """A GIF's first frame is decoded with a palette, the next in colour: the same to see."""
        still = self.FRAMES[0].convert("P", palette=Image.Palette.ADAPTIVE)
        first = encoded(still, "GIF")
        blocks = first[first.index(b"\x2c", 13 + 3 * 256) : -1]
        control = b"\x21\xf9\x04\0\0\0\0\0"
        data = first[:-1] + control + blocks + b";"
        with Image.open(io.BytesIO(data)) as file:
            assert file.n_frames == 2  # type: ignore[attr-defined]
        assert [picture.frame for picture in _read(data)] == [0]

    def test_heic_with_several_pictures(self) -> None:
        out = io.BytesIO()
        file = pillow_heif.HeifFile()  # type: ignore[no-untyped-call]
        for frame in self.FRAMES:
            file.add_from_pillow(frame)
        file.save(out)
        assert [one.frame for one in _read(out.getvalue())] == [0, 1, 2, 3]


class TestLimits:
    def test_bytes(self, photo: Image.Image) -> None:
        data = encoded(photo, "PNG")
        assert _read(data, DecodeLimits(max_bytes=len(data)))
        assert _refusal(data, DecodeLimits(max_bytes=len(data) - 1)) is Reason.TOO_MANY_BYTES

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC"])
    def test_pixels(self, photo: Image.Image, kind: str) -> None:
        data = _heic(photo) if kind == "HEIC" else encoded(photo, kind)
        assert _read(data, DecodeLimits(max_pixels=WIDTH * HEIGHT))
        too_few = DecodeLimits(max_pixels=WIDTH * HEIGHT - 1)
        assert _refusal(data, too_few) is Reason.TOO_MANY_PIXELS

    def test_frames(self) -> None:
        data = TestFrames()._animation("WEBP", TestFrames.FRAMES)
        assert len(_read(data, DecodeLimits(max_frames=4))) == 4
        seen: list[Picture] = []
        with pytest.raises(Undecodable) as caught:
            seen.extend(pictures(data, DecodeLimits(max_frames=2)))
        assert [one.frame for one in seen] == [0, 1]
        assert caught.value.reason is Reason.TOO_MANY_FRAMES

    def test_pixels_of_all_frames_together(self) -> None:
        data = TestFrames()._animation("WEBP", TestFrames.FRAMES)
        budget = DecodeLimits(max_total_pixels=4 * 96 * 72 - 1)
        found = pictures(data, budget)
        assert [next(found).frame for _ in range(3)] == [0, 1, 2]
        with pytest.raises(Undecodable) as caught:
            next(found)
        assert caught.value.reason is Reason.TOO_MANY_FRAMES

    def test_a_small_limit_does_not_bind_the_next_reader(self, photo: Image.Image) -> None:
        data = encoded(photo, "PNG")
        assert _refusal(data, DecodeLimits(max_pixels=10)) is Reason.TOO_MANY_PIXELS
        assert _read(data)


class TestHostileFiles:
    @pytest.mark.parametrize("name", list(hostile_files()))
    def test_gives_pictures_or_a_reason_and_soon(self, name: str) -> None:
        """Any other exception than `Undecodable` fails this test."""
        began = time.perf_counter()
        found = 0
        try:
            for one in pictures(hostile_files()[name], LIMITS):
                found += 1
                assert one.rgb.ndim == 3
        except Undecodable as problem:
            assert problem.reason in Reason
            found += 1
        assert found
        assert time.perf_counter() - began < SECONDS

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("empty", Reason.EMPTY),
            ("random", Reason.UNKNOWN_TYPE),
            ("text", Reason.UNKNOWN_TYPE),
            ("html", Reason.UNKNOWN_TYPE),
            ("svg", Reason.UNKNOWN_TYPE),
            ("riff without webp", Reason.UNKNOWN_TYPE),
            ("film of noise", Reason.CORRUPT),
            ("png of the largest sides", Reason.TOO_MANY_PIXELS),
            ("png of one bit, 60000 square", Reason.TOO_MANY_PIXELS),
            ("gif of the largest canvas", Reason.TOO_MANY_PIXELS),
            ("gif of the largest canvas, cleared", Reason.TOO_MANY_PIXELS),
            ("gif frame far outside", Reason.TOO_MANY_PIXELS),
            ("webp of the largest canvas", Reason.TOO_MANY_PIXELS),
            ("tiff of the largest sides", Reason.TOO_MANY_PIXELS),
            ("bmp of the largest sides", Reason.TOO_MANY_PIXELS),
            ("gif of 600 frames", Reason.TOO_MANY_FRAMES),
            ("png without width", Reason.CORRUPT),
            ("png magic before a jpeg", Reason.TRUNCATED),
            ("jpeg cut at 4/8", Reason.TRUNCATED),
            ("png cut at 4/8", Reason.TRUNCATED),
            ("gif cut at 4/8", Reason.TRUNCATED),
        ],
    )
    def test_says_why(self, name: str, reason: Reason) -> None:
        assert _refusal(hostile_files()[name]) is reason

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIC"])
    def test_flipped_bytes(self, kind: str) -> None:
        picture = scene(5, 64, 48)
        whole = _heic(picture) if kind == "HEIC" else encoded(picture, kind)
        rng = np.random.default_rng(len(whole))
        for _ in range(60):
            broken = bytearray(whole)
            for place in rng.integers(0, len(whole), 4):
                broken[place] = rng.integers(0, 256)
            try:
                _read(bytes(broken), DecodeLimits(max_pixels=4_000_000))
            except Undecodable:
                continue
