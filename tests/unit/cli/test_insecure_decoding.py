"""A system that confines nothing: Tutela says so and refuses, unless it is told to go on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.pictures import encoded, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
TUTELA = Path(sys.executable).parent / "tutela"
REFUSING = [sys.executable, str(ROOT / "tests" / "without_filters.py")]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(scene(1, 64, 48), "JPEG"))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("instance") / "home"
    _run(str(TUTELA), "--home", str(made), "init", "--no-passphrase")
    return made


def _run(*command: str, expected: int = 0) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == expected, run.stderr
    return run


def test_hashing_is_refused_and_says_what_to_do(picture: Path) -> None:
    command = [*REFUSING, "seccomp", str(TUTELA), "hash", str(picture)]
    said = _run(*command, expected=9).stderr
    assert "does not confine" in said
    assert "--insecure-decoding" in said
    (row,) = _run(*command, "--json", "--insecure-decoding").stdout.splitlines()
    assert json.loads(row)["pdq"]


def test_scanning_is_refused(home: Path, picture: Path) -> None:
    scan = [*REFUSING, "seccomp", str(TUTELA), "--home", str(home), "scan", str(picture)]
    assert "does not confine" in _run(*scan, expected=9).stderr
    assert "1 clean" in _run(*scan, "--insecure-decoding").stderr


def test_serving_is_refused(home: Path) -> None:
    serve = [*REFUSING, "seccomp", str(TUTELA), "--home", str(home), "serve", "--port", "0"]
    assert "does not confine" in _run(*serve, expected=9).stderr


@pytest.mark.parametrize(
    ("refused", "asked", "decoding"),
    [("seccomp", True, "INSECURE"), ("landlock_create_ruleset", False, "confined")],
)
def test_what_is_in_force_is_said_loudly(
    home: Path, tmp_path: Path, refused: str, asked: bool, decoding: str
) -> None:
    """Landlock may be missing: the filter alone is enough."""
    options = ["--insecure-decoding"] if asked else []
    serve = [*REFUSING, refused, str(TUTELA), "--home", str(home), "serve", "--port", "0"]
    log = tmp_path / "log"
    with _serving([*serve, *options], log) as address:
        assert _readiness(address) == {
            "status": "ready",
            "part": "all",
            "decoding": decoding,
        }
    said = log.read_text()
    assert ("INSECURE" in said) is asked
    assert ("parsing.unconfined" in said) is asked


def _readiness(address: str) -> object:
    """Return what is said as soon as something is: the port is known before it is served."""
    until = time.monotonic() + 60
    while True:
        try:
            return httpx.get(f"{address}/readyz", timeout=60).json()
        except httpx.ConnectError:
            assert time.monotonic() < until
            time.sleep(0.1)


@contextmanager
def _serving(command: list[str], log: Path) -> Iterator[str]:
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as running,
    ):
        try:
            line = running.stdout.readline() if running.stdout else ""
            yield line.removeprefix("listening on ").strip()
        finally:
            running.terminate()
            running.wait(30)
