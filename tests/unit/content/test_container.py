"""What a container says of itself, against what the decoder finds in it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.pictures import encoded, scene

from tutela.content.container import cut_short, declared_size, gif_outline
from tutela.content.media_type import sniff

KINDS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")
CUT_IS_TOLD = tuple(kind for kind in KINDS if kind != "TIFF")


def _media_type(data: bytes) -> str:
    found = sniff(data)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [(1, 1), (300, 7), (129, 511)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("GIF", {}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("WEBP", {"exif": b"Exif\0\0"})],
    ids=["gif", "lossy webp", "lossless webp", "extended webp"],
)
def test_the_declared_size_is_the_decoded_one(
    kind: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    data = encoded(scene(1, 320, 320).resize(size), kind, **options)
    with Image.open(io.BytesIO(data)) as file:
        assert declared_size(data, _media_type(data)) == file.size == size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "AVIF", "HEIF"])
def test_formats_that_open_without_a_canvas_need_no_look(kind: str) -> None:
    data = encoded(scene(1, 64, 48), kind)
    assert declared_size(data, _media_type(data)) is None


def test_a_gif_canvas_holds_every_frame() -> None:
    """Browsers clip a frame that reaches beyond the screen, decoders grow the canvas for it."""
    frames = [scene(seed, 80, 60) for seed in range(3)]
    data = bytearray(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    whole = gif_outline(bytes(data))
    assert (whole.width, whole.height, whole.frames, whole.ended) == (80, 60, 3, True)
    data[6:10] = (10).to_bytes(2, "little") * 2
    small_screen = gif_outline(bytes(data))
    assert (small_screen.width, small_screen.height) == (80, 60)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_not_cut_short(kind: str) -> None:
    data = encoded(scene(2, 90, 70), kind)
    assert not cut_short(data, _media_type(data))


@pytest.mark.parametrize("kind", CUT_IS_TOLD)
def test_a_file_without_its_last_part_is_cut_short(kind: str) -> None:
    data = encoded(scene(2, 90, 70), kind)
    for part in range(2, 8):
        assert cut_short(data[: len(data) * part // 8], _media_type(data)), part


@given(
    st.sampled_from(
        [
            b"GIF89a",
            b"GIF89a\x04\0\x04\0\x80\0\0\0\0\0\xff\xff\xff,",
            b"GIF89a\x04\0\x04\0\0\0\0!\xf9",
            b"RIFF\0\1\0\0WEBPVP8X",
            b"RIFF\0\1\0\0WEBPVP8L",
            b"RIFF\0\1\0\0WEBPVP8 ",
            b"\0\0\0\x18ftypheic",
            b"\0\0\0\x01ftypavif",
            b"BM",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"II*\0",
        ]
    ),
    st.binary(max_size=400),
)
def test_any_bytes_are_walked_to_an_end(start: bytes, rest: bytes) -> None:
    data = start + rest
    media_type = sniff(data)
    if media_type is not None:
        cut_short(data, media_type)
        declared_size(data, media_type)
