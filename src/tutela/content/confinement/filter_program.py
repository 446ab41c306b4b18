"""The filter: which system calls a process that parses may make, as a BPF program.

Sources: Linux, Documentation/userspace-api/seccomp_filter.rst, include/uapi/linux/seccomp.h and
include/uapi/linux/bpf_common.h. Pure: tests run the program against made-up calls.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tutela.content.confinement.system_calls import Machine

KILL_PROCESS = 0x8000_0000
REFUSE = 0x0005_0000
ALLOW = 0x7FFF_0000

LOAD, JUMP_EQUAL, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER_AT, ARCH_AT, ARGUMENTS_AT = 0, 4, 16
_INSTRUCTION = struct.Struct("<HBBI")

_PROT_EXEC = 0x4
_MAP_ANONYMOUS = 0x20
_THREAD_FLAGS = 0x003D_0F00
"""What the C library's pthread_create asks `clone` for, and nothing else may."""

REQUESTS, ANSWERS = 0, 3
"""The descriptors that a confined process reads from and answers to; 1 and 2 lead nowhere."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step; `yes` and `no` say how many steps a jump skips."""

    code: int
    value: int
    yes: int = 0
    no: int = 0

    def packed(self) -> bytes:
        """Return it as the kernel reads it."""
        return _INSTRUCTION.pack(self.code, self.yes, self.no, self.value)


@dataclass(frozen=True, slots=True)
class Equals:
    """The low half of an argument is one of these."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lacks:
    """None of these bits is set in an argument."""

    argument: int
    bits: int


@dataclass(frozen=True, slots=True)
class Has:
    """Some of these bits are set in an argument."""

    argument: int
    bits: int


Condition = Equals | Lacks | Has

_ALWAYS = (
    "futex",
    "munmap",
    "madvise",
    "brk",
    "mremap",
    "clock_gettime",
    "sched_yield",
    "rt_sigprocmask",
    "rt_sigreturn",
    "gettid",
    "getpid",
    "set_robust_list",
    "rseq",
    "sched_getaffinity",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "getrusage",
    "sysinfo",
    "getrandom",
    "exit",
    "exit_group",
)
_REFUSED = {
    # Libraries look for files, terminals and limits in passing and do without; a parser that is
    # made to do so has gained nothing.
    **dict.fromkeys(
        (
            "open",
            "openat",
            "openat2",
            "stat",
            "lstat",
            "fstat",
            "newfstatat",
            "statx",
            "access",
            "faccessat",
            "faccessat2",
            "readlink",
            "readlinkat",
            "getcwd",
            "getdents64",
        ),
        errno.EACCES,
    ),
    **dict.fromkeys(
        ("prctl", "prlimit64", "sched_setaffinity", "rt_sigaction", "sigaltstack", "uname"),
        errno.EPERM,
    ),
    "ioctl": errno.ENOTTY,
    "lseek": errno.ESPIPE,
    "fcntl": errno.EPERM,
    "close": errno.EPERM,
    # Its flags lie in memory, where a filter cannot see them; without it, `clone` is asked.
    "clone3": errno.ENOSYS,
}


def program(machine: Machine, process: int) -> bytes:
    """Return the filter for one process, by its number. What it does not name ends the process.

    Memory may be had, but never from a file and never to run code in. Bytes may be read from
    descriptor 0 and written to 1, 2 and 3. Threads may be started, processes not.
    """
    limited: dict[str, tuple[Condition, ...]] = {
        "read": (Equals(0, (REQUESTS,)),),
        "write": (Equals(0, (1, 2, ANSWERS)),),
        "mmap": (Lacks(2, _PROT_EXEC), Has(3, _MAP_ANONYMOUS)),
        "mprotect": (Lacks(2, _PROT_EXEC),),
        "clone": (Equals(0, (_THREAD_FLAGS,)),),
        "tgkill": (Equals(0, (process,)),),
    }
    steps = [
        Instruction(LOAD, ARCH_AT),
        Instruction(JUMP_EQUAL, machine.audit_arch, yes=1),
        Instruction(RETURN, KILL_PROCESS),
        Instruction(LOAD, NUMBER_AT),
    ]
    for name, conditions in limited.items():
        checks = [step for one in conditions for step in _check(one)]
        steps += _if_called(machine.numbers[name], [*checks, Instruction(RETURN, ALLOW)])
    for name in _ALWAYS:
        steps += _if_called(machine.numbers[name], [Instruction(RETURN, ALLOW)])
    for name, error in _REFUSED.items():
        if name in machine.numbers:
            refusal = [Instruction(RETURN, REFUSE | error)]
            steps += _if_called(machine.numbers[name], refusal)
    steps.append(Instruction(RETURN, KILL_PROCESS))
    return b"".join(one.packed() for one in steps)


def instructions(packed: bytes) -> Iterator[Instruction]:
    """Yield the steps of a packed program."""
    for code, yes, no, value in _INSTRUCTION.iter_unpack(packed):
        yield Instruction(code, value, yes, no)


def _if_called(number: int, then: list[Instruction]) -> Iterable[Instruction]:
    """Return steps that run `then`, which must return, where this call is made."""
    return [Instruction(JUMP_EQUAL, number, no=len(then)), *then]


def _check(condition: Condition) -> Iterator[Instruction]:
    """Yield steps that end the process unless a condition holds."""
    yield Instruction(LOAD, ARGUMENTS_AT + 8 * condition.argument)
    if isinstance(condition, Equals):
        places = len(condition.values)
        for place, value in enumerate(condition.values):
            yield Instruction(JUMP_EQUAL, value, yes=places - place)
    elif isinstance(condition, Has):
        yield Instruction(JUMP_ANY_BIT, condition.bits, yes=1)
    else:
        yield Instruction(JUMP_ANY_BIT, condition.bits, no=1)
    yield Instruction(RETURN, KILL_PROCESS)
