"""What a process gives up before it reads the first untrusted byte."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tutela.content.confinement import kernel
from tutela.content.confinement.filter_program import program
from tutela.content.confinement.kernel import Refusal

_OOM_FIRST = "1000"


@dataclass(frozen=True, slots=True)
class Held:
    """What holds a process: the filter, which version of Landlock (0: none); or why not all."""

    filtered: bool
    landlock: int
    missing: str | None = None

    @property
    def confined(self) -> bool:
        """Say whether all holds that must. Landlock is a second wall, where the kernel has it."""
        return self.filtered and self.missing is None


def confine(memory: int) -> Held:
    """Give up, for good, all that parsing does not need. The process must have one thread.

    `memory`: bytes of address space that it may take beyond what it has.
    """
    try:
        _limit(memory)
        kernel.renounce()
        landlock = kernel.landlock_version()
        if landlock:
            kernel.shut_files_and_network(landlock)
        _open_and_write_no_more()
        kernel.install(program(kernel.machine(), os.getpid()))
    except (Refusal, ValueError, OSError) as problem:
        return Held(filtered=False, landlock=0, missing=str(problem)[:200])
    return Held(filtered=True, landlock=landlock)


def _limit(memory: int) -> None:
    """Set limits that need nobody's leave; the process that asks sets the one of CPU time."""
    # An interrupt from the keyboard is for the process that asked; it closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_FIRST)
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(limit, (0, 0))
    if sys.platform == "linux":
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))


def _open_and_write_no_more() -> None:
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))
