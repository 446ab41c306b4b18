"""Videos: every frame of hostile bytes is within the limits, or the reason is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.videos import CODECS, film, scenes

from tutela.content.decoding import DecodeLimits, Undecodable, pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = DecodeLimits(
    max_bytes=1 << 20, max_pixels=250_000, max_video_frames=6, video_cpu_seconds=10
)


def seeds() -> Iterator[bytes]:
    """Draw a film of two frames in every format."""
    for container, codec in CODECS:
        yield film(scenes(2, 96, 64), container, codec, rate=24, each=1)


def run(data: bytes) -> None:
    """Read every frame that is looked at."""
    try:
        for picture in pictures(data, LIMITS):
            rows, columns, colours = picture.rgb.shape
            assert colours == 3, "a pixel has three colours"
            assert 0 < rows * columns <= LIMITS.max_pixels, "a frame beyond the limit"
    except Undecodable:
        pass
