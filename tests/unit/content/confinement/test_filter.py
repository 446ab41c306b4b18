"""The filter as a program, for both machines; and what the kernel makes of each wall alone."""

from __future__ import annotations

import errno
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.content.confinement import filter_program as program
from tutela.content.confinement import kernel
from tutela.content.confinement.system_calls import MACHINES

PROCESS = 4711
REFUSED = program.REFUSE | errno.EACCES
_CALL = struct.Struct("<iIQ6Q")


def _run(name: str, number: int, arguments: tuple[int, ...], arch: int | None = None) -> int:
    """Run a machine's filter on one call, as the kernel does (struct seccomp_data)."""
    machine = MACHINES[name]
    call = _CALL.pack(
        struct.unpack("<i", struct.pack("<I", number))[0],
        machine.audit_arch if arch is None else arch,
        0,
        *(*arguments, 0, 0, 0, 0, 0, 0)[:6],
    )
    steps = list(program.instructions(program.program(machine, PROCESS)))
    place, held = 0, 0
    while True:
        step = steps[place]
        place += 1
        if step.code == program.RETURN:
            return step.value
        if step.code == program.LOAD:
            (held,) = struct.unpack_from("<I", call, step.value)
            continue
        holds = {
            program.JUMP_EQUAL: held == step.value,
            program.JUMP_ANY_BIT: bool(held & step.value),
        }[step.code]
        place += step.yes if holds else step.no


def _asked(machine: str, name: str, *arguments: int) -> int:
    return _run(machine, MACHINES[machine].numbers[name], arguments)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_allowed_refused_and_deadly(machine: str) -> None:
    allow, kill = program.ALLOW, program.KILL_PROCESS
    thread = 0x3D0F00
    for name, arguments, outcome in (
        ("read", (0,), allow),
        ("read", (3,), kill),
        ("write", (1,), allow),
        ("write", (2,), allow),
        ("write", (3,), allow),
        ("write", (0,), kill),
        ("write", (4,), kill),
        ("mmap", (0, 4096, 3, 0x22), allow),
        ("mmap", (0, 4096, 7, 0x22), kill),
        ("mmap", (0, 4096, 4, 0x22), kill),
        ("mmap", (0, 4096, 3, 0x02), kill),
        ("mprotect", (0, 4096, 3), allow),
        ("mprotect", (0, 4096, 5), kill),
        ("clone", (thread,), allow),
        ("clone", (17,), kill),
        ("clone", (thread | 0x1000_0000,), kill),
        ("clone3", (), program.REFUSE | errno.ENOSYS),
        ("tgkill", (PROCESS, 1, 6), allow),
        ("tgkill", (PROCESS + 1, 1, 6), kill),
        ("futex", (), allow),
        ("exit_group", (), allow),
        ("openat", (), REFUSED),
        ("prlimit64", (), program.REFUSE | errno.EPERM),
        ("seccomp", (), kill),
        ("landlock_restrict_self", (), kill),
    ):
        assert _asked(machine, name, *arguments) == outcome, (name, arguments)


@pytest.mark.parametrize("machine", MACHINES)
def test_another_interface_to_the_kernel_is_deadly(machine: str) -> None:
    numbers = MACHINES[machine].numbers
    i386 = 0x4000_0003
    assert _run(machine, numbers["exit"], (), arch=i386) == program.KILL_PROCESS
    assert _run(machine, numbers["exit"] | 0x4000_0000, ()) == program.KILL_PROCESS


@given(st.sampled_from(sorted(MACHINES)), st.integers(0, 1 << 32), st.integers(0, (1 << 64) - 1))
def test_what_is_not_named_is_deadly(machine: str, number: int, argument: int) -> None:
    if number in set(MACHINES[machine].numbers.values()) or number >= 1 << 32:
        return
    assert _run(machine, number, (argument,) * 6) == program.KILL_PROCESS


def test_each_number_is_named_once() -> None:
    for machine in MACHINES.values():
        assert len(set(machine.numbers.values())) == len(machine.numbers)


def _in_a_process(code: str) -> str:
    whole = f"from tutela.content.confinement import kernel\n{code}"
    run = subprocess.run([sys.executable, "-c", whole], capture_output=True, check=False, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.skipif(kernel.landlock_version() < 4, reason="this kernel has no such Landlock")
def test_landlock_alone_keeps_files_and_network_away() -> None:
    """So that a gap in the filter would not be enough."""
    tried = """
import errno, os, socket
kernel.renounce()
kernel.shut_files_and_network(kernel.landlock_version())
for attempt in (
    lambda: open("/etc/passwd"),
    lambda: os.listdir("/"),
    lambda: os.mkdir("/tmp/made-by-a-test"),
    lambda: socket.socket().connect(("127.0.0.1", 9)),
    lambda: socket.socket().bind(("127.0.0.1", 0)),
):
    try:
        attempt()
        print("done")
    except OSError as problem:
        print(errno.errorcode[problem.errno])
"""
    assert _in_a_process(tried).split() == ["EACCES"] * 5


def test_the_kernel_says_whether_it_knows_filters() -> None:
    assert kernel.filters_known()
