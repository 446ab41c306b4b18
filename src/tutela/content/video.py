"""Frames of a video, read from bytes in memory by FFmpeg (docs/reference/decode-rule.md).

Only ever run on what outsiders sent in a confined process: FFmpeg's parsers are many and old.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData

from tutela.content.container import cut_short
from tutela.content.decoding import Picture, Reading, Reason, Undecodable
from tutela.content.orientation import UPRIGHT, of_matrix, turned
from tutela.content.sampling import Outline, Pace, Sampler, pace_for, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from tutela.content.decoding import DecodeLimits

    VideoPacket = Packet[VideoStream]

av.logging.set_level(av.logging.PANIC)

DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
}
"""By media type, the one demuxer that reads it."""
DECODERS = (
    "h264", "hevc", "libdav1d", "vp8", "vp9", "mpeg4", "msmpeg4", "msmpeg4v2", "h263",
    "mpeg1video", "mpeg2video", "mjpeg", "prores", "png",
)  # fmt: skip
MOST_FRAME_PIXELS = 1 << 26
"""8192 x 8192. A decoder may keep twenty frames at once, so a video's are smaller than pictures."""
MOST_STREAMS = 8
MOST_PACKETS = 1_000_000
_FARTHEST = 1 << 50
"""No clock runs longer, in milliseconds."""
_PACKETS_BETWEEN = 32
_HELD_BACK = 64
"""No decoder holds more packets back before it gives a frame: 16 frames of two fields, twice."""
_INTRA = {"mjpeg", "prores", "png"}
"""Each frame by itself, so that what is not looked at need not be decoded."""


def frames(data: bytes, kind: str, limits: DecodeLimits) -> Iterator[Picture]:
    """Yield the frames of all video streams that are looked at, in both readings where turned.

    Raises `Undecodable` after those that could be had, where anything says that some could not.
    """
    budget = _Budget(limits.video_cpu_seconds)
    doubts: list[Reason] = [Reason.TRUNCATED] if cut_short(data, kind) else []
    numbers = _Numbers()
    try:
        count = _streams(data, kind, limits)
        most = max(1, limits.max_video_frames // max(1, count))
        for place in range(count):
            stream = _Stream(data, kind, place, limits, budget, doubts)
            yield from stream.pictures(most, numbers)
    except Undecodable as problem:
        doubts.append(problem.reason)
    except Exception as problem:  # noqa: BLE001 - whatever it is, nothing of it may pass as clean
        doubts.append(_reason(problem))
    if not numbers.given:
        doubts.append(Reason.NO_FRAMES)
    if doubts:
        raise Undecodable(doubts[0])


class _Numbers:
    """Numbers frames in the order of the file, but 0 is for the first that players show."""

    def __init__(self) -> None:
        self.given = 0
        self._shown = False

    def next(self, *, hidden: bool) -> int:
        self.given += 1
        if self._shown:
            return self.given - 1
        self._shown = not hidden
        return 0 if self._shown else self.given


class _Budget:
    """Processor time of this thread."""

    def __init__(self, seconds: float) -> None:
        self._until = time.thread_time() + seconds

    def check(self) -> None:
        if time.thread_time() > self._until:
            raise Undecodable(Reason.TOO_MUCH_WORK)


def _opened(data: bytes, kind: str, limits: DecodeLimits) -> InputContainer:
    """Open bytes by the one demuxer; nothing else can be opened from within."""
    demuxer = DEMUXERS[kind]
    opened = av.open(
        io.BytesIO(data),
        "r",
        format=demuxer,
        options=_terms(limits),
        container_options={
            "format_whitelist": demuxer,
            "codec_whitelist": ",".join(DECODERS),
            "protocol_whitelist": "",
            # What an edit list hides from players is still in the file, and is looked at.
            **({"advanced_editlist": "0"} if demuxer == "mov" else {}),
        },
    )
    if not isinstance(opened, InputContainer):  # pragma: no cover - it is asked to read
        raise TypeError
    return opened


def _terms(limits: DecodeLimits) -> dict[str, str]:
    """Return what every decoder is told: it refuses larger frames before it takes memory."""
    return {"threads": "1", "max_pixels": str(min(limits.max_pixels, MOST_FRAME_PIXELS))}


def _streams(data: bytes, kind: str, limits: DecodeLimits) -> int:
    with _opened(data, kind, limits) as container:
        count = len(container.streams.video)
    if count > MOST_STREAMS:
        raise Undecodable(Reason.TOO_MANY_FRAMES)
    return count


class _Stream:
    """One stream of pictures: outlined first, then decoded as far as frames are looked at."""

    def __init__(
        self,
        data: bytes,
        kind: str,
        place: int,
        limits: DecodeLimits,
        budget: _Budget,
        doubts: list[Reason],
    ) -> None:
        self._data, self._kind, self._place = data, kind, place
        self._limits = limits
        self._budget = budget
        self._doubts = doubts

    def pictures(self, most: int, numbers: _Numbers) -> Iterator[Picture]:
        """Yield at most so many frames."""
        outline = self._outline()
        if not len(outline):
            return
        pace = pace_for(outline, most)
        sampler = Sampler(pace)
        owed = _stretches(outline, pace)
        had: set[int] = set()
        looked = 0
        for frame, moment in self._shown(outline, pace, sampler):
            if sampler.takes(moment):
                looked += 1
                if looked > 2 * most:
                    raise Undecodable(Reason.TOO_MANY_FRAMES)
                had.add(pace.stretch(moment))
                number = numbers.next(hidden=moment < outline.zero)
                yield from _readings(frame, number, moment - outline.zero)
            self._budget.check()
        # A frame may be shown a little later than its packet said, or for longer.
        if any(not had & {one - 1, one, one + 1} for one in owed):
            self._doubt(Reason.CORRUPT)

    def _outline(self) -> Outline:
        outline = Outline()
        last = 0
        with _opened(self._data, self._kind, self._limits) as container:
            stream = container.streams.video[self._place]
            for packet in self._packets(container, stream):
                last = _moment(stream, packet.pts if packet.pts is not None else packet.dts, last)
                outline.moments.append(last)
                outline.keys.append(bool(packet.is_keyframe))
                if len(outline) > MOST_PACKETS:
                    self._doubt(Reason.TOO_MANY_FRAMES)
                    break
        return outline

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
        """Yield the packets that hold something; what breaks off is a doubt, not an end."""
        try:
            for count, packet in enumerate(container.demux(stream)):
                if count % _PACKETS_BETWEEN == 0:
                    self._budget.check()
                if packet.is_corrupt:
                    self._doubt(Reason.CORRUPT)
                if packet.size:
                    yield packet
        except av.FFmpegError as problem:
            self._doubt(_reason(problem))

    def _shown(
        self, outline: Outline, pace: Pace, sampler: Sampler
    ) -> Iterator[tuple[VideoFrame, int]]:
        """Yield frames and their moments, of the groups that need be decoded."""
        with _opened(self._data, self._kind, self._limits) as container:
            stream = container.streams.video[self._place]
            context = stream.codec_context
            if context.codec.name not in DECODERS:
                raise Undecodable(Reason.UNSUPPORTED)
            if context.width * context.height > min(self._limits.max_pixels, MOST_FRAME_PIXELS):
                raise Undecodable(Reason.TOO_MANY_PIXELS)
            context.thread_count = 1
            context.options = _terms(self._limits)
            sparing = pace.step > 1 or context.codec.name in _INTRA
            needed = iter(taken(outline, pace)[1] if sparing else [range(len(outline))])
            group = next(needed, range(0))
            last, unready = outline.zero, outline.before_any_key()
            silence = 0
            for place, packet in enumerate(self._packets(container, stream)):
                if place >= group.stop:
                    group = next(needed, range(0))
                    if place < group.start:
                        for frame in self._decoded(stream, None):
                            last, silence = _moment(stream, frame.pts, last), 0
                            yield frame, last
                        context.flush_buffers()
                if place not in group:
                    sampler.pass_over(1)
                    continue
                silence += place >= unready
                for frame in self._decoded(stream, packet):
                    last, silence = _moment(stream, frame.pts, last), 0
                    yield frame, last
                # Packets that give nothing and no complaint, where no second shows that they did.
                if silence > pace.unseen + _HELD_BACK:
                    self._doubt(Reason.CORRUPT)
                    silence = 0
            for frame in self._decoded(stream, None):
                last = _moment(stream, frame.pts, last)
                yield frame, last

    def _decoded(self, stream: VideoStream, packet: VideoPacket | None) -> Iterator[VideoFrame]:
        """Yield what a packet gives, or what is left; a packet that is refused is a doubt."""
        try:
            found = stream.codec_context.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError as problem:
            self._doubt(_reason(problem))
            return
        for frame in found:
            if frame.is_corrupt:
                self._doubt(Reason.CORRUPT)
            yield frame

    def _doubt(self, reason: Reason) -> None:
        self._doubts.append(reason)


def _stretches(outline: Outline, pace: Pace) -> set[int]:
    """Return the stretches of which a frame is owed; before the first key nobody has one."""
    unready = outline.before_any_key()
    return {pace.stretch(moment) for moment in outline.moments[unready:]}


def _moment(stream: VideoStream, ticks: int | None, last: int) -> int:
    """Return a time in milliseconds; that of the one before where none is told."""
    base = stream.time_base
    if ticks is None or base is None:
        return last
    whole = ticks * 1000 * base.numerator // base.denominator
    return max(-_FARTHEST, min(_FARTHEST, whole))


def _readings(frame: VideoFrame, number: int, moment: int) -> Iterator[Picture]:
    """Read a frame: its own crop honoured, stood upright, and as stored where it was turned."""
    stored = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    matrix = frame.side_data.get("DISPLAYMATRIX")
    turn = of_matrix(bytes(matrix)) if isinstance(matrix, SideData) else UPRIGHT
    yield Picture(number, Reading.UPRIGHT, turned(stored, turn), moment)
    if turn != UPRIGHT:
        yield Picture(number, Reading.AS_STORED, stored, moment)


def _reason(problem: Exception) -> Reason:
    if isinstance(problem, MemoryError | av.MemoryError):
        return Reason.TOO_MUCH_MEMORY
    if isinstance(problem, av.PatchWelcomeError | av.DecoderNotFoundError):
        return Reason.UNSUPPORTED
    return Reason.CORRUPT
