"""Frames of a video: right ones, upright, all that can be had, and doubt wherever some cannot."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.parsers import parsing
from tests.pictures import scene
from tests.videos import CODECS, film, scenes, short_film, sound

from tutela.content.decoding import DecodeLimits, Picture, Reading, Reason, Undecodable, pictures
from tutela.content.media_type import sniff
from tutela.hashing.fingerprint import Fingerprint, fingerprint
from tutela.hashing.pdq import distance, pdq

LIMITS = DecodeLimits()
_MOST = b"\x7f\xff\xff\xff"
LIES = {
    "very many samples": (b"stsz", 8, _MOST),
    "very many samples of a byte": (b"stsz", 4, b"\0\0\0\1" + _MOST),
    "very many times": (b"stts", 8, _MOST),
    "frames that last for years": (b"stts", 12, _MOST),
    "a film of a century": (b"mvhd", 16, b"\xff\xff\xff\xff"),
    "a clock of one tick a second": (b"mdhd", 12, b"\0\0\0\1" + _MOST),
    "a clock that stands": (b"mdhd", 12, b"\0\0\0\0"),
    "very large sides to be shown at": (b"tkhd", 76, b"\xff\xff\0\0\xff\xff\0\0"),
    "very large sides as coded": (b"avc1", 24, b"\xff\xff\xff\xff"),
    "very many samples in a chunk": (b"stsc", 12, _MOST),
    "chunks beyond the end": (b"stco", 8, b"\xff\xff\xff\xf0"),
}
"""What a head may claim: the box, where in it, and what stands there."""
NEAR = 12
"""Bits by which encoding moves the hash of a drawn scene at most."""


def read(data: bytes, limits: DecodeLimits = LIMITS) -> tuple[list[Picture], Reason | None]:
    found: list[Picture] = []
    try:
        found.extend(pictures(data, limits))
    except Undecodable as problem:
        return found, problem.reason
    return found, None


def far(rgb: np.ndarray, still: Image.Image) -> int:
    return distance(pdq(np.ascontiguousarray(rgb)).bits, pdq(np.asarray(still)).bits)


def moments(printed: Fingerprint) -> list[int | None]:
    return [one.moment for one in printed.pictures]


@pytest.mark.parametrize(("container", "codec"), CODECS)
def test_each_kind_is_read_in_confinement_as_here(container: str, codec: str) -> None:
    data = short_film(container, codec)
    inside = parsing().fingerprint(data)
    assert inside.unscreened is None
    assert inside.media_type is not None
    assert inside.media_type.startswith("video/")
    assert moments(inside) == [0, 1000, 2000]
    assert inside == fingerprint(data, LIMITS)
    for printed, still in zip(inside.pictures, scenes(3), strict=True):
        assert distance(bytes.fromhex(printed.pdq), pdq(np.asarray(still)).bits) <= NEAR


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (270, 3)])
def test_a_turned_video_is_read_upright_and_as_stored(degrees: int, turns: int) -> None:
    still = scene(5, 192, 128)
    found, reason = read(film([still], turn=degrees))
    assert reason is None
    assert [one.reading for one in found] == [Reading.UPRIGHT, Reading.AS_STORED]
    assert {one.frame for one in found} == {0}
    # `set_display_rotation` counts as numpy does: against the clock.
    assert far(found[0].rgb, Image.fromarray(np.rot90(np.asarray(still), turns))) <= NEAR
    assert far(found[1].rgb, still) <= NEAR


def test_the_padding_of_the_coded_size_is_no_part_of_a_frame() -> None:
    found, reason = read(film(scenes(1, 190, 134)))
    assert reason is None
    assert found[0].rgb.shape == (134, 190, 3)


def test_equal_frames_count_once() -> None:
    one = Image.new("RGB", (64, 64), (90, 120, 40))
    found, reason = read(film([one], "mov", "mjpeg", each=30))
    assert reason is None
    assert len(found) == 1


def test_more_frames_than_asked_are_spread_evenly() -> None:
    data = film(scenes(10, 96, 64), gop=6)
    found, reason = read(data, DecodeLimits(max_video_frames=4))
    assert reason is None
    assert [one.moment for one in found] == [0, 3000, 6000, 9000]
    for one, still in zip(found, scenes(10, 96, 64)[::3], strict=True):
        assert far(one.rgb, still) <= NEAR


def test_frames_that_the_clock_lays_into_one_second_are_not_one_look() -> None:
    stills = scenes(3, 96, 64)
    data = film(stills, "matroska", "mjpeg", rate=1000, each=70, moments=list(range(210)))
    found, reason = read(data)
    assert reason is None
    assert all(any(far(one.rgb, still) <= 2 * NEAR for one in found) for still in stills)


def test_one_frame_that_claims_to_last_for_thirty_years() -> None:
    data = film(scenes(2), "matroska", "mjpeg", rate=1000, each=1, moments=[0, 10**12])
    found, reason = read(data)
    assert len(found) == 2
    assert reason is None


def test_what_an_edit_list_hides_is_looked_at_and_is_not_the_first_frame() -> None:
    stills = scenes(3, 96, 64)
    data = _edited(film(stills, gop=6), media_time=1.0)
    found, reason = read(data)
    assert reason is None
    by_frame = {one.frame: one for one in found}
    assert sorted(one.moment or 0 for one in found) == [-1000, 0, 1000]
    assert by_frame[0].moment == 0
    assert far(by_frame[0].rgb, stills[1]) <= NEAR
    printed = fingerprint(data, LIMITS)
    assert printed.pictures[0].moment == 0


def test_frames_that_fall_silent_within_a_second_are_a_doubt() -> None:
    """The clock lays all into one second, of which a frame came: only counting notices."""
    for many, expected in ((120, None), (130, Reason.CORRUPT)):
        found, reason = read(_with_silence(scenes(3, 96, 64), range(130, 130 + many)))
        assert (len(found), reason) == (4, expected)


def test_a_file_of_sound_alone_is_in_doubt() -> None:
    for container in ("mp4", "mpegts", "matroska"):
        found, reason = read(sound(container))
        assert not found
        assert reason is Reason.NO_FRAMES


def test_a_film_without_a_frame_is_in_doubt() -> None:
    assert read(_box(b"ftyp", b"isom\0\0\0\0isom"))[1] is not None
    assert read(b"\x1a\x45\xdf\xa3\x80webm")[1] is not None


@pytest.mark.parametrize(("container", "codec"), CODECS)
def test_every_cut_is_in_doubt(container: str, codec: str) -> None:
    """But for streams: they have no end but where they stop, and a shorter one is whole."""
    data = short_film(container, codec)
    endless = container in {"mpegts", "mpeg"}
    for part in (0.02, 0.1, 0.3, 0.5, 0.8, 0.95):
        found, reason = read(data[: int(len(data) * part)])
        assert reason is not None or endless
        assert reason is not None or found


def test_a_cut_film_gives_the_frames_it_has() -> None:
    whole = film(scenes(6), options={"movflags": "frag_keyframe+empty_moov"})
    found, reason = read(whole[: len(whole) // 2])
    assert reason is Reason.TRUNCATED
    assert 1 < len(found) < 6
    for one, still in zip(found[:2], scenes(6), strict=False):
        assert far(one.rgb, still) <= NEAR


def test_a_damaged_film_is_in_doubt() -> None:
    whole = bytearray(film(scenes(6), options={"movflags": "frag_keyframe+empty_moov"}))
    middle = len(whole) * 2 // 3
    whole[middle : middle + 400] = np.random.default_rng(2).bytes(400)
    assert read(bytes(whole))[1] is Reason.CORRUPT


def test_sides_beyond_the_limit_are_not_decoded() -> None:
    found, reason = read(short_film(), DecodeLimits(max_pixels=1000))
    assert not found
    assert reason is Reason.TOO_MANY_PIXELS
    data = bytearray(short_film("avi", "mpeg4"))
    head = data.index(b"strf") + 12
    data[head : head + 8] = struct.pack("<ii", 60000, 60000)
    assert len(read(bytes(data))[0]) <= 3


@pytest.mark.parametrize("lie", LIES)
def test_a_head_that_lies_hides_no_frame_and_holds_nobody_up(lie: str) -> None:
    box, at, said = LIES[lie]
    stills = scenes(3, 96, 64)
    data = bytearray(film(stills))
    place = data.rindex(box) + 4 + at
    data[place : place + len(said)] = said
    found = parsing(DecodeLimits(video_cpu_seconds=5)).fingerprint(bytes(data))
    if found.unscreened is None:
        hashes = [bytes.fromhex(one.pdq) for one in found.pictures]
        wanted = [pdq(np.asarray(still)).bits for still in stills]
        assert all(min(distance(one, had) for had in hashes) <= NEAR for one in wanted)


def test_a_film_that_takes_too_long_is_left_off() -> None:
    data = film(scenes(20, 320, 240), gop=120)
    found, reason = read(data, DecodeLimits(video_cpu_seconds=0.02))
    assert reason is Reason.TOO_MUCH_WORK
    assert len(found) < 20


def test_all_streams_of_pictures_are_looked_at() -> None:
    stills = scenes(2)
    found, reason = read(_two_streams(stills))
    assert reason is None
    assert all(any(far(one.rgb, still) <= NEAR for one in found) for still in stills)


def test_kinds_are_told_by_the_first_bytes() -> None:
    kinds = {container: sniff(short_film(container, codec)) for container, codec in CODECS}
    assert kinds == {
        "mp4": "video/mp4",
        "mov": "video/quicktime",
        "webm": "video/webm",
        "matroska": "video/x-matroska",
        "avi": "video/x-msvideo",
        "mpegts": "video/mp2t",
        "mpeg": "video/mpeg",
    }
    assert sniff(_box(b"ftyp", b"avif\0\0\0\0avifmif1")) == "image/avif"
    assert sniff(_box(b"ftyp", b"isom\0\0\0\0avif")) is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CODECS[:1] + CODECS[6:10] + CODECS[11:13]), st.data())
def test_no_change_of_bytes_breaks_the_reader(kind: tuple[str, str], drawn: st.DataObject) -> None:
    data = bytearray(short_film(*kind))
    for _ in range(drawn.draw(st.integers(1, 4))):
        place = drawn.draw(st.integers(0, min(len(data), 3000) - 1))
        data[place] = drawn.draw(st.integers(0, 255))
    found, _ = read(bytes(data), DecodeLimits(max_pixels=1 << 20, video_cpu_seconds=5))
    assert all(one.rgb.shape[2] == 3 for one in found)


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def _edited(data: bytes, media_time: float) -> bytes:
    """Have the edit list of a film begin later."""
    whole = bytearray(data)
    at = whole.index(b"elst")
    scale = whole.index(b"mdhd") + 16
    ticks = struct.unpack_from(">I", whole, scale)[0]
    begins = struct.unpack_from(">i", whole, at + 16)[0]
    struct.pack_into(">i", whole, at + 16, begins + int(media_time * ticks))
    return bytes(whole)


def _with_silence(stills: list[Image.Image], silent: range) -> bytes:
    """Return a film of 130 frames each, where some packets say only that a sequence ends."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=1000, options={"threads": "1", "bf": "0"})
        stream.width, stream.height = stills[0].size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = 12
        shown = [np.asarray(still) for still in stills for _ in range(130)]
        frames = [av.VideoFrame.from_ndarray(one, format="rgb24") for one in shown]
        for place, frame in enumerate(frames):
            frame.pts, frame.time_base = place, Fraction(1, 1000)
        packets = [packet for frame in [*frames, None] for packet in stream.encode(frame)]
        for place, packet in enumerate(packets):
            if place in silent:
                empty = av.Packet(b"\0\0\0\1\x0a")
                empty.stream, empty.time_base = stream, packet.time_base
                empty.pts, empty.dts = packet.pts, packet.dts
                file.mux(empty)
            else:
                file.mux(packet)
    return out.getvalue()


def _two_streams(stills: list[Image.Image]) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        streams = [file.add_stream("mpeg4", rate=6) for _ in stills]
        for stream, still in zip(streams, stills, strict=True):
            stream.width, stream.height = still.size
            stream.pix_fmt = "yuv420p"
        for number in range(6):
            for stream, still in zip(streams, stills, strict=True):
                frame = av.VideoFrame.from_ndarray(np.asarray(still), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 6)
                file.mux(stream.encode(frame))
        for stream in streams:
            file.mux(stream.encode(None))
    return out.getvalue()
