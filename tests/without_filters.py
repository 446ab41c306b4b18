"""Runs a command as on a system that refuses what it is told to: a filter over it says no.

`python tests/without_filters.py seccomp,landlock_create_ruleset COMMAND…`
"""

from __future__ import annotations

import errno
import os
import sys

from tutela.content.confinement import kernel
from tutela.content.confinement.filter_program import (
    ALLOW,
    JUMP_EQUAL,
    LOAD,
    NUMBER_AT,
    REFUSE,
    RETURN,
    Instruction,
)

if __name__ == "__main__":
    refused, *command = sys.argv[1:]
    steps = [Instruction(LOAD, NUMBER_AT)]
    for name in refused.split(","):
        steps.append(Instruction(JUMP_EQUAL, kernel.machine().numbers[name], no=1))
        steps.append(Instruction(RETURN, REFUSE | errno.EPERM))
    steps.append(Instruction(RETURN, ALLOW))
    kernel.renounce()
    kernel.install(b"".join(one.packed() for one in steps))
    os.execvp(command[0], command)  # noqa: S606
