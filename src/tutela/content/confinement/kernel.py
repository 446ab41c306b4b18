"""What is asked of the kernel by number: no new privileges, the filter, Landlock.

Sources: Linux, Documentation/userspace-api/{no_new_privs,seccomp_filter,landlock}.rst and
include/uapi/linux/{prctl,seccomp,landlock}.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from functools import cache

from tutela.content.confinement.filter_program import KILL_PROCESS
from tutela.content.confinement.system_calls import MACHINES, Machine

_SET_DUMPABLE, _SET_NO_NEW_PRIVS = 4, 38
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_ALL_THREADS = 1
_VERSION = 1
_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""From which version of Landlock on it knows so many rights to files, each one bit."""
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6
_BIND_AND_CONNECT = 0b11
_SOCKETS_AND_SIGNALS = 0b11


class Refusal(OSError):
    """The kernel does not do what was asked of it."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


@cache
def _c() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def machine() -> Machine:
    """Return what is known of this machine. Raises `Refusal` on any that is not known."""
    known = MACHINES.get(os.uname().machine) if sys.platform == "linux" else None
    if known is None:
        raise Refusal(errno.ENOSYS, "no filter is written for this system")
    return known


def filters_known() -> bool:
    """Say whether this kernel knows such filters at all; asks, and changes nothing."""
    try:
        action = ctypes.c_uint32(KILL_PROCESS)
        _ask("seccomp", _GET_ACTION_AVAIL, 0, ctypes.byref(action))
    except Refusal:
        return False
    return True


def renounce() -> None:
    """Give up new privileges, and being looked into by others, for good. Raises `Refusal`."""
    for option, value in ((_SET_NO_NEW_PRIVS, 1), (_SET_DUMPABLE, 0)):
        if _c().prctl(option, value, 0, 0, 0) != 0:
            raise _refusal("prctl")


def install(packed: bytes) -> None:
    """Put a filter over all threads of this process, for good. Raises `Refusal`."""
    whole = _Program(len(packed) // 8, packed)
    # A number above zero is a thread that would not take it.
    if _ask("seccomp", _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(whole)) != 0:
        raise Refusal(errno.EBUSY, "a thread does not take the filter")


def landlock_version() -> int:
    """Return which version of Landlock is in force here; 0 for none."""
    try:
        return _ask("landlock_create_ruleset", None, 0, _VERSION)
    except Refusal:
        return 0


def shut_files_and_network(version: int) -> None:
    """Take from this thread all rights that Landlock knows at this version. Raises `Refusal`."""
    rights = max(count for since, count in _FS_RIGHTS.items() if since <= version)
    asked = [(1 << rights) - 1]
    if version >= _NETWORK_SINCE:
        asked.append(_BIND_AND_CONNECT)
    if version >= _SCOPES_SINCE:
        asked.append(_SOCKETS_AND_SIGNALS)
    ruleset = struct.pack(f"={len(asked)}Q", *asked)
    descriptor = _ask("landlock_create_ruleset", ruleset, len(ruleset), 0)
    try:
        _ask("landlock_restrict_self", descriptor, 0)
    finally:
        os.close(descriptor)


def _ask(name: str, *arguments: object) -> int:
    call = _c().syscall
    call.restype = ctypes.c_long
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    answer: int = call(ctypes.c_long(machine().numbers[name]), *given)
    if answer < 0:
        raise _refusal(name)
    return answer


def _refusal(name: str) -> Refusal:
    number = ctypes.get_errno()
    return Refusal(number, f"{name}: {errno.errorcode.get(number, number)}")
