"""A process that hashes untrusted files: one JSON line in for each file, one out.

Run as `python -m tutela.platform.fingerprint_worker`. It answers in JSON, not in pickles: should
a decoder be taken over, what it says is still only data to the process that asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import stat
import sys
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tutela.content.decoding import DecodeLimits, Reading, Reason
from tutela.content.media_type import sniff
from tutela.hashing.digests import Digests, digests
from tutela.hashing.fingerprint import (
    Fingerprint,
    PictureHash,
    fingerprint,
    quick_fingerprint,
)
from tutela.hashing.look import Budget
from tutela.hashing.screening_hash import ScreeningHash
from tutela.matching.evasion.effort import looked_at
from tutela.platform.looks_said import looks_said, looks_understood
from tutela.platform.walk import NOT_A_FILE, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

READY = b"ready\n"
FAILED = "decoder_failed"
_CHUNK = 1 << 20
_OOM_FIRST = "1000"


class Effort(StrEnum):
    """How a file is hashed: quickly for selection, exactly, or exactly with looks."""

    QUICK = "quick"
    EXACT = "exact"
    CHEAP_LOOKS = "cheap"
    FULL_LOOKS = "full"


def hash_file(path: str, limits: DecodeLimits, effort: Effort = Effort.EXACT) -> Fingerprint | str:
    """Return a file's fingerprint, or why there is none.

    What is larger than `limits.max_bytes` is digested as a stream and never held in memory.
    """
    try:
        # Without waiting: between the look and the opening, a pipe may have taken its place.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with open(opened, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                return NOT_A_FILE
            data = b"".join(_chunks(file, limits.max_bytes + 1))
            if len(data) <= limits.max_bytes:
                return _hashed(data, limits, effort)
            counted = _Counted(file, data)
            whole = digests(counted)
            return Fingerprint(
                sniff(data[:_CHUNK]), counted.bytes, whole, (), Reason.TOO_MANY_BYTES
            )
    except OSError:
        return UNREADABLE


def _hashed(data: bytes, limits: DecodeLimits, effort: Effort) -> Fingerprint:
    if effort is Effort.QUICK:
        return quick_fingerprint(data, limits)
    if effort is Effort.EXACT:
        return fingerprint(data, limits)
    return looked_at(data, limits, Budget(effort))


def _chunks(file: IO[bytes], most: int) -> Iterator[bytes]:
    while most > 0 and (chunk := file.read(min(_CHUNK, most))):
        most -= len(chunk)
        yield chunk


class _Counted:
    """The chunks of a file, of which the head was read already; counts bytes on the way."""

    def __init__(self, file: IO[bytes], head: bytes) -> None:
        self.bytes = 0
        self._file = file
        self._head = head

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        self.bytes += len(self._head)
        self._head = b""
        while chunk := self._file.read(_CHUNK):
            self.bytes += len(chunk)
            yield chunk


def answer(result: Fingerprint | str) -> bytes:
    """Return a result as one JSON line."""
    if isinstance(result, str):
        return json.dumps({"fault": result}).encode() + b"\n"
    said = asdict(replace(result, looks=None))
    if result.looks is not None:
        said["looks"] = looks_said(result.looks)
    return json.dumps(said, default=bytes.hex).encode() + b"\n"


def understood(line: bytes) -> Fingerprint | str:
    """Return what a worker's line says. Raises `ValueError` when it says nothing sensible."""
    try:
        said: dict[str, Any] = json.loads(line)
        if "fault" in said:
            return str(said["fault"])[:40]
        media_type, unscreened = said["media_type"], said["unscreened"]
        return Fingerprint(
            None if media_type is None else str(media_type)[:80],
            int(said["bytes"]),
            Digests(**{name: _hexed(said["digests"][name], size) for name, size in _DIGITS}),
            tuple(_picture(one) for one in said["pictures"]),
            None if unscreened is None else Reason(unscreened),
            _quick(said["quick"]),
            None if said["looks"] is None else looks_understood(said["looks"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as problem:
        raise ValueError from problem


_DIGITS = (("md5", 32), ("sha1", 40), ("sha256", 64))


def _picture(said: dict[str, Any]) -> PictureHash:
    return PictureHash(
        int(said["frame"]),
        Reading(said["reading"]),
        _hexed(said["pdq"], 64),
        int(said["quality"]),
        int(said["width"]),
        int(said["height"]),
    )


def _quick(said: dict[str, Any] | None) -> ScreeningHash | None:
    if said is None:
        return None
    bits = bytes.fromhex(_hexed(said["bits"], 64))
    return ScreeningHash(bits, int(said["quality"]), int(said["doubtful"]))


def _hexed(text: str, digits: int) -> str:
    if len(bytes.fromhex(text)) * 2 != digits:
        raise ValueError
    return text


def _confine() -> None:
    """Give up what hashing does not need: writing files, dumping core, being spared by the OOM."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_FIRST)
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))
    # An interrupt from the keyboard is for the process that asked; it closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Answer lines until the input ends."""
    # What decoders print must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _confine()
    limits = DecodeLimits(**json.loads(sys.argv[1]))
    answers.write(READY)
    for line in sys.stdin.buffer:
        try:
            path, effort = json.loads(line)
            result = hash_file(path, limits, Effort(effort))
        except Exception:  # noqa: BLE001 - a decoder's fault is an answer, not the end
            result = FAILED
        rest = memoryview(answer(result))
        while rest:
            rest = rest[answers.write(rest) :]


if __name__ == "__main__":
    main()
