"""What kind of file it is, by its first bytes and never by its name."""

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


def sniff(data: bytes) -> str | None:
    """Return the media type of a picture file, or None when it is none we read."""
    for magic, name in _AT_START:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _brand(data)
    return None


def _brand(data: bytes) -> str | None:
    """Read the major brand of an ISO base media file, then the compatible ones."""
    end = min(int.from_bytes(data[:4]), _BRANDS_READ, len(data))
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))]
    kinds = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    # `mif1` says only "an image"; a more exact brand beside it decides.
    return next((kind for kind in kinds if kind == "image/avif"), kinds[0] if kinds else None)
