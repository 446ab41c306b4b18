"""A confined process that parses untrusted files: hashes them, makes them smaller, reads EXIF.

Run as `python -m tutela.platform.parsing_worker`, by `Process` alone.
"""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, Image

from tutela.content.confinement.serving import serve
from tutela.content.decoding import DecodeLimits, Reading, Reason, Undecodable, pictures
from tutela.content.exif import exif
from tutela.content.media_type import sniff
from tutela.hashing.algorithm import verify_known_answers
from tutela.hashing.digests import Digests, digests
from tutela.hashing.fingerprint import Fingerprint, fingerprint, quick_fingerprint
from tutela.hashing.look import Budget
from tutela.matching.evasion.effort import looked_at
from tutela.platform.fingerprint_said import Effort, fingerprint_said

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tutela.content.confinement.serving import Incoming, Terms

    Answer = tuple[dict[str, Any], bytes]

NOT_TAKEN = Digests("", "", "")
_HEAD = 1 << 20
_CODECS = ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252")


def hashed(words: dict[str, Any], incoming: Incoming) -> Answer:
    """Return a fingerprint. What is too large is digested as a stream, never held in memory."""
    limits, effort = DecodeLimits(**words["limits"]), Effort(words["effort"])
    if incoming.size > limits.max_bytes:
        return fingerprint_said(_digested(incoming)), b""
    data = incoming.whole()
    known = None if words["digests"] else NOT_TAKEN
    if effort is Effort.QUICK:
        printed = quick_fingerprint(data, limits)
    elif effort is Effort.EXACT:
        printed = fingerprint(data, limits, known)
    else:
        printed = looked_at(data, limits, Budget(effort), known)
    return fingerprint_said(printed), b""


def _digested(incoming: Incoming) -> Fingerprint:
    chunks = incoming.chunks()
    first = next(chunks)
    whole = digests(part for some in ((first,), chunks) for part in some)
    return Fingerprint(sniff(first[:_HEAD]), incoming.size, whole, (), Reason.TOO_MANY_BYTES)


def sketches(words: dict[str, Any], incoming: Incoming) -> Answer:
    """Return what a list keeps of a picture beside its hash, encoded."""
    from tutela.matching.evasion.looking import sketched

    drawn = sketched(incoming.whole(), DecodeLimits(**words["limits"]))
    return {"sketches": [b64encode(one.encoded()).decode() for one in drawn]}, b""


def told(_words: dict[str, Any], incoming: Incoming) -> Answer:
    """Return EXIF fields."""
    return {"fields": exif(incoming.whole())}, b""


def smaller(words: dict[str, Any], incoming: Incoming) -> Answer:
    """Return the first picture's pixels, no side longer than asked, red, green, blue."""
    try:
        first = next(pictures(incoming.whole(), DecodeLimits(**words["limits"])))
    except Undecodable as problem:
        return {"undecodable": problem.reason}, b""
    picture = _no_longer(first.rgb, words["side"])
    return {"width": picture.width, "height": picture.height}, picture.tobytes()


def frames(words: dict[str, Any], incoming: Incoming) -> Answer:
    """Return the frames shown at some moments, no side longer than asked, one after the other."""
    wanted, told, drawn = set(words["moments"]), [], []
    limits = DecodeLimits(**words["limits"])
    try:
        for one in pictures(incoming.whole(), limits):
            if one.moment in wanted and one.reading is Reading.UPRIGHT:
                wanted.discard(one.moment)
                picture = _no_longer(one.rgb, words["side"])
                told.append([one.moment, picture.width, picture.height])
                drawn.append(picture.tobytes())
            if not wanted:
                break
    except Undecodable as problem:
        if not told:
            return {"undecodable": problem.reason}, b""
    return {"frames": told}, b"".join(drawn)


def _no_longer(rgb: NDArray[np.uint8], side: int) -> Image.Image:
    picture = Image.fromarray(rgb)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture


def warm_up(terms: Terms) -> None:
    """Load and run once whatever a job may need: later no file can be opened."""
    verify_known_answers()
    # Pictures come one by one, and each core has a process of its own.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.DECODE_THREADS = 1
    Image.preinit()
    for name in _CODECS:
        "a".encode(name).decode(name)
    limits = DecodeLimits()
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"):
        out = io.BytesIO()
        stated = Image.Exif()
        stated[0x010F] = "maker"
        Image.fromarray(noise).save(out, kind, exif=stated)
        exif(out.getvalue())
        quick_fingerprint(out.getvalue(), limits)
        fingerprint(out.getvalue(), limits)
    fingerprint(_film(noise), limits)
    if terms.looks:
        import cv2

        cv2.setNumThreads(1)
        looked_at(out.getvalue(), limits, Budget.FULL)
        from tutela.matching.evasion.looking import sketched

        sketched(out.getvalue(), limits)


def _film(still: NDArray[np.uint8]) -> bytes:
    """Return a video of one frame, so that reading it loads what videos need."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.height, stream.width = still.shape[:2]
        stream.pix_fmt = "yuv420p"
        for packet in stream.encode(av.VideoFrame.from_ndarray(still, format="rgb24")):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


HANDLERS = {
    "hash": hashed,
    "sketches": sketches,
    "exif": told,
    "smaller": smaller,
    "frames": frames,
}

if __name__ == "__main__":
    serve(HANDLERS, warm_up)
