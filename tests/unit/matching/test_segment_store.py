"""An index on disk under damage, crashes and company: other processes, merges, killed writers."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from tests.suites.index_suite import hashes, numbers, turned

from tutela.errors import IndexInvalid, InvalidInput
from tutela.matching import manifest, segment, segment_store, tail
from tutela.matching.disk_index import DiskIndex
from tutela.matching.index import Hit
from tutela.matching.segment import SegmentFile

ROWS = hashes(400)


@pytest.fixture
def short_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "CAPACITY", 8)
    monkeypatch.setattr(segment_store, "_ABSORBED_ROWS", 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def filled(folder: Path, count: int = 20) -> DiskIndex:
    index = DiskIndex(folder)
    index.add(np.arange(count), ROWS[:count])
    return index


def held(index: DiskIndex) -> set[int]:
    """Return which of the first 100 numbers are found, each by its own hash alone."""
    found = set()
    for number in range(100):
        hits = index.search(ROWS[number].tobytes(), 31)
        assert hits in ([], [Hit(number, 0)])
        found |= {hit.id for hit in hits}
    assert len(found) == len(index)
    return found


# What is on the disk


@pytest.mark.usefixtures("short_tail")
def test_what_was_added_and_removed_is_there_after_reopening(folder: Path) -> None:
    index = filled(folder)
    index.remove(numbers(3, 19))
    index.add(numbers(50), ROWS[50:51])
    assert held(DiskIndex(folder)) == set(range(20)) - {3, 19} | {50}


def _of(folder: Path, start: str) -> Path:
    return next(path for path in sorted(folder.iterdir()) if path.name.startswith(start))


def _overwrite(path: Path, at: int, data: bytes) -> None:
    whole = bytearray(path.read_bytes())
    whole[at : at + len(data)] = data
    # Another file, as a restored or copied one would be: what is mapped does not change.
    path.unlink()
    path.write_bytes(whole)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a manifest that is no JSON": lambda f: (f / manifest.FILE).write_bytes(b"{"),
    "a manifest that is no object": lambda f: (f / manifest.FILE).write_bytes(b"[]"),
    "an altered manifest": lambda f: (f / manifest.FILE).write_text(
        (f / manifest.FILE).read_text().replace('"next_number": 1', '"next_number": 7')
    ),
    "a manifest of another format": lambda f: (f / manifest.FILE).write_text(
        json.dumps(json.loads((f / manifest.FILE).read_text()) | {"format": 9})
    ),
    "a segment of another program": lambda f: _overwrite(_of(f, "segment-"), 0, b"SQLite f"),
    "a segment of another format": lambda f: _overwrite(_of(f, "segment-"), 8, b"\x63"),
    "a damaged header": lambda f: _overwrite(_of(f, "segment-"), 300, b"\x01"),
    "an empty segment": lambda f: _of(f, "segment-").write_bytes(b""),
    "a segment cut short": lambda f: os.truncate(_of(f, "segment-"), 4200),
    "a tail cut short": lambda f: os.truncate(_of(f, "tail-"), 5000),
    "another generation's tail": lambda f: _overwrite(_of(f, "tail-"), 24, b"\x09"),
    "a damaged record": lambda f: _overwrite(_of(f, "tail-"), 4096 + 8, b"\x77"),
    "more records than there can be": lambda f: _overwrite(_of(f, "tail-"), 64, b"\xff\xff"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.usefixtures("short_tail")
def test_what_is_damaged_is_refused(folder: Path, damage: Callable[[Path], object]) -> None:
    index = filled(folder)
    index.add(numbers(50), ROWS[50:51])
    damage(folder)
    with pytest.raises(IndexInvalid) as refused:
        DiskIndex(folder)
    assert "Remove the index folder" in refused.value.remedy


def test_an_index_of_another_kind_is_refused(folder: Path) -> None:
    filled(folder)
    said = manifest.read(folder, "pdq")
    manifest.write(folder, manifest.Manifest("digest", said.generation, said.next_number))
    with pytest.raises(IndexInvalid, match="does not speak of pdq"):
        DiskIndex(folder)


@pytest.mark.usefixtures("short_tail")
def test_verifying_reads_every_byte(folder: Path) -> None:
    filled(folder).store.verify()
    path = _of(folder, "segment-")
    for at in range(4096, path.stat().st_size, 97):
        whole = path.read_bytes()
        data = bytes([whole[at] ^ 1])
        _overwrite(path, at, data)
        padding = at % 4096 >= (20 * 8 if at < 8192 else 20 * 32)
        if not padding:
            with pytest.raises(IndexInvalid, match="differs from what was written"):
                SegmentFile(path, "pdq").verify()
        path.write_bytes(whole)


def test_tables_that_lead_outside_are_refused_not_followed(folder: Path) -> None:
    """A search over a file whose sections were overwritten must end in an error, not a crash."""
    many = hashes(9000)
    index = DiskIndex(folder)
    index.add(np.arange(9000), many)
    path = _of(folder, "segment-")
    whole = path.read_bytes()
    for at in (len(whole) // 4, len(whole) * 4 // 5):
        path.unlink()
        path.write_bytes(whole[:at] + b"\xff" * (len(whole) - at))
        broken = DiskIndex(folder)
        with pytest.raises(IndexInvalid, match="contradict"):
            for query in many[:3000]:
                broken.search(query.tobytes(), 31)


# In company


_ADDS = """
import sys, numpy as np
from pathlib import Path
from tutela.matching.disk_index import DiskIndex
index = DiskIndex(Path(sys.argv[1]))
rows = np.random.default_rng(1).integers(0, 256, (400, 32), np.uint8)
for line in sys.stdin:
    word, number = line.split()
    ids = np.array([int(number)])
    if word == "add":
        index.add(ids, rows[ids])
    elif word == "merge":
        index.store.merge()
    else:
        index.remove(ids)
    print("done", flush=True)
"""


@pytest.mark.usefixtures("short_tail")
def test_every_process_sees_a_change_at_once(folder: Path) -> None:
    index = filled(folder, 5)
    with subprocess.Popen(
        [sys.executable, "-c", _ADDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin
        assert other.stdout

        def tell(line: str) -> None:
            other.stdin.write(f"{line}\n".encode())  # type: ignore[union-attr]
            other.stdin.flush()  # type: ignore[union-attr]
            assert other.stdout.readline() == b"done\n"  # type: ignore[union-attr]

        tell("add 60")
        assert held(index) == {0, 1, 2, 3, 4, 60}
        index.remove(numbers(60))
        tell("add 60")
        tell("remove 2")
        assert held(index) == {0, 1, 3, 4, 60}
        tell("merge 0")
        index.add(numbers(2), ROWS[2:3])
        assert held(index) == {0, 1, 2, 3, 4, 60}
        other.stdin.close()


@pytest.mark.usefixtures("short_tail")
def test_a_generation_whose_writer_died_is_noticed_within_a_second(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other = filled(folder), DiskIndex(folder)
    monkeypatch.setattr(tail.Tail, "supersede", lambda _self: None)
    other.add(np.arange(40, 60), ROWS[40:60])
    time.sleep(1)
    assert held(index) == set(range(20)) | set(range(40, 60))


def test_changes_of_many_threads_and_handles_all_stand(folder: Path, short_tail: None) -> None:
    handles = [DiskIndex(folder) for _ in range(3)]

    def add(first: int) -> None:
        for number in range(first, 90, 3):
            handles[first].add(numbers(number), ROWS[number : number + 1])
            handles[first].store.merge()

    threads = [threading.Thread(target=add, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(held(handle) == set(range(90)) for handle in handles)


@pytest.mark.usefixtures("short_tail")
def test_a_merge_leaves_out_what_died_and_keeps_what_came_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other = DiskIndex(folder), DiskIndex(folder)
    for first in range(0, 75, 25):
        index.add(np.arange(first, first + 25), ROWS[first : first + 25])
    index.remove(np.arange(10))
    write = segment.write

    def meanwhile(path: Path, *given: Any) -> None:
        write(path, *given)
        monkeypatch.setattr(segment, "write", write)
        other.remove(numbers(30, 31))
        other.add(numbers(30, 90), ROWS[[30, 90]])

    monkeypatch.setattr(segment, "write", meanwhile)
    assert index.store.merge()
    expected = set(range(10, 75)) - {31} | {90}
    assert held(index) == held(other) == held(DiskIndex(folder)) == expected
    view = index.store.current()[0]
    assert [len(part.segment.ids) for part in view.parts] == [65]
    assert not index.store.merge()


@pytest.mark.usefixtures("short_tail")
def test_a_merge_gives_way_to_another_that_took_its_segments(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other = DiskIndex(folder), DiskIndex(folder)
    for first in range(0, 75, 25):
        index.add(np.arange(first, first + 25), ROWS[first : first + 25])
    write = segment.write

    def meanwhile(path: Path, *given: Any) -> None:
        write(path, *given)
        monkeypatch.setattr(segment, "write", write)
        other.store.clear()
        other.add(numbers(90), ROWS[90:91])

    monkeypatch.setattr(segment, "write", meanwhile)
    index.store.merge()
    assert held(index) == held(DiskIndex(folder)) == {90}


def test_only_one_merges_at_a_time(folder: Path, short_tail: None) -> None:
    index, other = DiskIndex(folder), DiskIndex(folder)
    for first in range(0, 50, 25):
        index.add(np.arange(first, first + 25), ROWS[first : first + 25])
    with other.store._locked(segment_store._MERGING, wait=True):
        assert not index.store.merge()
    assert index.store.merge()


@pytest.mark.usefixtures("short_tail")
def test_no_file_of_an_earlier_generation_stays(folder: Path) -> None:
    index = filled(folder)
    for number in range(30, 90):
        index.add(numbers(number), ROWS[number : number + 1])
        index.remove(numbers(number - 30))
    said = manifest.read(folder, "pdq")
    left = {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}
    assert left == said.files | {manifest.FILE}


# Crashes


class _Killed(BaseException):
    """Ends an operation where a killed process would."""


def _killed_at(line: int, work: Callable[[], object]) -> bool:
    """Run `work` and end it at this line of the index's modules; False when it had fewer."""
    files = {module.__file__ for module in (segment_store, segment, manifest, tail)}
    left = line

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise _Killed
        return trace

    sys.settrace(trace)
    try:
        work()
    except _Killed:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.usefixtures("short_tail")
@pytest.mark.parametrize("step", ["tail", "rotation", "removal", "merge"])
def test_a_crash_at_any_line_leaves_all_of_a_change_or_none(tmp_path: Path, step: str) -> None:
    survived = 0
    for line in range(1, 2000):
        folder = tmp_path / f"{step}{line}"
        index = DiskIndex(folder)
        index.add(np.arange(25), ROWS[:25])
        index.add(np.arange(25, 50), ROWS[25:50])
        index.add(numbers(50, 51), ROWS[50:52])
        before = set(range(52))
        steps: dict[str, tuple[Callable[[], object], set[int]]] = {
            "tail": (partial(index.add, numbers(60, 61), ROWS[60:62]), before | {60, 61}),
            "rotation": (
                partial(index.add, np.arange(60, 70), ROWS[60:70]),
                before | set(range(60, 70)),
            ),
            "removal": (partial(index.remove, np.arange(5, 35)), before - set(range(5, 35))),
            "merge": (partial(index.store.merge), before),
        }
        work, after = steps[step]
        if not _killed_at(line, work):
            break
        # The dead hold no locks.
        for file in index.store._lock_files.values():
            fcntl.flock(file, fcntl.LOCK_UN)
        again = DiskIndex(folder)
        now = held(again)
        assert now in (before, after), line
        survived += now == after
        # And it can be worked with.
        again.add(numbers(80), ROWS[80:81])
        again.remove(numbers(0))
        again.store.merge()
        assert held(again) == now - {0} | {80}, line
    assert line > 20
    assert survived


_CHURN = """
import sys, numpy as np
from pathlib import Path
from tutela.matching.disk_index import DiskIndex
index = DiskIndex(Path(sys.argv[1]))
rows = np.random.default_rng(1).integers(0, 256, (400, 32), np.uint8)
print("ready", flush=True)
while True:
    for first in range(0, 100, 20):
        ids = np.arange(first, first + 20)
        index.remove(ids)
        index.add(ids, rows[ids])
        index.store.merge()
"""


def test_a_killed_writer_leaves_an_index(folder: Path) -> None:
    whole = filled(folder, 100)
    for wait in np.random.default_rng(3).uniform(0.01, 0.3, 6):
        with subprocess.Popen(
            [sys.executable, "-c", _CHURN, str(folder)], stdout=subprocess.PIPE
        ) as churning:
            assert churning.stdout
            assert churning.stdout.readline() == b"ready\n"
            time.sleep(wait)
            churning.send_signal(signal.SIGKILL)
        missing = set(range(100)) - held(whole)
        assert missing in (set(), *(set(range(n, n + 20)) for n in range(0, 100, 20)))
        whole.add(np.array(sorted(missing), np.int64), ROWS[sorted(missing)])
        assert held(DiskIndex(folder)) == set(range(100))


# Floods


def test_a_flood_of_near_equal_hashes_is_found_and_passed_by(folder: Path) -> None:
    flat = np.repeat(np.frombuffer(turned(bytes(32), 100), np.uint8)[None], 30_000, axis=0)
    noise = np.random.default_rng(5).integers(0, 8, (30_000, 2))
    flat = flat.copy()
    flat[np.arange(30_000), noise[:, 0]] ^= (1 << noise[:, 1]).astype(np.uint8)
    others = hashes(1000, seed=8)
    index = DiskIndex(folder)
    index.add(np.arange(31_000), np.concatenate((flat, others)))
    apart = np.bitwise_count(flat ^ flat[7]).sum(axis=1)
    expected = sorted((int(bits), row) for row, bits in enumerate(apart))
    found = [(hit.distance, hit.id) for hit in index.search(flat[7].tobytes(), 31)]
    assert found == expected
    few = [(hit.distance, hit.id) for hit in index.search(flat[7].tobytes(), 31, 9)]
    assert few == expected[:9]
    assert [hit.id for hit in index.search(others[3].tobytes(), 31)] == [30_003]


def test_the_nearest_few_leave_out_the_dead(folder: Path) -> None:
    index = DiskIndex(folder)
    index.add(np.arange(20), np.repeat(ROWS[:1], 20, axis=0))
    index.remove(np.arange(0, 20, 2))
    assert [hit.id for hit in index.search(ROWS[0].tobytes(), 0, 3)] == [1, 3, 5]


def test_an_id_that_is_there_is_refused_wherever_it_is(folder: Path, short_tail: None) -> None:
    index = filled(folder)
    index.add(numbers(50), ROWS[50:51])
    for taken in (3, 50):
        with pytest.raises(InvalidInput):
            index.add(numbers(taken, 99), ROWS[98:100])
    assert held(index) == set(range(20)) | {50}
