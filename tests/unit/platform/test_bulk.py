"""Scanning folders: every file is answered for, nothing stops it, and it goes on after a kill."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.pictures import crowded, scene
from tests.suites.index_suite import turned

from tutela.audit.entry import Actor
from tutela.content.confinement.fault import Fault
from tutela.content.confinement.frame import HEAD, head_and_words, spoken, taken
from tutela.content.decoding import DecodeLimits, Reading, Reason
from tutela.errors import Conflict, NotFound, Unavailable
from tutela.hashing.digests import Digests
from tutela.hashing.fingerprint import Fingerprint, PictureHash, fingerprint
from tutela.hashing.look import Budget
from tutela.hashlists.store import HashLists
from tutela.matching.evasion.effort import looked_at
from tutela.matching.screening import Screener, ScreeningPolicy
from tutela.platform.bulk import scan, terms
from tutela.platform.fingerprint_said import (
    WITH_LOOKS,
    Effort,
    fingerprint_said,
    fingerprint_understood,
)
from tutela.platform.fingerprinting import FingerprintWorkers
from tutela.platform.journal import Journal
from tutela.platform.parsing import Patience
from tutela.platform.walk import Found, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.audit.log import AuditLog
    from tutela.platform.journal import Row
    from tutela.storage.database import Database

ANNA = Actor("person", "acc_anna")
LIMITS = DecodeLimits()
_TRIES = 10
_SLOW_BYTES = 24 << 30
"""A hole in a file of this size takes a worker half a minute to digest."""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Scanning reads no table itself; SQLite alone will do."""
    return f"sqlite:///{tmp_path / 'tutela.db'}"


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    return HashLists(database, audit)


@pytest.fixture
def screener(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Screener:
    return Screener(database, ScreeningPolicy(), tmp_path_factory.mktemp("index"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


def _drawn(seed: int) -> Image.Image:
    """Draw soft blots of colour."""
    blots = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), np.uint8)
    return Image.fromarray(blots).resize((320, 240), Image.Resampling.BICUBIC)


def _bytes(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _scan(folder: Path, screener: Screener, **options: Any) -> dict[str, Row]:
    """Return the lines of a scan by path inside the folder."""
    limits = options.pop("limits", LIMITS)
    rows = list(scan([folder], screener, limits, workers=options.pop("workers", 2), **options))
    assert len({row["path"] for row in rows}) == len(rows)
    return {os.path.relpath(row["path"], folder): row for row in rows}


def _verdicts(rows: dict[str, Row]) -> dict[str, tuple[str, str | None]]:
    return {path: (row["verdict"], row["reason"]) for path, row in rows.items()}


def test_a_line_has_the_shape_that_others_rely_on(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    data = _bytes(_drawn(1))
    (folder / "a.png").write_bytes(data)
    known = hashlib.md5(data, usedforsecurity=False).hexdigest()
    lists.import_file(ANNA, "known", f"id,md5,labels\ne-1,{known},x;y\n".encode())
    (row,) = _scan(folder, screener).values()
    assert json.loads(json.dumps(row)) == {
        "path": str(folder / "a.png"),
        "media_type": "image/png",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "verdict": "match",
        "reason": None,
        "matches": [
            {
                "list": "known",
                "entry": "e-1",
                "algorithm": "md5",
                "distance": 0,
                "via": "exact",
                "labels": ["x", "y"],
            }
        ],
    }


def test_copies_and_near_copies_are_found_and_others_are_not(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    listed = _drawn(1)
    record = fingerprint(_bytes(listed), LIMITS).pictures[0]
    file = f"id,pdq,pdq_quality\ne,{record.pdq},{record.quality}\n"
    lists.import_file(ANNA, "known", file.encode())
    (folder / "copy.png").write_bytes(_bytes(listed))
    (folder / "small.jpg").write_bytes(_bytes(listed.resize((200, 150)), "JPEG", quality=60))
    (folder / "palette.gif").write_bytes(_bytes(listed.quantize(64), "GIF"))
    frames = [_drawn(7), listed]
    (folder / "late.gif").write_bytes(
        _bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    )
    (folder / "other.png").write_bytes(_bytes(_drawn(2)))
    rows = _scan(folder, screener)
    assert {path: row["verdict"] for path, row in rows.items()} == {
        "copy.png": "match",
        "late.gif": "match",
        "other.png": "clean",
        "palette.gif": "match",
        "small.jpg": "match",
    }
    assert rows["copy.png"]["matches"][0]["distance"] == 0
    assert rows["late.gif"]["matches"][0]["via"] == "frame"
    assert rows["small.jpg"]["matches"][0]["via"] == "pdq"


def test_a_darkened_copy_is_found_and_a_blank_picture_is_not(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    """Both are below the quality that decides; only one of them has a listed picture in it."""
    record = fingerprint(_bytes(_drawn(1)), LIMITS).pictures[0]
    blank = fingerprint(_bytes(Image.new("RGB", (320, 240), "navy")), LIMITS).pictures[0]
    file = f"id,pdq,pdq_quality\ne,{record.pdq},{record.quality}\nblank,{blank.pdq},\n"
    assert lists.import_file(ANNA, "known", file.encode()).added == 2
    dark = _drawn(1).point(lambda value: int(value * 0.06))
    assert fingerprint(_bytes(dark), LIMITS).pictures[0].quality < 50
    (folder / "dark.png").write_bytes(_bytes(dark))
    (folder / "blank.png").write_bytes(_bytes(Image.new("RGB", (320, 240), "navy")))
    rows = _scan(folder, screener)
    assert _verdicts(rows) == {"dark.png": ("match", None), "blank.png": ("clean", "low_quality")}
    assert [one["entry"] for one in rows["dark.png"]["matches"]] == ["e"]


def test_no_file_is_silently_passed_over(folder: Path, screener: Screener) -> None:
    good = _bytes(_drawn(1))
    bomb = _bytes(Image.new("1", (20_000, 20_000)))
    (folder / "bomb.png").write_bytes(bomb)
    (folder / "cut.png").write_bytes(good[: len(good) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "good.png").write_bytes(good)
    (folder / "noise.jpg").write_bytes(b"\xff\xd8\xff" + bytes(range(256)) * 9)
    (folder / "text.txt").write_text("hello")
    (folder / "broken-link").symlink_to("nowhere")
    (folder / "self-link").symlink_to("self-link")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket"))
        rows = _scan(folder, screener)
    assert list(rows) == sorted(rows)
    assert _verdicts(rows) == {
        "bomb.png": ("unscreened", "too_many_pixels"),
        "broken-link": ("unscreened", "unreadable"),
        "cut.png": ("unscreened", "truncated"),
        "empty.png": ("unscreened", "empty"),
        "good.png": ("clean", None),
        "noise.jpg": ("unscreened", "truncated"),
        "pipe": ("unscreened", "not_a_file"),
        "self-link": ("unscreened", "unreadable"),
        "socket": ("unscreened", "not_a_file"),
        "text.txt": ("unscreened", "unknown_type"),
    }
    assert rows["text.txt"]["sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert (rows["pipe"]["sha256"], rows["pipe"]["matches"]) == (None, [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything, so nothing is unreadable")
def test_what_may_not_be_read_is_reported(folder: Path, screener: Screener) -> None:
    closed = folder / "closed"
    closed.mkdir()
    (folder / "file.png").write_bytes(b"x")
    (folder / "file.png").chmod(0)
    closed.chmod(0)
    try:
        assert _verdicts(_scan(folder, screener)) == {
            "closed": ("unscreened", "unreadable"),
            "file.png": ("unscreened", "unreadable"),
        }
    finally:
        closed.chmod(0o700)


def test_a_file_that_vanishes_is_reported(folder: Path, screener: Screener) -> None:
    for place in range(40):
        (folder / f"{place:02}.png").write_bytes(b"x")
    lines = scan([folder], screener, LIMITS, workers=1)
    assert next(lines)["reason"] == "unknown_type"
    (folder / "39.png").unlink()
    rows = list(lines)
    # Found by the walk or not any more: never a crash, never a wrong verdict.
    assert [row["reason"] for row in rows[:38]] == ["unknown_type"] * 38
    assert [row["reason"] for row in rows[38:]] in ([], ["unreadable"])


def test_paths_that_do_not_exist_are_reported(folder: Path, screener: Screener) -> None:
    (row,) = scan([folder / "none"], screener, LIMITS, workers=1)
    assert (row["verdict"], row["reason"]) == ("unscreened", "unreadable")


def test_links_are_followed_and_loops_end(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "one").write_bytes(b"1")
    (folder / "a" / "b" / "up").symlink_to(folder)
    (folder / "link").symlink_to(folder / "a" / "b" / "one")
    (folder / "z").symlink_to(folder / "a")
    found = [os.path.relpath(one.path, folder) for one in walk([folder, folder, folder / "z"])]
    assert found == ["a/b/one", "link"]


def test_a_folder_may_be_deeper_than_python_recurses(folder: Path) -> None:
    depth, made = sys.getrecursionlimit() + 200, []
    deepest = str(folder)
    for _ in range(depth):
        deepest += "/d"
        Path(deepest).mkdir()
        made.append(deepest)
    Path(deepest, "file").write_bytes(b"x")
    try:
        assert [one.path.name for one in walk([folder])] == ["file"]
    finally:
        Path(deepest, "file").unlink()
        for one in reversed(made):
            Path(one).rmdir()


def test_a_folder_that_cannot_be_reached_is_reported(folder: Path) -> None:
    """Its path is longer than the system takes, which stops even root."""
    (folder / "a").write_bytes(b"x")
    handles = [os.open(folder, os.O_RDONLY)]
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=handles[-1])
        handles.append(os.open("d" * 250, os.O_RDONLY, dir_fd=handles[-1]))
    try:
        assert [one.fault for one in walk([folder])] == [None, "unreadable"]
    finally:
        os.close(handles.pop())
        for handle in reversed(handles):
            os.rmdir("d" * 250, dir_fd=handle)
            os.close(handle)


def test_a_name_that_is_no_utf_8_is_shown_and_scanned(folder: Path, screener: Screener) -> None:
    name = os.fsencode(folder) + b"/caf\xe9.png"
    with open(name, "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(_bytes(_drawn(1)))
    journal = Journal(folder.parent / "scans", "odd")
    (row,) = scan([folder], screener, LIMITS, workers=1, journal=journal)
    assert row["verdict"] == "clean"
    assert row["path"].encode().endswith(rb"/caf\xe9.png")
    journal.close()
    assert Journal(folder.parent / "scans", "odd").line(next(iter(walk([folder])))) == row


def test_large_files_are_digested_as_a_stream(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    for name, byte in (("listed", b"x"), ("unlisted", b"y")):
        (folder / name).write_bytes(byte * 5_000_000)
    known = hashlib.sha1(b"x" * 5_000_000, usedforsecurity=False).hexdigest()
    lists.import_file(ANNA, "known", f"{known}\n".encode())
    rows = _scan(folder, screener, limits=DecodeLimits(max_bytes=1_000_000))
    assert _verdicts(rows) == {
        "listed": ("match", "too_many_bytes"),
        "unlisted": ("unscreened", "too_many_bytes"),
    }
    assert rows["listed"]["bytes"] == 5_000_000
    assert rows["unlisted"]["sha256"] == hashlib.sha256(b"y" * 5_000_000).hexdigest()


def test_a_file_of_exactly_the_limit_is_decoded(folder: Path) -> None:
    data = _bytes(_drawn(1))
    (folder / "a.png").write_bytes(data)
    for limit, reason in ((len(data), None), (len(data) - 1, Reason.TOO_MANY_BYTES)):
        with FingerprintWorkers(DecodeLimits(max_bytes=limit), 1) as workers:
            printed = workers.result(workers.submit(folder / "a.png", len(data)))
        assert isinstance(printed, Fingerprint)
        assert (printed.unscreened, printed.bytes) == (reason, len(data))
        assert printed.digests.sha256 == hashlib.sha256(data).hexdigest()


def test_named_lists_alone_are_looked_at(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    (folder / "a").write_bytes(b"listed")
    known = hashlib.sha1(b"listed", usedforsecurity=False).hexdigest()
    lists.import_file(ANNA, "one", f"{known}\n".encode())
    lists.import_file(ANNA, "two", f"{'1' * 40}\n".encode())
    assert _scan(folder, screener, lists=["one"])["a"]["verdict"] == "match"
    assert _scan(folder, screener, lists=["two"])["a"]["verdict"] == "unscreened"
    with pytest.raises(NotFound):
        _scan(folder, screener, lists=["three"])


def test_modules_in_the_scanned_folder_are_not_imported(
    folder: Path, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json.py", "numpy.py", "tutela.py"):
        (folder / name).write_text("raise SystemExit(1)")
    monkeypatch.chdir(folder)
    assert {row["reason"] for row in _scan(folder, screener).values()} == {"unknown_type"}


def test_one_worker_and_many_say_the_same(folder: Path, screener: Screener) -> None:
    for seed in range(24):
        (folder / f"{seed:02}.png").write_bytes(_bytes(_drawn(seed))[: 4000 if seed % 5 else None])
    one = list(scan([folder], screener, LIMITS, workers=1))
    many = list(scan([folder], screener, LIMITS, workers=4))
    assert one == many


# Workers that die, hang or lie.


_earlier: set[int] = set()
"""Workers that other tests of this process left to be collected with their platforms."""


@pytest.fixture(autouse=True)
def _others_workers() -> None:
    _earlier.clear()
    _earlier.update(_children())


def _children(parent: int | None = None) -> list[int]:
    """Return the fingerprint workers that a thread started; it may have other children."""
    thread = threading.get_native_id() if parent is None else parent
    found = Path(f"/proc/self/task/{thread}/children").read_text()
    workers = {int(number) for number in found.split() if _is_worker(number)}
    return sorted(workers - _earlier)


def _is_worker(number: str) -> bool:
    try:
        return b"parsing_worker" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def _hit_worker(signal_number: int) -> threading.Timer:
    """Send a signal to the only worker, a while after it is ready."""
    reader = threading.get_native_id()

    def hit() -> None:
        while not any(map(_is_ready, _children(reader))):
            time.sleep(0.05)
        time.sleep(0.5)
        (worker,) = _children(reader)
        os.kill(worker, signal_number)

    timer = threading.Timer(0, hit)
    timer.start()
    return timer


def _hole(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(_SLOW_BYTES)
    return path


@pytest.mark.parametrize("small", [LIMITS, DecodeLimits(max_bytes=100)])
def test_a_worker_that_dies_costs_one_file(folder: Path, small: DecodeLimits) -> None:
    slow = _hole(folder / "slow")
    (folder / "a.png").write_bytes(_bytes(_drawn(1)))
    with FingerprintWorkers(small, 1) as workers:
        before = workers.submit(folder / "a.png", 100)
        assert isinstance(workers.result(before), Fingerprint)
        jobs = [workers.submit(slow, _SLOW_BYTES)]
        jobs += [workers.submit(folder / "a.png", 100) for _ in range(5)]
        timer = _hit_worker(signal.SIGKILL)
        results = [workers.result(job) for job in jobs]
        timer.join()
    assert results[0] == Fault.CRASHED
    assert all(isinstance(one, Fingerprint) for one in results[1:])
    assert _children() == []


def test_a_worker_that_hangs_is_replaced(folder: Path) -> None:
    slow = _hole(folder / "slow")
    (folder / "a.png").write_bytes(_bytes(_drawn(1)))
    with FingerprintWorkers(
        DecodeLimits(max_bytes=100_000), 1, patience=Patience(seconds=2)
    ) as workers:
        # Stated smaller than it is, so that patience ends with the worker stopped.
        jobs = [workers.submit(slow, 0), workers.submit(folder / "a.png", 0)]
        timer = _hit_worker(signal.SIGSTOP)
        started = time.monotonic()
        assert workers.result(jobs[0]) == Fault.TIMED_OUT
        assert isinstance(workers.result(jobs[1]), Fingerprint)
        assert time.monotonic() - started < 20
        timer.join()
    assert _children() == []


def test_a_listed_file_that_kills_its_worker_is_still_a_match(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    """Its decoder is lost, but digests need none."""
    data = _bytes(_drawn(1))
    for name in ("a-listed.png", "b-unlisted.png", "c-listed.png"):
        (folder / name).write_bytes(data if "-listed" in name else data + b"x")
    known = f"{hashlib.sha256(data).hexdigest()}\n"
    lists.import_file(ANNA, "known", known.encode(), algorithm="sha256")
    # On a busy machine a worker may be done before anybody kills it: then all begins again.
    for _ in range(_TRIES):
        rows = _killed_while(scan([folder], screener, LIMITS, workers=1))
        assert [rows[place]["verdict"] for place in (0, 2)] == ["match", "match"]
        if all(row["reason"] == "decoder_crashed" for row in rows):
            break
    else:
        pytest.fail("no worker died in time")
    assert rows[1]["verdict"] == "unscreened"
    assert rows[1]["sha256"] == hashlib.sha256(data + b"x").hexdigest()


def _killed_while(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read the lines while every worker is killed as soon as it is ready."""
    killer = threading.Event()
    reader = threading.get_native_id()

    def kill_each() -> None:
        while not killer.is_set():
            for worker in _children(reader):
                if _is_ready(worker):
                    os.kill(worker, signal.SIGKILL)
            time.sleep(0.001)

    thread = threading.Thread(target=kill_each)
    thread.start()
    try:
        return list(lines)
    finally:
        killer.set()
        thread.join()


def _is_ready(worker: int) -> bool:
    """Say whether a worker has confined itself, the last thing before it says so."""
    try:
        status = Path(f"/proc/{worker}/status").read_text()
    except OSError:
        return False
    return "Seccomp:\t2" in status


def test_workers_that_do_not_even_start_end_the_scan(
    folder: Path, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.png").write_bytes(_bytes(_drawn(1)))
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(Unavailable):
        _scan(folder, screener)
    assert _children() == []


def _answer(printed: Fingerprint) -> bytes:
    return head_and_words(spoken(fingerprint_said(printed)), 0)


def _understood(answer: bytes) -> Fingerprint:
    frame = taken(bytearray(answer), WITH_LOOKS)
    assert frame is not None
    return fingerprint_understood(frame.words)


def test_an_answer_comes_back_as_it_was() -> None:
    printed = fingerprint(_bytes(_drawn(3)), LIMITS)
    assert _understood(_answer(printed)) == printed
    whole = Fingerprint(
        None,
        0,
        Digests("0" * 32, "1" * 40, "2" * 64),
        (PictureHash(3, Reading.AS_STORED, "ab" * 32, 7, 1, 2),),
        Reason.TRUNCATED,
    )
    assert _understood(_answer(whole)) == whole


def test_looks_come_back_as_they_were() -> None:
    printed = looked_at(_bytes(crowded(5, 400, 300)), LIMITS, Budget.FULL)
    assert printed.looks is not None
    again = _understood(_answer(printed))
    assert again.looks is not None
    assert replace(again, looks=None) == replace(printed, looks=None)
    assert again.looks.hashes == printed.looks.hashes
    (sent,), (came,) = printed.looks.sights, again.looks.sights
    for name in ("grey", "points", "marks", "mirrored"):
        assert np.array_equal(getattr(came, name), getattr(sent, name))


def _looks(**changed: object) -> dict[str, Any]:
    """Return an answer with one look and one sight of which something was changed."""
    look = {"via": "mirror", "pdq": "ab" * 32, "quality": 90, "corners": None}
    sight = {
        "whole": ["ab" * 32] * 2,
        "shape": [16, 16],
        "grey": 256,
        "points": 8,
        "marks": 32,
        "mirrored": 32,
    }
    said = fingerprint_said(fingerprint(_bytes(_drawn(3)), LIMITS))
    given = {name: changed.get(name, value) for name, value in sight.items()}
    said["looks"] = {
        "hashes": [[changed.get(name, value) for name, value in look.items()]],
        "sights": [
            [
                one if not isinstance(one, int) else base64.b64encode(bytes(one)).decode()
                for one in given.values()
            ]
        ],
    }
    return said


def test_looks_that_make_sense_are_understood() -> None:
    read = fingerprint_understood(_looks())
    assert read.looks is not None
    assert len(read.looks.hashes) == len(read.looks.sights) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"pdq": "ab"},
        {"pdq": 7},
        {"quality": "much"},
        {"corners": [[0, 0]]},
        {"corners": [[0, 0]] * 3 + [[0]]},
        {"whole": ["ab" * 32]},
        {"whole": ["ab" * 31] * 2},
        {"shape": [16, 17]},
        {"shape": [0, 0], "grey": 0},
        {"shape": [16]},
        {"points": 16},
        {"points": 9},
        {"points": base64.b64encode(np.full(2, np.nan, np.float32).tobytes()).decode()},
        {"marks": 31},
        {"mirrored": 64},
    ],
    ids=str,
)
def test_looks_that_make_no_sense_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        fingerprint_understood(_looks(**changed))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff",
        b"[]",
        b"3",
        b"{}",
        b"[" * 100_000,
        b'{"bytes": 1e999}',
        json.dumps(
            fingerprint_said(Fingerprint(None, 0, Digests("0", "1", "2"), (), None))
        ).encode(),
        json.dumps(fingerprint_said(fingerprint(b"", LIMITS))).encode().replace(b"empty", b"fine"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        _understood(HEAD.pack(len(line), 0) + line)


# Going on after an interruption.


def _journal(folder: Path, screener: Screener) -> Journal:
    return Journal(folder.parent / "scans", terms([folder], screener, LIMITS))


def _swapped(path: Path) -> None:
    """Change a file so that only reading it again would tell."""
    status, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_killed_scan_goes_on_where_it_was(
    folder: Path, screener: Screener, database_url: str
) -> None:
    for seed in range(12):
        (folder / f"{seed:02}.png").write_bytes(_bytes(_drawn(seed)) + b"end")
    script = Path(__file__).parent / "scan_until_killed.py"
    arguments = [database_url, str(folder.parent / "scans"), str(folder), "5"]
    died = subprocess.run([sys.executable, script, *arguments], capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert len(died.stdout.splitlines()) == 5
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    for path in folder.iterdir():
        _swapped(path)
    journal = _journal(folder, screener)
    assert journal.resumed == 5
    rows = _scan(folder, screener, journal=journal)
    journal.finish()
    assert sorted(rows) == sorted(before)
    kept = [row["sha256"] == before[name] for name, row in rows.items()]
    assert kept == [True] * 5 + [False] * 7
    assert list((folder.parent / "scans").iterdir()) == []


def test_an_interrupted_scan_leaves_no_process_and_goes_on(
    folder: Path, screener: Screener
) -> None:
    for seed in range(12):
        (folder / f"{seed:02}.png").write_bytes(_bytes(_drawn(seed)))
    journal = _journal(folder, screener)
    lines = scan([folder], screener, LIMITS, journal=journal, workers=2)
    first = [next(lines) for _ in range(3)]
    lines.close()  # type: ignore[attr-defined]
    journal.close()
    assert _children() == []
    again = _journal(folder, screener)
    rows = list(scan([folder], screener, LIMITS, journal=again, workers=2))
    assert rows[:3] == first
    assert (again.resumed, len(rows)) == (3, 12)


@pytest.mark.parametrize("torn", [b'["', b"\xff\xfe\n", b"[1, 2]\n", b'["x", 1, 2, {}]'])
def test_a_torn_line_is_dropped(folder: Path, screener: Screener, torn: bytes) -> None:
    for seed in range(3):
        (folder / f"{seed}.png").write_bytes(_bytes(_drawn(seed)))
    journal = _journal(folder, screener)
    expected = _scan(folder, screener, journal=journal)
    journal.close()
    (kept,) = (folder.parent / "scans").iterdir()
    with kept.open("ab") as file:
        file.write(torn)
    again = _journal(folder, screener)
    assert again.resumed == 3
    assert _scan(folder, screener, journal=again) == expected
    again.keep(Found(folder / "new", 1, 2), {"path": "new"})
    again.close()
    assert _journal(folder, screener).resumed == 4


def test_a_changed_file_is_screened_again(folder: Path, screener: Screener) -> None:
    (folder / "a.png").write_bytes(_bytes(_drawn(1)))
    journal = _journal(folder, screener)
    first = _scan(folder, screener, journal=journal)
    (folder / "a.png").write_bytes(_bytes(_drawn(2)))
    assert _scan(folder, screener, journal=journal)["a.png"]["sha256"] != first["a.png"]["sha256"]
    journal.finish()


def test_what_may_pass_is_looked_at_again(folder: Path, screener: Screener) -> None:
    (folder / "a.png").symlink_to("later.png")
    journal = _journal(folder, screener)
    assert _scan(folder, screener, journal=journal)["a.png"]["reason"] == "unreadable"
    journal.close()
    (folder / "later.png").write_bytes(_bytes(_drawn(1)))
    again = _journal(folder, screener)
    assert _scan(folder, screener, journal=again)["a.png"]["verdict"] == "clean"


def test_other_terms_are_another_scan(
    folder: Path, lists: HashLists, screener: Screener, database: Database
) -> None:
    (folder / "a.png").write_bytes(_bytes(_drawn(1)))
    journal = _journal(folder, screener)
    _scan(folder, screener, journal=journal)
    journal.close()
    strict = Screener(database, ScreeningPolicy(radius=10), folder.parent / "index")
    assert _journal(folder, strict).resumed == 0
    small = terms([folder], screener, DecodeLimits(max_bytes=5))
    assert Journal(folder.parent / "scans", small).resumed == 0
    lists.import_file(ANNA, "known", f"{'1' * 40}\n".encode())
    assert _journal(folder, screener).resumed == 0


def test_one_scan_does_not_run_twice_at_once(folder: Path, screener: Screener) -> None:
    journal = _journal(folder, screener)
    with pytest.raises(Conflict):
        _journal(folder, screener)
    journal.finish()
    _journal(folder, screener).finish()


def test_lines_come_while_the_scan_goes_on(folder: Path, screener: Screener) -> None:
    """The walk does not run ahead of the hashing, however many files there are."""
    files = [folder / f"{number}.txt" for number in range(200)]
    for path in files:
        path.write_bytes(b"x")
    lines = scan(files, screener, LIMITS, workers=2)
    assert next(lines)["reason"] == "unknown_type"
    for path in files[100:]:
        path.unlink()
    assert [row["reason"] for row in lines][-100:] == ["unreadable"] * 100


def _hashed_exactly(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that will have been handed out to be hashed exactly."""
    names: list[str] = []
    submit = FingerprintWorkers.submit

    def noted(
        self: FingerprintWorkers, path: Path, size: int, effort: Effort = Effort.EXACT
    ) -> Any:
        if effort is Effort.EXACT:
            names.append(path.name)
        return submit(self, path, size, effort)

    monkeypatch.setattr(FingerprintWorkers, "submit", noted)
    return names


def _photos(folder: Path) -> None:
    """Draw photos, of which some are near copies of the one that is listed, and one equals it."""
    listed = scene(1, 900, 700)
    (folder / "listed.jpg").write_bytes(_bytes(listed, "JPEG", quality=90))
    (folder / "smaller.jpg").write_bytes(_bytes(listed.resize((640, 498)), "JPEG", quality=50))
    (folder / "small.jpg").write_bytes(_bytes(listed.resize((200, 156)), "JPEG"))
    (folder / "copy.png").write_bytes(_bytes(listed))
    (folder / "cut.jpg").write_bytes((folder / "listed.jpg").read_bytes()[:-900])
    (folder / "blank.jpg").write_bytes(_bytes(Image.new("RGB", (900, 700)), "JPEG"))
    for seed in range(5, 12):
        (folder / f"other{seed}.jpg").write_bytes(_bytes(scene(seed, 900, 700), "JPEG"))


def test_a_scan_finds_with_looks_what_it_passes_without(
    folder: Path, lists: HashLists, screener: Screener
) -> None:
    picture = crowded(7, 400, 300)
    printed = fingerprint(_bytes(picture), LIMITS).pictures[0]
    lists.import_file(ANNA, "known", f"id,pdq\ne-1,{printed.pdq}\n".encode())
    (folder / "framed.png").write_bytes(_bytes(ImageOps.expand(picture, 50, "white")))
    (folder / "mirrored.png").write_bytes(_bytes(ImageOps.mirror(picture)))
    assert {row["verdict"] for row in _scan(folder, screener).values()} == {"clean"}
    rows = _scan(folder, screener, looks=Budget.CHEAP)
    (framed,), (mirrored,) = rows["framed.png"]["matches"], rows["mirrored.png"]["matches"]
    assert (framed["entry"], framed["via"], framed["algorithm"]) == ("e-1", "region", "pdq")
    assert framed["corners"] == [[0.1, 0.125], [0.9, 0.125], [0.9, 0.875], [0.1, 0.875]]
    assert mirrored["via"] == "mirror"
    assert "corners" not in mirrored
    asking = replace(screener.policy, looks=Budget.CHEAP)
    screener.policy = asking
    assert _scan(folder, screener) == rows
    assert terms([folder], screener, LIMITS) != terms([folder], screener, LIMITS, looks=Budget.FULL)


def test_quick_and_exact_scans_say_the_same(
    folder: Path, lists: HashLists, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    _photos(folder)
    printed = fingerprint((folder / "listed.jpg").read_bytes(), LIMITS)
    line = f"id,sha256,pdq\nl,{printed.digests.sha256},{printed.pictures[0].pdq}\n"
    lists.import_file(ANNA, "known", line.encode())
    exactly = _hashed_exactly(monkeypatch)
    quick = _scan(folder, screener)
    assert sorted(set(exactly)) == ["listed.jpg", "smaller.jpg"]
    exact = _scan(folder, screener, exact=True)
    assert quick == exact
    matches = [path for path, row in exact.items() if row["verdict"] == "match"]
    assert matches == ["copy.png", "listed.jpg", "small.jpg", "smaller.jpg"]
    assert len(exactly) == 2 + len(list(folder.iterdir()))
    assert terms([folder], screener, LIMITS) != terms([folder], screener, LIMITS, exact=True)


def test_a_policy_may_ask_for_exact_hashes_only(
    folder: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _photos(folder)
    strict = Screener(database, ScreeningPolicy(exact_only=True), tmp_path / "strict")
    exactly = _hashed_exactly(monkeypatch)
    _scan(folder, strict)
    assert len(exactly) == len(list(folder.iterdir()))


@pytest.mark.parametrize("wide", [31, 58, 63])
def test_a_wide_radius_is_never_narrowed_by_the_quick_hash(
    folder: Path, lists: HashLists, database: Database, tmp_path: Path, wide: int
) -> None:
    """Entries at the very radius from the exact hash must match on either path."""
    (folder / "a.jpg").write_bytes(_bytes(scene(1, 900, 700), "JPEG"))
    value = fingerprint((folder / "a.jpg").read_bytes(), LIMITS).pictures[0].pdq
    rows = [turned(bytes.fromhex(value), wide, seed).hex() for seed in range(8)]
    lists.import_file(ANNA, "edge", "\n".join(["pdq", *rows]).encode())
    screener = Screener(database, ScreeningPolicy(radius=wide), tmp_path / "wide")
    (line,) = _scan(folder, screener).values()
    assert [match["distance"] for match in line["matches"]] == [wide] * 8
