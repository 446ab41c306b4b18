"""Reading a request to the simulated CyberTipline, whole, before anything is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect

from tutela.simulators import cybertipline_upload as uploads
from tutela.simulators.cybertipline_answers import Code, Refusal
from tutela.simulators.cybertipline_upload import Upload

if TYPE_CHECKING:
    from starlette.requests import Request

METHODS = {
    "status": "GET",
    "xsd": "GET",
    "submit": "POST",
    "upload": "POST",
    "fileinfo": "POST",
    "finish": "POST",
    "retract": "POST",
}
# The documentation asks for text/xml; a client in wide use sends text/plain and is served.
_XML_TYPES = frozenset({"text/xml", "application/xml", "text/plain"})
_URL_ENCODED = "application/x-www-form-urlencoded"
_MOST_XML_BYTES = 16 << 20
_MOST_DIGITS = 18
_NOT_ALLOWED = 405

Given = bytes | str | Upload


async def read(call: str, request: Request) -> Given | Refusal:
    """Return the document, the report's number as written, the upload, or why it is refused."""
    try:
        if request.method != METHODS[call]:
            raise Refusal(Code.INVALID_REQUEST, f"{call} is a {METHODS[call]}", _NOT_ALLOWED)
        if call == "upload":
            return await uploads.read(request)
        if call in {"finish", "retract"}:
            return await _form_id(request)
        if call in {"submit", "fileinfo"} and _kind(request) not in _XML_TYPES:
            raise Refusal(Code.INVALID_REQUEST, "text/xml is expected")
        return await _body(request)
    except Refusal as refusal:
        await drain(request)
        return refusal


async def drain(request: Request) -> None:
    """Read what is left, so that a caller who is still sending gets to read the answer."""
    try:
        async for _ in request.stream():
            pass
    except (ClientDisconnect, RuntimeError):
        return


def report_number(text: str) -> int:
    """Return a report's number. Raises `Refusal` 4000 for anything that is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Refusal(Code.INVALID_REQUEST, "a report number is expected")
    return int(text)


def asked(given: object) -> int | None:
    """Return the number that a refusal repeats, where the caller gave one."""
    text = given.report if isinstance(given, Upload) else given
    try:
        return report_number(text) if isinstance(text, str) else None
    except Refusal:
        return None


async def _form_id(request: Request) -> str:
    if _kind(request) == uploads.MULTIPART:
        values = [value for name, value in (await uploads.fields(request)).items() if name == "id"]
    elif _kind(request) == _URL_ENCODED:
        values = parse_qs((await _body(request)).decode("utf-8", "replace")).get("id", [])
    else:
        values = []
    if len(values) != 1:
        raise Refusal(Code.INVALID_REQUEST, "a form with one id is expected")
    return values[0].strip()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_XML_BYTES:
            raise Refusal(Code.INVALID_REQUEST, "the document is too long")
    return bytes(body)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
