"""What a reader sees of the simulated host platform: published pictures, and gaps."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_GAPS = {
    "pending": "being processed",
    "withheld": "not shown",
    "removed": "taken down",
}
_STYLE = """
body{font:16px/1.55 system-ui,sans-serif;color:#1f2933;background:#f6f7f9;margin:2rem auto;
max-width:64rem;padding:0 1rem}h1{font-size:1.5rem}main{display:grid;gap:1rem;
grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))}article{background:#fff;
border-radius:.6rem;padding:.8rem;box-shadow:0 1px 3px #0002;overflow-wrap:anywhere}
img,.gap{width:100%;height:9rem;object-fit:cover;border-radius:.4rem;background:#e4e7eb}
.gap{display:grid;place-items:center;color:#52606d}p{margin:.6rem 0}.note{color:#52606d}
.state{padding:.1rem .6rem;border-radius:1rem;background:#e4e7eb}.published{background:#d3f0dc}
.removed{background:#f5d6d6}.withheld{background:#fbe9c6}
"""


def index(posts: Sequence[dict[str, Any]]) -> HTMLResponse:
    """Show all posts as their readers see them; the page looks again every few seconds."""
    cards = "".join(_card(post) for post in posts) or "<p>Nothing has been posted yet.</p>"
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="3"><meta name="viewport" content="width=device-width">'
        f"<title>Example Social (simulated)</title><style>{_STYLE}</style></head><body>"
        "<h1>Example Social</h1><p>A simulated host platform, on this computer only. It shows what "
        "Tutela called clean or a person restored, and nothing else.</p>"
        f'<main>{cards}</main><p class="note"><a href="/_control/books">Its books as JSON</a></p>'
        "</body></html>",
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )


def _card(post: dict[str, Any]) -> str:
    state = escape(post["state"])
    shown = (
        f'<img src="/media/{quote(post["id"], safe="")}" alt="Picture posted by '
        f'{escape(post["account"])}">'
        if post["state"] == "published"
        else f'<div class="gap">{_GAPS[post["state"]]}</div>'
    )
    return (
        f"<article>{shown}<p><b>{escape(post['name'])}</b><br>{escape(post['account'])}</p>"
        f'<span class="state {state}">{state}</span></article>'
    )
