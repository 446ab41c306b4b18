"""Benign videos drawn by code and encoded in memory: scenes that follow one another."""

from __future__ import annotations

import functools
import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from tests.pictures import scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

CODECS = (
    ("mp4", "libx264"),
    ("mp4", "libx265"),
    ("mp4", "mpeg4"),
    ("mov", "mjpeg"),
    ("mov", "prores_ks"),
    ("webm", "libvpx"),
    ("webm", "libvpx-vp9"),
    ("matroska", "libx264"),
    ("matroska", "libsvtav1"),
    ("avi", "mpeg4"),
    ("avi", "msmpeg4"),
    ("mpegts", "libx264"),
    ("mpegts", "mpeg2video"),
    ("mpeg", "mpeg1video"),
)
"""What is read, by container and encoder."""
_PIXELS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}
# With B frames x265 gives the last of very few frames a time that it never set.
_OPTIONS = {
    "libx265": {"x265-params": "log-level=none:pools=1:bframes=0", "preset": "ultrafast"},
    "libx264": {"preset": "veryfast", "crf": "18", "threads": "1"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "threads": "1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "threads": "1"},
}


def scenes(number: int, width: int = 192, height: int = 144, seed: int = 40) -> list[Image.Image]:
    """Return so many scenes, no two alike."""
    return [scene(seed + place, width, height) for place in range(number)]


def film(
    stills: Sequence[Image.Image],
    container: str = "mp4",
    codec: str = "libx264",
    *,
    rate: int = 6,
    each: int = 6,
    gop: int = 12,
    turn: int | None = None,
    moments: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a video that shows each still for `each` frames, `rate` frames a second.

    `turn`: degrees by which players turn it. `moments`: when each frame is shown instead, in
    milliseconds.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate, options=_OPTIONS.get(codec, {}))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = stills[0].size
        stream.pix_fmt = _PIXELS.get(codec, "yuv420p")
        stream.gop_size = gop
        stream.codec_context.thread_count = 1
        if codec.startswith("mpeg"):
            stream.bit_rate = 2_000_000
        if turn is not None:
            stream.set_display_rotation(turn)
        number = 0
        for still in stills:
            for _ in range(each):
                frame = av.VideoFrame.from_ndarray(np.asarray(still), format="rgb24")
                frame.time_base = Fraction(1, rate)
                frame.pts = number
                if moments is not None:
                    frame.time_base, frame.pts = Fraction(1, 1000), moments[number]
                file.mux(stream.encode(frame))
                number += 1
        file.mux(stream.encode(None))
    return out.getvalue()


@functools.cache
def short_film(container: str = "mp4", codec: str = "libx264") -> bytes:
    """Return a video of three scenes, a second each."""
    # MPEG-1 and 2 know only some rates.
    quick = codec in {"mpeg1video", "mpeg2video"}
    return film(scenes(3), container, codec, rate=24 if quick else 6, each=24 if quick else 6)


@functools.cache
def sound(container: str = "mp4") -> bytes:
    """Return a file with a tone and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream("aac", rate=16000)
        assert isinstance(stream, av.AudioStream)
        for place in range(8):
            wave = np.sin(np.arange(1024) / 20).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, place * 1024
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()
