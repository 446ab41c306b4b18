"""A simulated reporting interface of the UK's National Crime Agency.

Run as `python -m tutela.simulators.nca`. The true interface is not public: this one does what any
such interface must, in the form that Tutela's shipped mapping file assumes. It judges each report
by Schedule 1's headings, cancels what is not submitted in a day, and misbehaves when told to under
/_control. It shares no code with Tutela. Source: SI 2026/268; docs/decisions/0004.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from tutela.simulators.faults import Fault, Faults, perform
from tutela.simulators.serving import HangUp, control, serve, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

_CALLS = frozenset({"open", "file", "submit", "cancel"})
_WINDOW = timedelta(hours=24)
_MOST_BYTES = 1 << 22
_TABLES = """
CREATE TABLE IF NOT EXISTS reports (
    id TEXT PRIMARY KEY, state TEXT, body TEXT, opened_at TEXT, receipt TEXT, files TEXT
);
CREATE TABLE IF NOT EXISTS calls (call TEXT, fault TEXT);
CREATE TABLE IF NOT EXISTS clock (seconds REAL);
"""
_NEEDED = {
    "provider": dict,
    "authorisedPerson": dict,
    "kind": str,
    "priority": dict,
    "content": dict,
    "user": dict,
    "declaration": str,
    "declared_at": str,
}
"""What every report has, by Schedule 1's headings and reg. 14."""
_SHA256_HEX = 64
_TIERS = frozenset({"urgent", "high", "standard"})


class _Refusal(Exception):
    """An answer that is none of success."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


class Nca:
    """The web application over its books."""

    def __init__(self, state: Path, token: str) -> None:
        self._books = sqlite3.connect(state, isolation_level=None, check_same_thread=False)
        self._books.row_factory = sqlite3.Row
        self._books.execute("PRAGMA journal_mode=WAL")
        self._books.executescript(_TABLES)
        self._token = f"Bearer {token}"
        self._faults = Faults(_CALLS, frozenset({"wrong_digest"}))

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/reports", self._call("open"), methods=["POST"]),
                Route("/reports/{report}/files", self._call("file"), methods=["POST"]),
                Route("/reports/{report}/submit", self._call("submit"), methods=["POST"]),
                Route("/reports/{report}/cancel", self._call("cancel"), methods=["POST"]),
                Route("/_control/books", control(self._show)),
                Route("/_control/clock", control(self._move), methods=["POST"]),
                *self._faults.routes(),
            ]
        )

    def _call(self, name: str) -> Any:
        async def endpoint(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get("authorization", ""), self._token):
                return JSONResponse({"code": "UNAUTHORISED"}, 401)
            fault = self._faults.take(name)
            self._books.execute(
                "INSERT INTO calls VALUES (?, ?)", (name, fault.kind if fault else None)
            )
            try:
                given = await self._given(name, request)
            except ClientDisconnect:
                return HangUp()

            def act() -> Response:
                try:
                    return self._done(name, request.path_params.get("report", ""), given, fault)
                except _Refusal as refusal:
                    return _answer(refusal.status, code=refusal.code, detail=refusal.detail)

            def refuse(fault: Fault) -> Response:
                return _answer(fault.status or 422, code=str(fault.code or "TOLD_TO_REFUSE"))

            return await perform(fault, act, refuse)

        return endpoint

    async def _given(self, name: str, request: Request) -> Any:
        if name == "file":
            return await _file(request)
        body = await request.body()
        if len(body) > _MOST_BYTES:
            return _Refusal(413, "TOO_LARGE")
        try:
            return json.loads(body)
        except ValueError:
            return _Refusal(400, "MALFORMED")

    def _done(self, name: str, report: str, given: Any, fault: Fault | None) -> Response:
        if isinstance(given, _Refusal):
            raise given
        if name == "open":
            _check(given)
            number = f"NCA-{uuid.uuid4().hex[:12]}"
            self._books.execute(
                "INSERT INTO reports VALUES (?, 'open', ?, ?, NULL, '[]')",
                (number, json.dumps(given), self._now().isoformat()),
            )
            return _answer(201, reportId=number)
        row = self._open(report)
        if name == "file":
            return self._filed(row, given, fault)
        if name == "cancel":
            self._books.execute("UPDATE reports SET state = 'cancelled' WHERE id = ?", (report,))
            return _answer(200, reportId=report)
        stated = {one["hashValues"]["SHA256"] for one in _files(json.loads(row["body"]))}
        if missing := stated - {one["sha256"] for one in json.loads(row["files"])}:
            raise _Refusal(422, "FILES_MISSING", ", ".join(sorted(missing)))
        receipt = f"REF-{report[-12:].upper()}"
        self._books.execute(
            "UPDATE reports SET state = 'submitted', receipt = ? WHERE id = ?", (receipt, report)
        )
        return _answer(200, reportId=report, reference=receipt)

    def _filed(self, row: sqlite3.Row, given: dict[str, Any], fault: Fault | None) -> Response:
        if fault is not None and fault.kind == "wrong_digest":
            given = {**given, "sha256": given["sha256"][::-1]}
        stated = {one["hashValues"]["SHA256"] for one in _files(json.loads(row["body"]))}
        if given["sha256"] not in stated and fault is None:
            raise _Refusal(422, "FILE_NOT_ANNOUNCED", given["sha256"])
        files = [*json.loads(row["files"]), given]
        self._books.execute(
            "UPDATE reports SET files = ? WHERE id = ?", (json.dumps(files), row["id"])
        )
        return _answer(201, reportId=row["id"], fileId=f"F{len(files)}", sha256=given["sha256"])

    def _open(self, report: str) -> sqlite3.Row:
        self._books.execute(
            "UPDATE reports SET state = 'expired' WHERE state = 'open' AND opened_at <= ?",
            ((self._now() - _WINDOW).isoformat(),),
        )
        found = self._books.execute("SELECT * FROM reports WHERE id = ?", (report,)).fetchone()
        if found is None:
            raise _Refusal(404, "REPORT_NOT_FOUND")
        if found["state"] == "submitted":
            # Who asks again is told the reference again.
            raise _Submitted(found["receipt"])
        if found["state"] != "open":
            raise _Refusal(410, f"REPORT_{found['state'].upper()}")
        row: sqlite3.Row = found
        return row

    def _now(self) -> datetime:
        row = self._books.execute("SELECT sum(seconds) AS s FROM clock").fetchone()
        return datetime.now(UTC) + timedelta(seconds=row["s"] or 0)

    async def _show(self, _request: Request) -> Response:
        reports = [dict(row) for row in self._books.execute("SELECT * FROM reports ORDER BY rowid")]
        for one in reports:
            one["body"], one["files"] = json.loads(one["body"]), json.loads(one["files"])
        calls = [dict(row) for row in self._books.execute("SELECT * FROM calls")]
        return JSONResponse({"reports": reports, "calls": calls})

    async def _move(self, request: Request) -> Response:
        seconds = float((await told(request))["advance_seconds"])
        self._books.execute("INSERT INTO clock VALUES (?)", (seconds,))
        return JSONResponse({"now": self._now().isoformat()})


class _Submitted(_Refusal):
    """The report is submitted already; its reference is said again."""

    def __init__(self, receipt: str) -> None:
        super().__init__(409, "REPORT_SUBMITTED", receipt)


def _check(given: Any) -> None:
    """Judge a report. Raises `_Refusal` that names the first field that does not fit."""
    wrong = next(_wrong(given), None) if isinstance(given, dict) else "the report"
    if wrong is not None:
        raise _Refusal(422, "INVALID", wrong)


def _wrong(given: dict[str, Any]) -> Iterator[str]:
    for name, kind in _NEEDED.items():
        if not isinstance(given.get(name), kind) or not given[name]:
            yield name
            return
    person, content, priority = given["authorisedPerson"], given["content"], given["priority"]
    yield from (f"authorisedPerson.{one}" for one in ("name", "email") if not person.get(one))
    if priority.get("tier") not in _TIERS or not priority.get("reasons"):
        yield "priority"
    if given["kind"] not in {"first", "subsequent"}:
        yield "kind"
    if (given["kind"] == "subsequent") != bool(given.get("follows")):
        yield "follows"
    if not content.get("harm"):
        yield "content.harm"
    for name in ("occurredAt", "detectedAt"):
        if not _instant(content, name):
            yield f"content.{name}"
    for one in _files(given):
        if len(one.get("hashValues", {}).get("SHA256", "")) != _SHA256_HEX:
            yield "hashValues"


def _instant(content: dict[str, Any], name: str) -> bool:
    try:
        return datetime.fromisoformat(content[name]).tzinfo is not None
    except (KeyError, TypeError, ValueError):
        return False


def _files(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [*given["content"].get("files", []), *given.get("identityDocuments", [])]


async def _file(request: Request) -> Any:
    """Return what a multipart body's file hashes to; its bytes are kept nowhere."""
    form = await request.form()
    file = form.get("file")
    if file is None or isinstance(file, str):
        return _Refusal(400, "MALFORMED", "no file")
    digest, size = hashlib.sha256(), 0
    while chunk := await file.read(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    return {"name": file.filename, "sha256": digest.hexdigest(), "size": size}


def _answer(status: int, **said: str) -> Response:
    if said.get("code") == "REPORT_SUBMITTED":
        said["reference"] = said.pop("detail")
    return JSONResponse({name: value for name, value in said.items() if value}, status)


def main() -> None:
    """Listen on loopback, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description="A simulated NCA interface on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="the file of its books")
    parser.add_argument("--token", default="reporter")
    given = parser.parse_args()
    serve(given.port, lambda _address: Nca(given.state, given.token).app())


if __name__ == "__main__":
    main()
