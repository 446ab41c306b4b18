"""A confined process whose jobs are attacks: what a parser that was taken over might try.

`python -m tests.attacker free NAME` tries one in a process that nothing confines.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutela.content.confinement.frame import HEAD
from tutela.content.confinement.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutela.content.confinement.serving import Incoming, Terms

FORBIDDEN_CALLS = {
    "ptrace": 101,
    "mount": 165,
    "unshare": 272,
    "setns": 308,
    "process_vm_readv": 310,
    "memfd_create": 319,
    "bpf": 321,
    "userfaultfd": 323,
    "perf_event_open": 298,
    "io_uring_setup": 425,
    "pidfd_getfd": 438,
    "getpid of the x32 interface": 0x4000_0000 + 39,
}
"""By their numbers on x86_64."""


def _open() -> None:
    with open("/etc/passwd", "rb") as file:  # noqa: PTH123
        file.read(1)


def _connect() -> None:
    with socket.socket() as one:
        one.connect_ex(("127.0.0.1", 9))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _exec() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606


def _run_code() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()


def _make_code_runnable() -> None:
    c = ctypes.CDLL(None, use_errno=True)
    c.mmap.restype = ctypes.c_void_p
    page = c.mmap(None, mmap.PAGESIZE, 3, 0x22, -1, 0)
    if c.mprotect(ctypes.c_void_p(page), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError


def _signal_another() -> None:
    os.kill(1, 0)


def _write_elsewhere() -> None:
    os.write(7, b"x")


def _read_elsewhere() -> None:
    os.read(7, 1)


def _make_folder() -> None:
    Path("/tmp/made-by-an-attack").mkdir()  # noqa: S108
    Path("/tmp/made-by-an-attack").rmdir()  # noqa: S108


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _ignore_the_end() -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)


def _take_memory() -> None:
    bytearray(2 << 30)


def _take_memory_slowly() -> None:
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def _loop() -> None:
    while True:
        pass


def _loop_unstoppably() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    _loop()


def _sleep() -> None:
    time.sleep(3600)


def _announce_much() -> None:
    os.write(3, HEAD.pack(10, 1 << 50))
    _sleep()


def _answer_without_end() -> None:
    while True:
        os.write(3, bytes(1 << 16))


def _answer_twice() -> None:
    os.write(3, HEAD.pack(2, 0) + b"{}")


def _answer_and_begin_another() -> None:
    os.write(3, HEAD.pack(2, 0) + b"{}" + b"more")
    _sleep()


def _segv() -> None:
    ctypes.string_at(0)


def _abort() -> None:
    os.abort()


def _recurse() -> None:
    sys.setrecursionlimit(1 << 30)
    deep: list[Any] = []
    for _ in range(1 << 20):
        deep = [deep]
    repr(deep)


def _thread() -> None:
    done = threading.Thread(target=time.sleep, args=(0.01,))
    done.start()
    done.join()


ATTACKS: dict[str, Callable[[], None]] = {
    name.removeprefix("_"): one
    for name, one in list(globals().items())
    if name.startswith("_") and callable(one) and getattr(one, "__module__", "") == __name__
}


def attack(words: dict[str, Any], incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Try one, and say what came of it."""
    incoming.whole()
    try:
        ATTACKS[words["name"]]()
    except OSError as problem:
        return {"refused": problem.errno}, b""
    return {"did": words["name"]}, b""


def call(words: dict[str, Any], _incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Ask the kernel for something by its number."""
    return {"answer": ctypes.CDLL(None).syscall(ctypes.c_long(words["number"]), 0, 0, 0)}, b""


def echo(words: dict[str, Any], incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Say the same again, and who says it."""
    data = incoming.whole()
    return {"said": words["said"], "process": os.getpid(), "environment": dict(os.environ)}, data


def unread(_words: dict[str, Any], _incoming: Incoming) -> tuple[dict[str, Any], bytes]:
    """Answer without reading what came."""
    return {}, b""


def _warm_up(_terms: Terms) -> None:
    _thread()


if __name__ == "__main__":
    if sys.argv[1] == "free":
        ATTACKS[sys.argv[2]]()
    else:
        serve({"attack": attack, "call": call, "echo": echo, "unread": unread}, _warm_up)
