"""A simulated CyberTipline: NCMEC's reporting API as its documentation describes it.

Run as `python -m tutela.simulators.cybertipline`. It judges every document by its own schema, keeps
durable books, deletes what is not finished in time, and misbehaves when told to under /_control.
It shares no code with Tutela. Source: docs/decisions/0004; NCMEC CyberTipline Reporting API.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hmac
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tutela.simulators import cybertipline_answers as answers
from tutela.simulators import cybertipline_page as page
from tutela.simulators import cybertipline_requests as requests
from tutela.simulators.cybertipline_answers import Code, Refusal
from tutela.simulators.cybertipline_books import Books
from tutela.simulators.cybertipline_requests import METHODS, report_number
from tutela.simulators.cybertipline_schema import Schema, as_text
from tutela.simulators.cybertipline_upload import Upload
from tutela.simulators.faults import Fault, Faults, perform
from tutela.simulators.serving import HangUp, control, serve, told

if TYPE_CHECKING:
    from starlette.requests import Request

    from tutela.simulators.cybertipline_requests import Given

_ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_NOT_SAVED = {
    "submit": Code.SAVE_FAILED,
    "upload": Code.UPLOAD_FAILED,
    "fileinfo": Code.UPDATE_FAILED,
    "finish": Code.UPDATE_FAILED,
    "retract": Code.UPDATE_FAILED,
}
_RIGHTS = {"use": True, "submit": True, "update": True}
_UNAUTHORISED, _NOT_FOUND, _ERROR, _UNAVAILABLE = 401, 404, 500, 503


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response, and what the list of calls says about it."""

    response: Response
    code: int
    report: int | None = None


class CyberTipline:
    """The web application over its books."""

    def __init__(self, books: Books, user: str, password: str) -> None:
        self._books = books
        self._credentials = f"{user}:{password}".encode()
        self._schema = Schema(_pair(books.setting("swapped", None)))
        self._faults = Faults(frozenset(METHODS), frozenset({"wrong_md5", "expire"}))

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            exception_handlers={sqlite3.Error: _server_error},
            routes=[
                Route("/ispws/{call:path}", self._api, methods=_ALL_METHODS),
                Route("/", self._index),
                Route("/_control/", self._index),
                Route("/_control/reports/{id:int}", self._report),
                Route("/_control/books", control(self._show_books)),
                Route("/_control/calls", control(self._show_calls)),
                Route("/_control/clock", control(self._move_clock), methods=["GET", "POST"]),
                Route("/_control/rights", control(self._set_rights), methods=["POST"]),
                Route("/_control/schema", control(self._set_schema), methods=["POST"]),
                *self._faults.routes(),
            ],
        )

    async def _api(self, request: Request) -> Response:
        call = request.path_params["call"].rstrip("/")
        if not self._knows(request.headers.get("authorization", "")):
            await requests.drain(request)
            return answers.empty(_UNAUTHORISED)
        if call not in METHODS:
            return answers.refusal(call, Code.RESOURCE_NOT_FOUND, status=_NOT_FOUND)
        fault = self._faults.take(call)
        number = self._books.called(call, fault.kind if fault else None)
        try:
            given = await requests.read(call, request)
        except ClientDisconnect:
            return HangUp()

        def act() -> Response:
            answer = self._answer(call, given, fault)
            self._books.answered(number, answer.code, answer.report)
            return answer.response

        def refuse(fault: Fault) -> Response:
            if fault.code is None:
                return answers.empty(fault.status or _UNAVAILABLE)
            return answers.refusal(
                call, fault.code, "told to refuse", requests.asked(given), fault.status or 200
            )

        return await perform(fault, act, refuse)

    def _knows(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._credentials)

    def _answer(self, call: str, given: Given | Refusal, fault: Fault | None) -> _Answer:
        report = requests.asked(given)
        try:
            if isinstance(given, Refusal):
                raise given
            self._check_rights(call)
            return self._done(call, given, fault)
        except Refusal as refusal:
            code, detail, status = refusal.code, refusal.detail, refusal.status
        except sqlite3.Error:
            code, detail, status = _NOT_SAVED.get(call, Code.SERVER_ERROR), "", 200
        return _Answer(answers.refusal(call, code, detail, report, status), code, report)

    def _check_rights(self, call: str) -> None:
        rights = self._books.setting("rights", _RIGHTS)
        if not rights["use"]:
            raise Refusal(Code.NOT_AUTHORISED)
        if call == "submit" and not rights["submit"]:
            raise Refusal(Code.NOT_AUTHORISED_FOR_SUBMISSIONS)
        if call in {"upload", "fileinfo", "finish", "retract"} and not rights["update"]:
            raise Refusal(Code.NOT_AUTHORISED_FOR_UPDATES)

    def _done(self, call: str, given: Given, fault: Fault | None) -> _Answer:
        """Do what is asked. Raises `Refusal`."""
        if isinstance(given, Upload):
            return self._upload(given, fault)
        if call == "submit":
            root = self._schema.check(_bytes(given), "report")
            report = self._books.open_report(as_text(_bytes(given), root))
            return _Answer(answers.report_response(Code.SUCCESS, report=report), 0, report)
        if call == "fileinfo":
            return self._describe(_bytes(given), fault)
        if call in {"finish", "retract"}:
            return self._close(call, report_number(str(given)), fault)
        if call == "xsd":
            return _Answer(answers.xml(self._schema.text), 0)
        return _Answer(answers.report_response(Code.SUCCESS), 0)

    def _upload(self, given: Upload, fault: Fault | None) -> _Answer:
        report = report_number(given.report)
        self._expire(report, fault)
        # A wrong hash means that other bytes arrived, so the books say the wrong one too.
        wrong = fault is not None and fault.kind == "wrong_md5"
        md5 = given.md5[::-1].translate(_OTHER_DIGITS) if wrong else given.md5
        file_id = self._books.add_file(report, given, md5)
        response = answers.report_response(Code.SUCCESS, "", report, file_id, md5)
        return _Answer(response, 0, report)

    def _describe(self, body: bytes, fault: Fault | None) -> _Answer:
        root = self._schema.check(body, "fileDetails")
        report = report_number((root.findtext("reportId") or "").strip())
        self._expire(report, fault)
        file_id = (root.findtext("fileId") or "").strip()
        self._books.describe(report, file_id, as_text(body, root))
        return _Answer(answers.report_response(Code.SUCCESS, report=report), 0, report)

    def _close(self, call: str, report: int, fault: Fault | None) -> _Answer:
        self._expire(report, fault)
        if call == "finish":
            files = self._books.finish(report)
            return _Answer(answers.done_response(Code.SUCCESS, report, files), 0, report)
        self._books.retract(report)
        return _Answer(answers.report_response(Code.SUCCESS, report=report), 0, report)

    def _expire(self, report: int, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "expire":
            self._books.expire(report)

    async def _index(self, _request: Request) -> Response:
        return page.index(self._books.reports(), self._books.counts())

    async def _report(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        for report in self._books.reports():
            if report["id"] == wanted:
                return page.one(report)
        return PlainTextResponse("There is no such report.", _NOT_FOUND)

    async def _show_books(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "now": self._books.now().isoformat(),
                "reports": self._books.reports(),
                "calls": self._books.counts(),
            }
        )

    async def _show_calls(self, _request: Request) -> Response:
        return JSONResponse({"calls": self._books.calls()})

    async def _move_clock(self, request: Request) -> Response:
        if request.method == "POST":
            seconds = float((await told(request))["advance_seconds"])
            if not 0 <= seconds < float("inf"):
                raise ValueError("the clock moves on, never back")
            self._books.advance(seconds)
        return JSONResponse({"now": self._books.now().isoformat()})

    async def _set_rights(self, request: Request) -> Response:
        wanted = await told(request)
        if not set(wanted) <= set(_RIGHTS) or not all(
            isinstance(one, bool) for one in wanted.values()
        ):
            raise ValueError(f"rights are {', '.join(_RIGHTS)}: true or false")
        rights = {**self._books.setting("rights", _RIGHTS), **wanted}
        self._books.keep("rights", rights)
        return JSONResponse(rights)

    async def _set_schema(self, request: Request) -> Response:
        swapped = _pair((await told(request))["swap"])
        self._schema = Schema(swapped)
        self._books.keep("swapped", swapped)
        return JSONResponse({"swap": swapped})


_OTHER_DIGITS = str.maketrans("0123456789abcdef", "123456789abcdef0")


async def _server_error(_request: Request, _problem: Exception) -> Response:
    return answers.report_response(Code.SERVER_ERROR, status=_ERROR)


def _bytes(given: Given) -> bytes:
    if not isinstance(given, bytes):
        raise Refusal(Code.INVALID_REQUEST)
    return given


def _pair(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    one, other = value
    return str(one), str(other)


def main() -> None:
    """Listen on loopback, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description="A simulated CyberTipline on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="the file of its books")
    parser.add_argument("--user", default="reporter")
    parser.add_argument("--password", default="reporter")
    given = parser.parse_args()
    books = Books(given.state)
    serve(given.port, lambda _address: CyberTipline(books, given.user, given.password).app())


if __name__ == "__main__":
    main()
