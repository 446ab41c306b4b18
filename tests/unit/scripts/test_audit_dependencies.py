"""The audit of dependencies: a known flaw fails, silence of the service is said, licences count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from scripts.audit_dependencies import allowed, licences
from scripts.write_sbom import bill

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[3]
_FLAW = {
    "id": "GHSA-test-test-test",
    "summary": "a made-up flaw",
    "modified": "2026-01-05T00:00:00Z",
    "published": "2026-01-05T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }
    ],
}


class _Service(BaseHTTPRequestHandler):
    """Answers as OSV does (google.github.io/osv.dev, POST /v1/querybatch, GET /v1/vulns/ID)."""

    flawed: ClassVar[str] = ""
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        names = [json.dumps(one) for one in told["queries"]]
        self.asked.extend(names)
        bad = [bool(self.flawed) and f'"{self.flawed}"' in one for one in names]
        found = [
            {"vulns": [{"id": _FLAW["id"], "modified": _FLAW["modified"]}]} if one else {}
            for one in bad
        ]
        self._answer({"results": found})

    def do_GET(self) -> None:
        self._answer(_FLAW)

    def _answer(self, told: Any) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[tuple[str, type[_Service]]]:
    kind = type("Service", (_Service,), {"asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", kind
    running.shutdown()
    thread.join()
    running.server_close()


def _audited(address: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/audit_dependencies.py"],
        cwd=_ROOT, check=False, capture_output=True, text=True,
        env={**os.environ, "TUTELA_AUDIT_SERVICE": address, **more},
    )  # fmt: skip


def test_without_a_known_flaw_it_passes(service: tuple[str, type[_Service]]) -> None:
    address, kind = service
    done = _audited(address)
    assert done.returncode == 0, done.stderr
    assert "no known flaw" in done.stdout
    assert any("jinja2" in one for one in kind.asked), "it asked about what is locked"


def test_a_known_flaw_fails_and_is_named(service: tuple[str, type[_Service]]) -> None:
    address, kind = service
    kind.flawed = "jinja2"
    done = _audited(address)
    assert done.returncode == 1
    assert "GHSA-test-test-test" in done.stderr


def test_silence_is_said_and_never_taken_for_good() -> None:
    nobody = "http://127.0.0.1:9"
    done = _audited(nobody)
    assert (done.returncode, "NOT AUDITED" in done.stderr) == (0, True), done.stderr
    assert "no known flaw" not in done.stdout
    assert _audited(nobody, TUTELA_AUDIT="required").returncode == 1


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ("MIT", True), ("BSD-3-Clause", True), ("Apache-2.0 OR BSD-2-Clause", True),
        ("MIT AND Python-2.0", True), ("GPL-3.0-only", False), ("AGPL-3.0", False), ("", False),
        ("MIT AND GPL-2.0", False), ("GPL-2.0 OR MIT", True), ("Proprietary", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
    ],
)  # fmt: skip
def test_licences_that_can_be_kept(said: str, fits: bool) -> None:
    assert allowed(said) is fits


def test_every_dependency_has_a_licence_that_can_be_kept() -> None:
    found = licences()
    assert {"jinja2", "sqlalchemy", "pillow", "starlette"} <= set(found)
    assert {name: said for name, said in found.items() if not allowed(said)} == {}


def test_the_bill_of_materials_names_what_runs() -> None:
    told: Any = bill()
    assert told["bomFormat"] == "CycloneDX"
    components = {one["name"]: one for one in told["components"]}
    assert {"jinja2", "pillow", "pynacl"} <= set(components)
    assert "pytest" not in components
    assert components["jinja2"]["licenses"][0]["license"]["name"]
    assert components["jinja2"]["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"
