"""What kind of file it is, by its first bytes and never by its name.

Sources: ISO/IEC 14496-12 and mp4ra.org (brands), RFC 9559 (Matroska), ISO/IEC 13818-1 (streams).
"""

from __future__ import annotations

_AT_START: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys(
        (b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1").split(), "image/heic"
    ),
}
_BRANDS_READ = 1024
_VIDEO_BRANDS = {
    **dict.fromkeys(
        b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 hvc1 dash msdh".split()
        + b"3gp4 3gp5 3gp6 3gp7 3ge6 3gg6 3g2a 3g2b 3g2c mmp4 MSNV XAVC av01".split()
        + [b"M4V ", b"M4VH", b"M4VP", b"f4v ", b"F4V "],
        "video/mp4",
    ),
    b"qt  ": "video/quicktime",
}
_QUICKTIME_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip"}
"""What a QuickTime file older than brands begins with."""
_EBML, _PROGRAM_STREAM = b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba"
_DOCTYPE_READ = 64
_SYNC, _SYNCS = 0x47, 3
_PACKETS = ((0, 188), (4, 192))
"""Where the first packet of a transport stream begins, and how long each is."""


def sniff(data: bytes) -> str | None:
    """Return the media type of a picture or video file, or None when it is none we read."""
    for magic, name in _AT_START:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _brand(data)
    return _video(data)


def is_video(kind: str | None) -> bool:
    """Say whether a media type is that of a video."""
    return kind is not None and kind.startswith("video/")


def _video(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "video/x-msvideo"
    if data.startswith(_EBML):
        head = data[:_DOCTYPE_READ]
        if b"webm" in head:
            return "video/webm"
        return "video/x-matroska" if b"matroska" in head else None
    if data.startswith(_PROGRAM_STREAM):
        return "video/mpeg"
    if data[4:8] in _QUICKTIME_BOXES:
        return "video/quicktime"
    return "video/mp2t" if any(_in_packets(data, *one) for one in _PACKETS) else None


def _in_packets(data: bytes, first: int, length: int) -> bool:
    end = first + _SYNCS * length
    return len(data) >= end and all(data[at] == _SYNC for at in range(first, end, length))


def _brand(data: bytes) -> str | None:
    """Read the major brand of an ISO base media file, then the compatible ones.

    What calls itself a video before all and a picture besides is neither: players and viewers
    would show two different things of it.
    """
    end = min(int.from_bytes(data[:4]), _BRANDS_READ, len(data))
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))]
    kinds = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    videos = [_VIDEO_BRANDS[brand] for brand in brands if brand in _VIDEO_BRANDS]
    if not kinds:
        return videos[0] if videos else None
    if brands[0] in _VIDEO_BRANDS:
        return None
    # `mif1` says only "an image"; a more exact brand beside it decides.
    return next((kind for kind in kinds if kind == "image/avif"), kinds[0] if kinds else None)
