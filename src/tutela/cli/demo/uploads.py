"""What the demonstration's users upload: benign photos, copies and near-copies of a few."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from PIL import Image

from tutela.content.decoding import DecodeLimits
from tutela.hashing.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LIST_NAME = "demo-known"
LISTED = ("canyon-wren", "casa-mila", "oakland-zoo-otters", "ocean-waves", "the-spices-of-life")
_EXIF_ORIENTATION = 0x0112
_TURNED = 6


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload. `tells` says to the spectator what was done to the picture.

    `context`: members of the upload's context beside those that every upload has.
    """

    account: str
    name: str
    data: bytes
    tells: str
    context: Mapping[str, Any] = field(default_factory=dict)


def uploads() -> Iterator[Upload]:
    """Yield the uploads in the order in which they arrive."""
    plan: tuple[tuple[str, str, str, str, Callable[[bytes], bytes]], ...] = (
        ("account-17", "canyon-wren", "jpg", "an exact copy of a listed picture", _same),
        ("account-17", "canyon-wren", "jpg", "the same at half the size, low quality", _shrunk),
        ("account-17", "canyon-wren", "gif", "the same as a GIF with a palette", _gif),
        ("account-42", "casa-mila", "webp", "a listed picture as WebP", _webp),
        ("account-42", "lake-sherburne", "jpg", "a picture nobody listed", _same),
        (
            "account-64",
            "ocean-waves",
            "jpg",
            "a listed picture, stored turned (EXIF)",
            _exif_turned,
        ),
        ("account-64", "perched-osprey", "jpg", "a file cut off half-way", _cut),
        ("account-99", "roman-colosseum", "jpg", "a picture nobody listed", _same),
        ("account-99", "tea-gardens", "png", "a picture nobody listed, as PNG", _png),
        ("account-99", "blue-periwinkle", "jpg", "a picture nobody listed", _same),
    )
    for account, name, ending, tells, change in plan:
        yield Upload(account, f"{name}.{ending}", change(photo(name)), tells)


def known_list() -> str:
    """Return the benign \"known\" list as a hotline would supply one: CSV of hashes."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("id", "md5", "sha1", "sha256", "pdq", "pdq_quality", "labels", "source"))
    for name in LISTED:
        printed = fingerprint(photo(name), DecodeLimits())
        record = printed.pictures[0]
        digests = printed.digests
        writer.writerow(
            (
                name,
                digests.md5,
                digests.sha1,
                digests.sha256,
                record.pdq,
                record.quality,
                "benign;demonstration",
                "tutela demo",
            )
        )
    return out.getvalue()


def photo(name: str) -> bytes:
    """Return one of the benign photos that ship with the demonstration, as JPEG bytes."""
    return files("tutela.cli.demo").joinpath("pictures", f"{name}.jpg").read_bytes()


def _same(data: bytes) -> bytes:
    return data


def _shrunk(data: bytes) -> bytes:
    picture = Image.open(io.BytesIO(data))
    return _saved(picture.resize((picture.width // 2, picture.height // 2)), "JPEG", quality=55)


def _gif(data: bytes) -> bytes:
    return _saved(Image.open(io.BytesIO(data)).quantize(128), "GIF")


def _webp(data: bytes) -> bytes:
    return _saved(Image.open(io.BytesIO(data)), "WEBP", quality=70)


def _png(data: bytes) -> bytes:
    return _saved(Image.open(io.BytesIO(data)), "PNG")


def _exif_turned(data: bytes) -> bytes:
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = _TURNED
    stored = Image.open(io.BytesIO(data)).transpose(Image.Transpose.ROTATE_90)
    return _saved(stored, "JPEG", quality=85, exif=exif)


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
