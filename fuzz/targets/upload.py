"""Multipart uploads: hostile bodies in hostile chunks are refused by name, or are what they are.

The first line is the boundary, the second the chunk size; the rest is the body.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from tutela.api import upload
from tutela.errors import InvalidInput, TooLarge, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 1 << 16
_LOOP = asyncio.new_event_loop()


def seeds() -> Iterator[bytes]:
    """Write a whole upload, an attachment, and some torn ones."""
    context = json.dumps({"external_id": "1", "account": {"id": "a", "ip": "192.0.2.7"}})
    parts = (
        'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\nbytes",
        f'Content-Disposition: form-data; name="context"\r\n\r\n{context}',
    )
    whole = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    for size in (1, 7, 4096):
        yield f"multipart/form-data; boundary=b\n{size}\n{whole}".encode()
    yield f"multipart/form-data; boundary=b; charset=utf-7\n9\n{whole}".encode()
    yield f"multipart/form-data\n9\n{whole}".encode()
    many = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n\r\n' for n in "abc")
    yield f"multipart/form-data; boundary=b\n9\n{many}--b--".encode()
    odd = whole.replace("a.jpg", "../../etc/\0;a")
    yield f"multipart/form-data; boundary=b\n9\n{odd}".encode()


def run(data: bytes) -> None:
    """Read it as an upload and as an attachment."""
    kind, _, rest = data.partition(b"\n")
    size, _, body = rest.partition(b"\n")
    step = int(size) % 5000 + 1 if size.isdigit() and len(size) < 9 else 64
    for read in (upload.submission, upload.attached):
        try:
            _LOOP.run_until_complete(read(_request(kind, body, step), _MOST))
        except (InvalidInput, TooLarge, UsageError) as problem:
            assert len(str(problem)) < 100_000


def _request(kind: bytes, body: bytes, step: int) -> Request:
    chunks = [body[at : at + step] for at in range(0, len(body), step)] or [b""]

    async def receive() -> dict[str, Any]:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    headers = [(b"content-type", kind)]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Request(scope, receive)
