"""A simulated CyberTipline: the reporting API of NCMEC as its documentation describes it.

Run as `python -m tutela.simulators.cybertipline`. State survives it in a SQLite file. The control
interface under /_control shows its books and makes it refuse, drop, stall, lie and crash. It shares
no code with Tutela.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import html
import os
import secrets
import signal
import socket
import sqlite3
import sys
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import uvicorn
from lxml import etree
from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tutela.simulators import cybertipline_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_DAY, _HOUR = 86400.0, 3600.0
_TABLES = """
CREATE TABLE IF NOT EXISTS reports (number INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT, xml TEXT,
    opened REAL, changed REAL, finished REAL);
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, number INTEGER, md5 TEXT, size INTEGER,
    details TEXT);
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY, ahead REAL);
"""
_FIRST_NUMBER = 4_000_000

OK, SERVER_ERROR, INVALID, MALFORMED = 0, 1000, 4100, 4110
NO_REPORT, NO_FILE, RETRACTED, FINISHED, BAD_REQUEST = 5001, 5002, 5101, 5102, 4000

_Result = tuple[int, dict[str, Any]]


class Books:
    """The authority's reports, in a SQLite file."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(_TABLES)
        if not self.rows("SELECT 1 FROM clock"):
            self.do("INSERT INTO clock VALUES (1, 0)")
            self.do("INSERT INTO sqlite_sequence VALUES ('reports', ?)", _FIRST_NUMBER)

    def do(self, query: str, *values: object) -> sqlite3.Cursor:
        """Run a statement; each commits by itself."""
        with self._lock:
            return self._connection.execute(query, values)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return a query's rows."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, values)]

    def now(self) -> float:
        """Return the authority's time, which the control interface can move."""
        return time.time() + float(self.rows("SELECT ahead FROM clock")[0]["ahead"])

    def expire(self) -> None:
        """Delete what was never finished: 24 h after opening or 1 h after the last change."""
        now = self.now()
        self.do(
            "UPDATE reports SET state = 'expired' WHERE state = 'open' AND "
            "max(opened + ?, changed + ?) < ?",
            *(_DAY, _HOUR, now),
        )

    def standing(self, number: str) -> int:
        """Return 0 for an open report, or the code that says why it is not."""
        self.expire()
        found = self.rows("SELECT state FROM reports WHERE number = ?", number)
        state = found[0]["state"] if found else "expired"
        return {"open": OK, "expired": NO_REPORT, "retracted": RETRACTED}.get(state, FINISHED)

    def touch(self, number: str) -> None:
        """Note a change, which lengthens the report's life."""
        self.do("UPDATE reports SET changed = ? WHERE number = ?", self.now(), number)


class CyberTipline:
    """The API, the control interface, and the faults queued for it."""

    def __init__(self, books: Books, user: str, password: str) -> None:
        self._books = books
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._login = f"Basic {login}"
        self._schema = cybertipline_schema.schema()
        self._faults: list[dict[str, Any]] = []
        self._calls: Counter[str] = Counter()

    def app(self) -> Starlette:
        """Return the web application."""
        calls = {
            "submit": self._submit,
            "upload": self._upload,
            "fileinfo": self._fileinfo,
            "finish": self._finish,
            "retract": self._retract,
        }
        return Starlette(
            routes=[
                *(
                    Route(f"/ispws/{name}", self._call(name, work), methods=["POST"])
                    for name, work in calls.items()
                ),
                Route("/ispws/status", self._call("status", self._status)),
                Route("/ispws/xsd", self._xsd),
                Route("/_control/books", self._show_books),
                Route("/_control/faults", self._change_faults, methods=["POST", "DELETE"]),
                Route("/_control/clock", self._advance, methods=["POST"]),
                Route("/", self._page),
            ]
        )

    def _call(self, name: str, work: Callable[[_Form], _Result]) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            self._calls[name] += 1
            if not secrets.compare_digest(request.headers.get("Authorization", ""), self._login):
                return Response(status_code=401)
            form = await _Form.read(request, name)
            return await self._answered(name, work, form)

        return handle

    async def _answered(self, name: str, work: Callable[[_Form], _Result], form: _Form) -> Response:
        fault = self._due(name)
        kind = fault.get("kind", "")
        if kind == "crash":
            os._exit(1)
        if kind == "stall":
            await asyncio.sleep(float(fault.get("seconds", 1)))
        if kind == "refuse":
            return _xml(int(fault.get("code", SERVER_ERROR)), {}, int(fault.get("http", 200)))
        if kind in {"drop_before", "kill_client_before"}:
            _kill(fault)
            return _Dropped()
        code, values = work(form)
        if kind == "answer_twice":
            code, values = work(form)
        if kind in {"drop_after", "kill_client_after"}:
            _kill(fault)
            return _Dropped()
        if kind == "garbage":
            return Response("<html>not what you expect", media_type="text/html")
        if kind == "wrong_md5" and "hash" in values:
            values["hash"] = hashlib.md5(b"other", usedforsecurity=False).hexdigest()
        return _xml(code, values, done=name == "finish")

    def _due(self, name: str) -> dict[str, Any]:
        for fault in self._faults:
            if fault["call"] not in {name, "any"}:
                continue
            if fault.get("skip", 0) > 0:
                fault["skip"] -= 1
                continue
            fault["times"] = fault.get("times", 1) - 1
            if fault["times"] <= 0:
                self._faults.remove(fault)
            return fault
        return {}

    def _status(self, _form: _Form) -> _Result:
        return OK, {}

    def _judged(self, body: bytes, root_name: str) -> tuple[int, etree._Element | None]:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError:
            return MALFORMED, None
        if root.tag != root_name or not self._schema.validate(root):
            return INVALID, None
        return OK, root

    def _submit(self, form: _Form) -> _Result:
        code, _root = self._judged(form.body, "report")
        if code:
            return code, {}
        now = self._books.now()
        cursor = self._books.do(
            "INSERT INTO reports (state, xml, opened, changed) VALUES ('open', ?, ?, ?)",
            *(form.body.decode(), now, now),
        )
        return OK, {"reportId": cursor.lastrowid}

    def _upload(self, form: _Form) -> _Result:
        if form.file is None or not form.id:
            return BAD_REQUEST, {}
        code = self._books.standing(form.id)
        if code:
            return code, {}
        identity, md5 = uuid.uuid4().hex, hashlib.md5(form.file, usedforsecurity=False).hexdigest()
        self._books.do(
            "INSERT INTO files VALUES (?, ?, ?, ?, NULL)",
            *(identity, form.id, md5, len(form.file)),
        )
        self._books.touch(form.id)
        return OK, {"reportId": form.id, "fileId": identity, "hash": md5}

    def _fileinfo(self, form: _Form) -> _Result:
        code, root = self._judged(form.body, "fileDetails")
        if root is None:
            return code, {}
        number, file = root.findtext("reportId", ""), root.findtext("fileId", "")
        code = self._books.standing(number)
        if code:
            return code, {}
        changed = self._books.do(
            "UPDATE files SET details = ? WHERE id = ? AND number = ?",
            *(form.body.decode(), file, number),
        )
        self._books.touch(number)
        return (OK if changed.rowcount else NO_FILE), {"reportId": number}

    def _finish(self, form: _Form) -> _Result:
        code = self._books.standing(form.id)
        if code:
            return code, {}
        self._books.do(
            "UPDATE reports SET state = 'finished', finished = ? WHERE number = ?",
            *(self._books.now(), form.id),
        )
        files = self._books.rows("SELECT id FROM files WHERE number = ?", form.id)
        return OK, {"reportId": form.id, "files": [one["id"] for one in files]}

    def _retract(self, form: _Form) -> _Result:
        code = self._books.standing(form.id)
        if not code:
            self._books.do("UPDATE reports SET state = 'retracted' WHERE number = ?", form.id)
        return code, {"reportId": form.id}

    async def _xsd(self, _request: Request) -> Response:
        return Response(cybertipline_schema.text(), media_type="text/xml")

    async def _show_books(self, _request: Request) -> Response:
        self._books.expire()
        reports = self._books.rows("SELECT * FROM reports ORDER BY number")
        for one in reports:
            one["files"] = self._books.rows("SELECT * FROM files WHERE number = ?", one["number"])
        return JSONResponse({"reports": reports, "calls": dict(self._calls)})

    async def _change_faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._faults.clear()
        else:
            self._faults.append(await request.json())
        return JSONResponse({"queued": len(self._faults)})

    async def _advance(self, request: Request) -> Response:
        seconds = float((await request.json())["advance_seconds"])
        self._books.do("UPDATE clock SET ahead = ahead + ?", seconds)
        return JSONResponse({"now": self._books.now()})

    async def _page(self, _request: Request) -> Response:
        self._books.expire()
        rows = self._books.rows("SELECT * FROM reports ORDER BY number DESC")
        return HTMLResponse(_PAGE.replace("<!--reports-->", "".join(map(self._card, rows))))

    def _card(self, report: dict[str, Any]) -> str:
        files = self._books.rows("SELECT * FROM files WHERE number = ?", report["number"])
        listed = "".join(
            f"<li>{one['size']} bytes, MD5 {one['md5']}, "
            f"{'described' if one['details'] else 'not described'}</li>"
            for one in files
        )
        pretty = etree.tostring(
            etree.fromstring(report["xml"].encode()), pretty_print=True, encoding="unicode"
        )
        return (
            f"<article><h2>Report {report['number']} <span class={report['state']}>"
            f"{report['state']}</span></h2><ul>{listed}</ul><details><summary>What it says</summary>"
            f"<pre>{html.escape(pretty)}</pre></details></article>"
        )


class _Form:
    """What a call carries: an XML body, or an id and perhaps a file. Held in memory only."""

    def __init__(self, body: bytes, identity: str, file: bytes | None) -> None:
        self.body = body
        self.id = identity
        self.file = file

    @classmethod
    async def read(cls, request: Request, name: str) -> _Form:
        if name in {"submit", "fileinfo", "status"}:
            return cls(await request.body(), "", None)
        if name == "upload":
            parser = MultiPartParser(request.headers, request.stream())
            parser.spool_max_size = 1 << 40
            parts = await parser.parse()
            file = parts.get("file")
            data = None if file is None or isinstance(file, str) else await file.read()
            await parts.close()
            return cls(b"", str(parts.get("id", "")), data)
        async with request.form() as form:
            return cls(b"", str(form.get("id", "")), None)


class _Dropped(Response):
    """Breaks the connection off in the middle of an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise ConnectionAbortedError


def _kill(fault: dict[str, Any]) -> None:
    if fault["kind"].startswith("kill_client"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(fault["pid"]), signal.SIGKILL)


def _xml(code: int, values: dict[str, Any], status: int = 200, *, done: bool = False) -> Response:
    name = "reportDoneResponse" if done and not code else "reportResponse"
    said = "Success" if not code else f"Refused with {code}"
    parts = [f"<responseCode>{code}</responseCode>"]
    if name == "reportResponse":
        parts.append(f"<responseDescription>{said}</responseDescription>")
    for key, value in values.items():
        if key == "files":
            inner = "".join(f"<fileId>{one}</fileId>" for one in value)
            parts.append(f"<files>{inner}</files>")
        else:
            parts.append(f"<{key}>{escape(str(value))}</{key}>")
    body = f'<?xml version="1.0" encoding="UTF-8"?><{name}>{"".join(parts)}</{name}>'
    headers = {"Request-ID": uuid.uuid4().hex}
    return Response(body, status, headers, media_type="text/xml")


_PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>Authority (simulated)</title>
<meta http-equiv=refresh content=3><style>
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:56rem;padding:0 1rem;
color:#1f2933;background:#f6f7f9}article{background:#fff;border-radius:.6rem;padding:.4rem 1.2rem
1rem;margin:1rem 0;box-shadow:0 1px 3px #0002}pre{overflow:auto}h2{font-size:1.1rem}
span{padding:.1rem .6rem;border-radius:1rem;background:#e4e7eb}.finished{background:#d3f0dc}
</style><h1>Reports received</h1><p>A simulated authority. A report counts once it is finished.</p>
<!--reports--></html>"""


def main() -> None:
    """Listen, say where on stdout, and serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--user", default="simulated")
    parser.add_argument("--password", default="simulated")
    told = parser.parse_args()
    authority = CyberTipline(Books(told.state), told.user, told.password)
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("127.0.0.1", told.port))
    opened.listen(128)
    sys.stdout.write(f"listening on http://127.0.0.1:{opened.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(authority.app(), log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[opened])


if __name__ == "__main__":
    main()
