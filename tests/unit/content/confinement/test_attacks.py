"""What a process that was taken over can do: nothing, and the next job is done all the same."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.attacker import FORBIDDEN_CALLS

from tutela.content.confinement import kernel
from tutela.content.confinement.fault import Fault, Lost
from tutela.content.confinement.frame import Frame, Most
from tutela.content.confinement.pool import Allowance, Pool, Room
from tutela.content.confinement.serving import Terms
from tutela.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[4]
SOME = Allowance(seconds=20, cpu_seconds=20, most=Most(words=1 << 16, data=8 << 20))
MEMORY = 512 << 20


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("TUTELA_AUTHORITY__PASSWORD", "a secret of the settings")
        with Pool("tests.attacker", Terms(MEMORY), Room(1, 32, 30)) as opened:
            yield opened


def run(pool: Pool, words: dict[str, Any], data: bytes, allowed: Allowance) -> Frame:
    return pool.run(words, data, allowed, lambda answer: answer)


def _tried(pool: Pool, name: str, allowed: Allowance = SOME) -> dict[str, object]:
    return run(pool, {"job": "attack", "name": name}, b"some bytes", allowed).words


def _works(pool: Pool) -> None:
    answer = run(pool, {"job": "echo", "said": "hello"}, b"bytes", SOME)
    assert (answer.words["said"], answer.data) == ("hello", b"bytes")


def test_what_holds_a_process_is_said(pool: Pool) -> None:
    held = pool.start()
    assert (held.filtered, held.confined, held.missing) == (True, True, None)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("open", errno.EACCES),
        ("raise_limit", errno.EPERM),
        ("ignore_the_end", errno.EPERM),
    ],
)
def test_it_is_refused_and_lives(pool: Pool, name: str, error: int) -> None:
    assert _tried(pool, name) == {"refused": error}
    _works(pool)


@pytest.mark.parametrize(
    "name",
    [
        "connect",
        "fork",
        "exec",
        "run_code",
        "make_code_runnable",
        "make_folder",
        "signal_another",
        "write_elsewhere",
        "read_elsewhere",
    ],
)
def test_it_dies_of_the_attempt(pool: Pool, name: str) -> None:
    with pytest.raises(Lost) as lost:
        _tried(pool, name)
    assert lost.value.fault is Fault.VIOLATED
    _works(pool)


@pytest.mark.parametrize(
    "name",
    [
        "open",
        "connect",
        "fork",
        "exec",
        "run_code",
        "make_code_runnable",
        "make_folder",
        "signal_another",
    ],
)
def test_the_attempts_succeed_where_nothing_confines(name: str) -> None:
    """Else the tests above would show nothing."""
    free = [sys.executable, "-m", "tests.attacker", "free", name]
    subprocess.run(free, cwd=ROOT, check=True)


def test_where_the_filter_is_missing_landlock_still_holds() -> None:
    """As `--insecure-decoding` has it, on a kernel that has the one and refuses the other."""
    if kernel.landlock_version() < 4:
        pytest.skip("this kernel has no such Landlock")
    tried = """
from tests.attacker import *
from tutela.content.confinement.pool import Allowance, Pool, Room
from tutela.content.confinement.serving import Terms
with Pool("tests.attacker", Terms(insecure=True), Room(1)) as pool:
    print(pool.start().filtered)
    for name in ("make_folder", "open"):
        words = {"job": "attack", "name": name}
        print(pool.run(words, b"", Allowance(), lambda answer: answer.words["refused"]))
"""
    refusing = [sys.executable, "tests/without_filters.py", "seccomp", sys.executable, "-c", tried]
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(refusing, cwd=ROOT, env=path, capture_output=True, check=True, text=True)
    filtered, *refused = run.stdout.split()[-3:]
    assert filtered == "False"
    assert refused == [str(errno.EACCES), str(errno.EMFILE)]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize("name", FORBIDDEN_CALLS)
def test_the_kernel_is_not_even_asked(pool: Pool, name: str) -> None:
    with pytest.raises(Lost) as lost:
        run(pool, {"job": "call", "number": FORBIDDEN_CALLS[name]}, b"", SOME)
    assert lost.value.fault is Fault.VIOLATED


@pytest.mark.parametrize(
    ("name", "fault", "allowed"),
    [
        ("take_memory", Fault.TOO_MUCH_MEMORY, SOME),
        ("take_memory_slowly", Fault.TOO_MUCH_MEMORY, SOME),
        ("loop", Fault.TOO_MUCH_CPU_TIME, Allowance(20, 1)),
        ("loop_unstoppably", Fault.TIMED_OUT, Allowance(2, 1)),
        ("sleep", Fault.TIMED_OUT, Allowance(0.3, 5)),
        ("announce_much", Fault.TOO_MUCH_OUTPUT, SOME),
        ("answer_without_end", Fault.CRASHED, SOME),
        ("segv", Fault.CRASHED, SOME),
        ("abort", Fault.CRASHED, SOME),
        ("recurse", Fault.CRASHED, SOME),
    ],
)
def test_it_is_stopped_with_the_reason(
    pool: Pool, name: str, fault: Fault, allowed: Allowance
) -> None:
    with pytest.raises(Lost) as lost:
        _tried(pool, name, allowed)
    assert lost.value.fault is fault
    _works(pool)


def test_a_job_that_fails_costs_no_process(pool: Pool) -> None:
    before = run(pool, {"job": "echo", "said": ""}, b"", SOME).words["process"]
    with pytest.raises(Lost) as lost:
        run(pool, {"job": "no such"}, b"unread" * 1000, SOME)
    assert (lost.value.fault, lost.value.problem) == (Fault.FAILED, "KeyError")
    assert run(pool, {"job": "echo", "said": ""}, b"", SOME).words["process"] == before


@pytest.mark.parametrize("name", ["answer_twice", "answer_and_begin_another"])
def test_one_that_says_more_than_its_answer_is_not_asked_again(pool: Pool, name: str) -> None:
    with suppress(Lost):
        # Whether all of it has come already is chance.
        assert _tried(pool, name) == {}
    time.sleep(0.1)
    _works(pool)


def test_closing_ends_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pool = Pool("tests.attacker", Terms(MEMORY), Room(1))
    _works(pool)
    (process,) = pool.processes()
    with ThreadPoolExecutor(1) as threads:
        asleep = threads.submit(_tried, pool, "sleep")
        time.sleep(0.3)
        pool.close()
        with pytest.raises(Lost):
            asleep.result()
    assert pool.processes() == ()
    assert not Path(f"/proc/{process}").exists()


def test_threads_may_be_started(pool: Pool) -> None:
    assert _tried(pool, "thread") == {"did": "thread"}


def test_bytes_longer_than_any_pipe_come_whole(pool: Pool) -> None:
    data = os.urandom(8 << 20)
    assert run(pool, {"job": "echo", "said": ""}, data, SOME).data == data
    assert run(pool, {"job": "unread"}, data, SOME).words == {}
    _works(pool)


def test_an_answer_of_exactly_the_most_is_taken(pool: Pool) -> None:
    for most, taken in ((1000, True), (999, False)):
        allowed = Allowance(20, 20, Most(words=1 << 16, data=most))
        if taken:
            assert len(run(pool, {"job": "echo", "said": ""}, bytes(1000), allowed).data) == 1000
            continue
        with pytest.raises(Lost) as lost:
            run(pool, {"job": "echo", "said": ""}, bytes(1000), allowed)
        assert lost.value.fault is Fault.TOO_MUCH_OUTPUT


def test_settings_do_not_reach_a_process(pool: Pool) -> None:
    environment = run(pool, {"job": "echo", "said": ""}, b"", SOME).words["environment"]
    assert "PYTHONPATH" in environment
    assert not any(name.startswith("TUTELA_AUTHORITY") for name in environment)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_between_two_jobs_costs_neither(pool: Pool, number: int) -> None:
    process = run(pool, {"job": "echo", "said": ""}, b"", SOME).words["process"]
    os.kill(process, number)
    while Path(f"/proc/{process}/wchan").exists() and _state(process) != "Z":
        time.sleep(0.01)
    _works(pool)


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_one_that_is_lost_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the jobs in flight attack; the other half are done, each with its own answer."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    names = ("connect", "segv", "sleep", "abort")
    quick = Allowance(1, 5, SOME.most)

    def one(pool: Pool, number: int) -> object:
        if number % 4 == 0:
            try:
                return _tried(pool, names[number // 4 % len(names)], quick)
            except Lost as lost:
                return lost.fault
        data = f"{number}".encode() * 1000
        return run(pool, {"job": "echo", "said": number}, data, SOME).data == data

    with (
        Pool("tests.attacker", Terms(MEMORY), Room(2, 32, 60)) as pool,
        ThreadPoolExecutor(8) as threads,
    ):
        results = list(threads.map(partial(one, pool), range(32)))
    attacks = [one for number, one in enumerate(results) if number % 4 == 0]
    assert attacks == [Fault.VIOLATED, Fault.CRASHED, Fault.TIMED_OUT, Fault.CRASHED] * 2
    assert [one for number, one in enumerate(results) if number % 4] == [True] * 24


def test_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Pool("tests.attacker", Terms(MEMORY), Room(1, 1, 0.5)) as pool:
        pool.start()
        started = threading.Event()

        def asleep() -> None:
            started.set()
            with pytest.raises(Lost):
                _tried(pool, "sleep", Allowance(3, 5))

        with ThreadPoolExecutor(3) as threads:
            sleeping = threads.submit(asleep)
            started.wait()
            time.sleep(0.2)
            since = time.monotonic()
            first = threads.submit(_works, pool)
            time.sleep(0.1)
            with pytest.raises(Unavailable):
                _works(pool)
            assert time.monotonic() - since < 0.4, "one too many was let wait"
            with pytest.raises(Unavailable):
                first.result()
            sleeping.result()


def test_a_closed_pool_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pool = Pool("tests.attacker", Terms(MEMORY), Room(1, 1, 1))
    _works(pool)
    pool.close()
    with pytest.raises(Unavailable):
        _works(pool)


def test_one_that_never_starts_is_an_error() -> None:
    pool = Pool("tests.no_such_module", Terms(MEMORY), Room(1))
    with pytest.raises(Unavailable, match="did not start"):
        pool.start()
    pool.close()
