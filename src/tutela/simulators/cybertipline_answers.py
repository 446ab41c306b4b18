"""What the simulated CyberTipline says: response codes and the two answer documents."""

from __future__ import annotations

import uuid
from enum import IntEnum
from typing import TYPE_CHECKING

from lxml import etree
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

FINISH = "finish"
_XML = "text/xml; charset=utf-8"


class Code(IntEnum):
    """The documented response codes."""

    SUCCESS = 0
    SERVER_ERROR = 1000
    SAVE_FAILED = 1100
    UPLOAD_FAILED = 1110
    FILE_UPLOAD_FAILED = 1111
    RESOURCE_NOT_FOUND = 1210
    UPDATE_FAILED = 1300
    AUTHENTICATION_REQUIRED = 2000
    NOT_AUTHORISED = 3000
    NOT_AUTHORISED_FOR_SUBMISSIONS = 3100
    NOT_AUTHORISED_FOR_UPDATES = 3300
    INVALID_REQUEST = 4000
    VALIDATION_FAILED = 4100
    MALFORMED_XML = 4110
    MALFORMED_FILE = 4200
    REPORT_DOES_NOT_EXIST = 5001
    FILE_DOES_NOT_EXIST = 5002
    ALREADY_RETRACTED = 5101
    ALREADY_FINISHED = 5102


_SAID = {
    Code.SUCCESS: "Success",
    Code.NOT_AUTHORISED: "Not authorised",
    Code.NOT_AUTHORISED_FOR_SUBMISSIONS: "Not authorised for submissions",
    Code.NOT_AUTHORISED_FOR_UPDATES: "Not authorised for updates",
    Code.MALFORMED_XML: "Malformed XML",
}


class Refusal(Exception):
    """The call has no effect; the answer says why."""

    def __init__(self, code: Code, detail: str = "", status: int = 200) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.status = status


def report_response(
    code: int,
    detail: str = "",
    report: int | None = None,
    file_id: str | None = None,
    md5: str | None = None,
    status: int = 200,
) -> Response:
    """Return a `<reportResponse>`. Without a report there is no report number."""
    root = etree.Element("reportResponse")
    _add(root, "responseCode", str(code))
    said = _said(code)
    _add(root, "responseDescription", f"{said}: {detail}" if detail else said)
    for name, value in (("reportId", report), ("fileId", file_id), ("hash", md5)):
        if value is not None:
            _add(root, name, str(value))
    return _response(root, status)


def done_response(
    code: int, report: int | None, files: Iterable[str] = (), status: int = 200
) -> Response:
    """Return a `<reportDoneResponse>`, which has no description even when it is a refusal."""
    root = etree.Element("reportDoneResponse")
    _add(root, "responseCode", str(code))
    if report is not None:
        _add(root, "reportId", str(report))
    listed = etree.SubElement(root, "files")
    for file_id in files:
        _add(listed, "fileId", file_id)
    return _response(root, status)


def refusal(
    call: str, code: int, detail: str = "", report: int | None = None, status: int = 200
) -> Response:
    """Return a refusal in the document that the call answers with."""
    if call == FINISH:
        return done_response(code, report, status=status)
    return report_response(code, detail, report, status=status)


def empty(status: int) -> Response:
    """Return an answer without a body, such as the one to wrong credentials."""
    headers = {"Request-ID": uuid.uuid4().hex}
    if status == 401:  # noqa: PLR2004 - the status speaks for itself
        headers["WWW-Authenticate"] = 'Basic realm="ispws"'
    return Response(b"", status, headers)


def xml(body: bytes) -> Response:
    """Return an XML document as it is."""
    return Response(body, 200, {"Request-ID": uuid.uuid4().hex}, _XML)


def _said(code: int) -> str:
    try:
        known = Code(code)
    except ValueError:
        return f"Code {code}"
    return _SAID.get(known) or known.name.replace("_", " ").capitalize()


def _response(root: etree._Element, status: int) -> Response:
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return Response(body, status, {"Request-ID": uuid.uuid4().hex}, _XML)


def _add(parent: etree._Element, name: str, text: str) -> None:
    # A detail may quote what a caller sent, and not every character fits into XML.
    etree.SubElement(parent, name).text = "".join(
        char if char >= " " and char not in "\ufffe\uffff" else " " for char in text
    )
