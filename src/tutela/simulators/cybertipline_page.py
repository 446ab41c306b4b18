"""What a person sees of the simulated CyberTipline: the reports received, in plain words."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from lxml import etree
from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_NEWEST = 200
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MEANING = {
    "open": "being filled; not filed yet",
    "finished": "filed; final",
    "retracted": "cancelled by the sender before filing",
    "expired": "never finished; deleted",
}
_STYLE = """
body{font:16px/1.55 system-ui,sans-serif;color:#1f2933;background:#f6f7f9;margin:2rem auto;
max-width:60rem;padding:0 1rem}a{color:#0b5c8a}h1{font-size:1.5rem}h2{font-size:1.1rem;
margin-top:2rem}table{border-collapse:collapse;width:100%;background:#fff}
th,td{text-align:left;vertical-align:top;padding:.45rem .7rem;border-bottom:1px solid #e4e7eb;
overflow-wrap:anywhere}th{font-weight:600;width:32%}
thead th{width:auto;background:#eef1f4;white-space:nowrap}
.id{white-space:nowrap}
.state{padding:.1rem .6rem;border-radius:1rem;background:#e4e7eb;white-space:nowrap}
.finished{background:#d3f0dc}.open{background:#fbe9c6}.note{color:#52606d}
pre{background:#fff;padding:1rem;overflow:auto}
"""


def index(reports: list[dict[str, Any]], counts: dict[str, int]) -> HTMLResponse:
    """Show the newest reports first; the page looks again every few seconds."""
    rows = "".join(_row(report) for report in reversed(reports[-_NEWEST:]))
    calls = ", ".join(f"{escape(call)} {number}" for call, number in sorted(counts.items()))
    table = (
        "<table><thead><tr><th>Report</th><th>State</th><th>Incident</th><th>Reported account</th>"
        f"<th>Files</th><th>Opened</th></tr></thead><tbody>{rows}</tbody></table>"
        if reports
        else "<p>No report has arrived yet.</p>"
    )
    return _page(
        "CyberTipline (simulated)",
        "<p>A stand-in for the authority, on this computer only. It takes reports as the real one "
        f"does, and shows here what arrived.</p>{table}"
        f'<p class="note">Calls so far: {calls or "none"}. '
        '<a href="/_control/books">All of it as JSON</a></p>',
        refresh=True,
    )


def one(report: dict[str, Any]) -> HTMLResponse:
    """Show one report: every statement in it, and its files."""
    state = report["state"]
    facts = [
        ("state", f"{state}: {_MEANING[state]}"),
        ("opened", _moment(report["opened_at"])),
        ("filed", _moment(report["finished_at"]) if report["finished_at"] else "not filed"),
    ]
    files = "".join(_file(place, file) for place, file in enumerate(report["files"], 1))
    return _page(
        f"Report {report['id']}",
        f'<p><a href="/_control/">All reports</a></p>{_table(facts)}'
        f"<h2>What it says</h2>{_table(_statements(report['xml']))}"
        f"{files or '<h2>Files</h2><p>None.</p>'}"
        f"<details><summary>As sent</summary><pre>{escape(report['xml'])}</pre></details>",
    )


def _row(report: dict[str, Any]) -> str:
    root = etree.fromstring(report["xml"].encode())
    account = next(
        (
            text
            for name in ("screenName", "espIdentifier")
            if (text := root.findtext(f"personOrUserReported/{name}"))
        ),
        "not named",
    )
    state = escape(report["state"])
    return (
        f'<tr><td class="id"><a href="/_control/reports/{report["id"]}">{report["id"]}</a></td>'
        f'<td><span class="state {state}">{state}</span></td>'
        f"<td>{escape(root.findtext('incidentSummary/incidentType') or '')}</td>"
        f"<td>{escape(account)}</td><td>{len(report['files'])}</td>"
        f"<td>{escape(_moment(report['opened_at']))}</td></tr>"
    )


def _file(place: int, file: dict[str, Any]) -> str:
    facts = [
        ("name", file["name"]),
        ("bytes", f"{file['bytes']:,}"),
        ("MD5 of what arrived", file["md5"]),
        ("arrived", _moment(file["received_at"])),
    ]
    details = _statements(file["details"]) if file["details"] else [("details", "none were sent")]
    return f"<h2>File {place}</h2>{_table([*facts, *details])}"


def _statements(xml: str) -> list[tuple[str, str]]:
    return list(_leaves(etree.fromstring(xml.encode()), ()))


def _leaves(element: etree._Element, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    children = list(element.iterchildren("*"))
    for child in children:
        yield from _leaves(child, (*path, _HUMP.sub(" ", str(child.tag)).lower()))
    if path and not children:
        said = "".join(
            f" ({_HUMP.sub(' ', str(name)).lower()}: {value!s})"
            for name, value in element.attrib.items()
        )
        yield " / ".join(path[-2:]), f"{element.text or 'yes'}{said}"


def _table(rows: list[tuple[str, str]]) -> str:
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows
    )
    return f"<table><tbody>{body}</tbody></table>"


def _moment(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"


def _page(title: str, body: str, *, refresh: bool = False) -> HTMLResponse:
    again = '<meta http-equiv="refresh" content="4">' if refresh else ""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        '<meta name="viewport" content="width=device-width"><title>'
        f"{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>",
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )
