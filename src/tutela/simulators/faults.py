"""Misbehaviour on request: which call, when, and how. Kept in memory: a restart forgets it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tutela.simulators.serving import HangUp, Twice, control, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

ANY = "any"
_BEFORE, _AFTER = "before", "after"
_SETTLED = {
    "drop_before": _BEFORE,
    "drop_after": _AFTER,
    "kill_client_before": _BEFORE,
    "kill_client_after": _AFTER,
    "answer_twice": _AFTER,
}
_DEFAULT = {"refuse": _BEFORE, "stall": _BEFORE, "garbage": _AFTER, "crash": _BEFORE}
_KILLS = frozenset({"kill_client_before", "kill_client_after"})
_GARBAGE = b"\x00\xff<this is neither XML {nor JSON"
_CRASHED = 70
_STATUSES = range(200, 600)
_INIT = 1


@dataclass(slots=True)
class Fault:
    """One misbehaviour. `nth` counts the matching calls from when it was queued, from 1."""

    kind: str
    call: str = ANY
    nth: int = 1
    times: int = 1
    when: str = _BEFORE
    status: int | None = None
    code: int | None = None
    seconds: float = 1.0
    pid: int | None = None
    seen: int = field(default=0, init=False)

    def strikes(self, call: str) -> bool:
        """Count a call and say whether this fault takes it."""
        if self.call not in {ANY, call}:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    @property
    def spent(self) -> bool:
        """Say whether it can never strike again."""
        return self.seen >= self.nth + self.times - 1


class Faults:
    """The queue of misbehaviour of one party, and its control endpoint."""

    def __init__(self, calls: frozenset[str], party_kinds: frozenset[str] = frozenset()) -> None:
        self._calls = calls | {ANY}
        self._party_kinds = party_kinds
        self._queue: list[Fault] = []
        self._struck: Counter[str] = Counter()

    def take(self, call: str) -> Fault | None:
        """Return the fault for this call. A call that one fault takes is not counted by later."""
        for fault in self._queue:
            if fault.strikes(call):
                self._struck[fault.kind] += 1
                self._queue = [one for one in self._queue if not one.spent]
                return fault
        return None

    def routes(self) -> list[Route]:
        """Return the control endpoint `/_control/faults`: GET, POST, DELETE."""
        endpoint = control(self._control)
        return [Route("/_control/faults", endpoint, methods=["GET", "POST", "DELETE"])]

    async def _control(self, request: Request) -> Response:
        if request.method == "POST":
            self._queue.append(self._read(await told(request)))
        elif request.method == "DELETE":
            self._queue.clear()
        return JSONResponse(
            {"pending": [asdict(fault) for fault in self._queue], "struck": dict(self._struck)}
        )

    def _read(self, body: dict[str, Any]) -> Fault:
        """Read a fault. Raises `ValueError` or `TypeError` for one that makes no sense."""
        fault = Fault(**body)
        known = set(_SETTLED) | set(_DEFAULT) | self._party_kinds
        if fault.kind not in known:
            raise ValueError(f"kind is none of {', '.join(sorted(known))}")
        if fault.call not in self._calls:
            raise ValueError(f"call is none of {', '.join(sorted(self._calls))}")
        fault.when = _SETTLED.get(fault.kind) or body.get("when", _DEFAULT.get(fault.kind, _BEFORE))
        if fault.when not in {_BEFORE, _AFTER}:
            raise ValueError("when is neither before nor after")
        if fault.nth < 1 or fault.times < 1 or fault.seconds < 0:
            raise ValueError("nth and times are at least 1, seconds at least 0")
        if fault.status is not None and fault.status not in _STATUSES:
            raise ValueError("status is an HTTP status from 200 to 599")
        if fault.kind in _KILLS and not _killable(fault.pid):
            raise ValueError("pid is not the id of a process that may be killed")
        return fault


def _killable(pid: int | None) -> bool:
    """Refuse 0 and below (whole groups), the first process and ourselves."""
    return isinstance(pid, int) and pid > _INIT and pid != os.getpid()


async def perform(
    fault: Fault | None, act: Callable[[], Response], refuse: Callable[[Fault], Response]
) -> Response:
    """Carry out a call as the fault wants it: `act` has the effect and makes the answer."""
    if fault is None or fault.kind not in {*_SETTLED, *_DEFAULT}:
        return act()
    if fault.kind == "stall" and fault.when == _BEFORE:
        await asyncio.sleep(fault.seconds)
        return act()
    answer = act() if fault.when == _AFTER else None
    if fault.kind == "refuse":
        return refuse(fault)
    if answer is not None and fault.kind == "answer_twice":
        return Twice(answer)
    if answer is not None and fault.kind == "stall":
        await asyncio.sleep(fault.seconds)
        return answer
    return _struck(fault)


def _struck(fault: Fault) -> Response:
    """Give the answer that is none."""
    if fault.kind == "garbage":
        return Response(_GARBAGE, media_type="application/octet-stream")
    if fault.kind == "crash":
        os._exit(_CRASHED)
    if fault.kind in _KILLS and fault.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(fault.pid, signal.SIGKILL)
    return HangUp()
