"""Reading a multipart upload: the file's bytes are hashed as they pass and kept nowhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tutela.simulators.cybertipline_answers import Code, Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

MULTIPART = "multipart/form-data"
_MOST_FIELD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that arrived whole: its report as written by the caller, and what it hashes to."""

    report: str
    name: str
    media_type: str
    size: int
    md5: str


@dataclass(slots=True)
class _Part:
    """The part being read."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    header_name: bytes = b""
    header_value: bytes = b""
    name: str = ""
    value: bytearray = field(default_factory=bytearray)


class _Reader:
    """The parser's callbacks."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.files = 0
        self.ended = False
        self.size = 0
        self.file_name = ""
        self.media_type = ""
        self.md5 = hashlib.md5(usedforsecurity=False)
        self._part = _Part()

    def callbacks(self) -> MultipartCallbacks:
        """Return what the parser calls."""
        return {
            "on_part_begin": self.on_part_begin,
            "on_header_field": self.on_header_field,
            "on_header_value": self.on_header_value,
            "on_header_end": self.on_header_end,
            "on_headers_finished": self.on_headers_finished,
            "on_part_data": self.on_part_data,
            "on_part_end": self.on_part_end,
            "on_end": self.on_end,
        }

    def on_part_begin(self) -> None:
        self._part = _Part()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]

    def on_header_end(self) -> None:
        part = self._part
        part.headers[part.header_name.lower()] = part.header_value
        part.header_name = part.header_value = b""

    def on_headers_finished(self) -> None:
        headers = self._part.headers
        _, options = parse_options_header(headers.get(b"content-disposition", b""))
        self._part.name = _text(options.get(b"name", b""))
        if self._part.name == "file":
            self.files += 1
            self.file_name = _text(options.get(b"filename", b""))
            self.media_type = _text(headers.get(b"content-type", b""))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == "file":
            self.size += end - start
            self.md5.update(memoryview(data)[start:end])
        elif len(self._part.value) + end - start <= _MOST_FIELD_BYTES:
            self._part.value += data[start:end]

    def on_part_end(self) -> None:
        if self._part.name != "file":
            self.fields[self._part.name] = _text(bytes(self._part.value))

    def on_end(self) -> None:
        self.ended = True


async def fields(request: Request) -> dict[str, str]:
    """Read a multipart form without a file. Raises `Refusal` 4000."""
    reader = await _read(request, Code.INVALID_REQUEST)
    return reader.fields


async def read(request: Request) -> Upload:
    """Read an upload to its end. Raises `Refusal` 4200 for a body that is none, 4000 for no id."""
    reader = await _read(request, Code.MALFORMED_FILE)
    if reader.files != 1 or reader.size == 0:
        raise Refusal(Code.MALFORMED_FILE, "one part `file` with content is expected")
    if "id" not in reader.fields:
        raise Refusal(Code.INVALID_REQUEST, "the part `id` is missing")
    return Upload(
        report=reader.fields["id"],
        name=reader.file_name,
        media_type=reader.media_type,
        size=reader.size,
        md5=reader.md5.hexdigest(),
    )


async def _read(request: Request, malformed: Code) -> _Reader:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != MULTIPART.encode() or not boundary:
        raise Refusal(malformed, f"{MULTIPART} is expected")
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
    except FormParserError as problem:
        raise Refusal(malformed, "the multipart body cannot be read") from problem
    if not reader.ended:
        raise Refusal(malformed, "the multipart body has no end")
    return reader


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
