"""Odd requests at the real server, byte by byte: none is taken twice, none breaks it."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa
from tests.instance import OTHER, instance, serving, token

from tutela.access.roles import Role
from tutela.content.item import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

CONTEXT = json.dumps({"external_id": "1", "account": {"id": "a"}}).encode()
RATES = {"uploads_a_second": 0, "calls_a_second": 0, "strangers_a_minute": 0}
MOST_GROWTH = 200 << 20


class Wire:
    """One server, spoken to in bytes."""

    def __init__(self, platform: Platform, address: str) -> None:
        self.platform = platform
        self.address = address
        self.word = token(platform, Role.INTAKE)

    def say(self, raw: bytes, wait: float = 30.0) -> list[int]:
        """Send bytes as they are; return the status of each answer that comes."""
        there = urlsplit(self.address)
        heard = b""
        with socket.create_connection((there.hostname, there.port), timeout=wait) as line:
            try:
                line.sendall(raw)
                while part := line.recv(1 << 16):
                    heard += part
            except OSError:
                # It hung up, which is an answer, or says nothing more.
                pass
        return [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3})", heard)]

    def post(self, body: bytes, *headers: bytes, kind: bytes = b"boundary=b") -> bytes:
        """Return an upload with these headers instead of a length."""
        return b"\r\n".join(
            [
                b"POST /api/v1/items HTTP/1.1",
                b"Host: 127.0.0.1",
                b"Connection: close",
                b"Authorization: Bearer " + self.word.encode(),
                b"Content-Type: multipart/form-data; " + kind,
                *headers,
                b"",
                body,
            ]
        )

    def items(self) -> int:
        """Count what was accepted."""
        with self.platform.database.reading() as connection:
            return int(
                connection.execute(sa.select(sa.func.count()).select_from(items)).scalar_one()
            )

    def alive(self) -> bool:
        """Say whether it answers like before."""
        return httpx.get(f"{self.address}/healthz", trust_env=False).status_code == 200


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder = tmp_path_factory.mktemp("wire")
    url = f"sqlite:///{folder / 'tutela.db'}"
    with instance(folder, url, rates=RATES) as platform, serving(platform) as address:
        yield Wire(platform, address)


def _part(name: bytes, data: bytes, more: bytes = b"") -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, more, data)


BODY = _part(b"file", OTHER, b'; filename="a"') + _part(b"context", CONTEXT) + b"--b--\r\n"
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
NEXT = b"GET /api/v1/cases HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
FRAMINGS = {
    "two lengths that differ": (BODY, (LENGTH, b"Content-Length: 5")),
    "two lengths in one": (BODY, (b"Content-Length: %d, 5" % len(BODY),)),
    "a negative length": (BODY, (b"Content-Length: -5",)),
    "a length with a sign": (BODY, (b"Content-Length: +%d" % len(BODY),)),
    "a length in hex": (BODY, (b"Content-Length: 0x10",)),
    "a length of no number": (BODY, (b"Content-Length: many",)),
    "a length beyond all": (BODY, (b"Content-Length: 99999999999999999999999",)),
    "a length too short": (BODY, (b"Content-Length: %d" % (len(BODY) // 2),)),
    "a length too long": (BODY, (b"Content-Length: %d" % (len(BODY) + 99),)),
    "length and chunks": (CHUNKED + NEXT, (LENGTH, b"Transfer-Encoding: chunked")),
    "a length of nothing and chunks": (
        CHUNKED + NEXT,
        (b"Content-Length: 0", b"Transfer-Encoding: chunked"),
    ),
    "chunks that are named twice": (
        CHUNKED,
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    ),
    "chunks and something else": (CHUNKED, (b"Transfer-Encoding: chunked, identity",)),
    "nearly chunks": (CHUNKED, (b"Transfer-Encoding: xchunked",)),
    "a space before the colon": (CHUNKED, (b"Transfer-Encoding : chunked",)),
    "a folded header": (CHUNKED, (b"Transfer-Encoding:\r\n chunked",)),
    "a chunk of negative size": (b"-1\r\n" + BODY, (b"Transfer-Encoding: chunked",)),
    "a chunk of endless size": (b"f" * 40 + b"\r\n" + BODY, (b"Transfer-Encoding: chunked",)),
    "a chunk with a long remark": (
        b"5;" + b"a" * 200_000 + b"\r\n" + BODY,
        (b"Transfer-Encoding: chunked",),
    ),
    "chunks that never end": (CHUNKED[:-5], (b"Transfer-Encoding: chunked",)),
}

ENDLESS = {"a length too long", "chunks that never end"}


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_body_whose_end_is_in_doubt_is_taken_once_or_not(wire: Wire, name: str) -> None:
    body, headers = FRAMINGS[name]
    before = wire.items()
    # Of a body that never comes whole nothing is heard, however long one waits.
    said = wire.say(wire.post(body, *headers), 2 if name in ENDLESS else 30)
    assert not [one for one in said if one >= 500], said
    assert len(said) <= 1, "what followed was read as a request of its own"
    assert wire.items() - before <= said.count(200)
    assert wire.alive()


def test_an_upload_in_order_is_taken(wire: Wire) -> None:
    """What the others are measured by: without it, all of them would pass."""
    before = wire.items()
    assert wire.say(wire.post(BODY, LENGTH), 30) == [200]
    assert wire.say(wire.post(CHUNKED, b"Transfer-Encoding: chunked"), 30) == [200]
    assert wire.items() - before == 2


HEADS = {
    "one header of a megabyte": b"X-Long: " + b"a" * (1 << 20),
    "ten thousand headers": b"\r\n".join(b"X-%d: 1" % one for one in range(10_000)),
    "a null byte": b"X-Odd: a\0b",
    "a bare line feed": b"X-Odd: a\nX-Other: b",
    "a bare carriage return": b"X-Odd: a\rb",
    "no name": b": value",
    "no colon": b"just words",
    "bytes beyond ascii in a name": "X-Ö: 1".encode(),
    "two hosts": b"Host: elsewhere.example",
}


@pytest.mark.parametrize("name", HEADS)
def test_an_odd_head_is_refused_or_harmless(wire: Wire, name: str) -> None:
    before = wire.items()
    said = wire.say(wire.post(BODY, LENGTH, HEADS[name]), 10)
    assert not [one for one in said if one >= 500], said
    assert len(said) <= 1
    assert wire.items() - before <= said.count(200)
    assert wire.alive()


PATHS = [
    b"/api/v1/items/%00",
    b"/console/static/../../settings.toml",
    b"/console/static/%2e%2e/%2e%2e/pages.py",
    b"/console/static/..%2f..%2fpages.py",
    b"/console/static/%252e%252e/pages.py",
    b"/console/static//etc/passwd",
    b"/console/static/console.css%00.png",
    b"//etc/passwd",
    b"/../../etc/passwd",
    b"/console/..;/api/v1/cases",
    b"/\\..\\..\\settings.toml",
    b"http://elsewhere.example/console/sign-in",
    b"*",
    b"/" + b"a" * 100_000,
    b"/%ff%fe",
    b"/a b",
    b"/a\0b",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30].decode("latin-1"))
def test_no_path_leads_to_a_file_or_breaks_anything(wire: Wire, path: bytes) -> None:
    said = wire.say(
        b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 10
    )
    assert said
    assert all(300 <= one < 500 for one in said), said
    assert wire.alive()


MANY = b"".join(_part(b"x%d" % one, b"") for one in range(20_000)) + b"--b--\r\n"
FORMS = {
    "no boundary": (BODY, b"charset=utf-8"),
    "an empty boundary": (BODY, b"boundary="),
    "a boundary of a kilobyte": (BODY, b"boundary=" + b"b" * 1000),
    "a boundary in an open quote": (BODY, b'boundary="b'),
    "two boundaries": (BODY, b"boundary=a; boundary=b"),
    "a boundary of null bytes": (BODY, b"boundary=%00%00"),
    "parts without end": (MANY, b"boundary=b"),
    "a part whose head is a megabyte": (
        b"--b\r\nX-Long: " + b"a" * (1 << 20) + b"\r\n\r\n\r\n" + BODY,
        b"boundary=b",
    ),
    "no last boundary": (BODY[:-6], b"boundary=b"),
    "two files": (_part(b"file", OTHER, b'; filename="b"') + BODY, b"boundary=b"),
    "two contexts": (_part(b"context", CONTEXT) + BODY, b"boundary=b"),
    "a form within the form": (
        _part(b"file", BODY, b'; filename="b"') + b"--b--\r\n",
        b"boundary=b",
    ),
    "a null byte in the file's name": (
        BODY.replace(b'filename="a"', b'filename="a\0../../b"'),
        b"boundary=b",
    ),
    "a file's name that is a path": (
        BODY.replace(b'filename="a"', b'filename="../../../../tmp/planted"'),
        b"boundary=b",
    ),
    "nothing at all": (b"", b"boundary=b"),
    "only dashes": (b"-" * (1 << 20), b"boundary=b"),
}


@pytest.mark.parametrize("name", FORMS)
def test_an_odd_form_is_refused_or_taken_once_in_bounded_memory(wire: Wire, name: str) -> None:
    body, kind = FORMS[name]
    before, memory = wire.items(), _memory()
    said = wire.say(wire.post(body, b"Content-Length: %d" % len(body), kind=kind), 30)
    assert said
    assert len(said) == 1
    assert said[0] < 500, said
    assert wire.items() - before == said.count(200)
    assert _memory() - memory < MOST_GROWTH
    assert not Path("/tmp/planted").exists()  # noqa: S108 - where the name would lead
    assert wire.alive()


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
