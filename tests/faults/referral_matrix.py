"""Every step of a referral under every fault: how many reports were filed, doubled, lost.

The machinery is that of `tests/journeys`: the main job as a process, counterparties as processes.
Here nothing is asserted; it is counted, and put into tables.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bench.report import Table
from tests.journeys.job_scene import JobProcess, Outcome, Scene, Snapshot, staged
from tests.simulators.process import SimulatedCyberTipline, SimulatedNca

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Authority: TypeAlias = SimulatedCyberTipline | SimulatedNca

NOT_ASKED = "-"
READING = "reading"
_STALL_SECONDS = 2.5
"""Longer than a lease, so that another worker takes over meanwhile."""
_LEASE = 1.0
"""Seconds. Two workers slower than their leases would take over from each other for ever."""
_RUNS = 4
_ANSWERED_WRONGLY = (
    "kill_client_before",
    "kill_client_after",
    "drop_before",
    "drop_after",
    "answer_twice",
    "garbage",
)
_CODES = (
    *(1000, 1100, 1110, 1111, 1210, 1300, 2000, 3000, 3100, 3300),
    *(4000, 4100, 4110, 4200, 5001, 5002, 5101, 5102),
)
"""Every response code that NCMEC's documentation names, but success."""
_NCA_CODES = (
    *((422, "INVALID"), (401, "UNAUTHORISED"), (403, "FORBIDDEN"), (404, "REPORT_NOT_FOUND")),
    *((410, "REPORT_EXPIRED"), (410, "REPORT_CANCELLED"), (409, "REPORT_SUBMITTED")),
    *((429, "BUSY"), (200, "BUSY"), (500, "INTERNAL"), (503, "INTERNAL"), (413, "TOO_LARGE")),
)
_CALLS: tuple[str, ...] = ("submit", "upload", "fileinfo", "finish")
_NCA_CALLS: tuple[str, ...] = ("open", "file", "submit")
_NCA_GONE = ("REPORT_NOT_FOUND", "REPORT_EXPIRED", "REPORT_CANCELLED")
_IN_DOUBT = {"open": "drop_before", "finished": "drop_after"}
"""How the call before a question goes wrong, by what the question finds."""


@dataclass(slots=True)
class Tally:
    """Outcomes of runs under one fault at one step."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def cell(self) -> str:
        """Filed, double, lost: each the worst of the runs."""
        if not self.outcomes:
            return NOT_ASKED
        filed = min(self.outcomes, key=lambda one: (one.filed == 1, one.filed)).filed
        double = max(one.double for one in self.outcomes)
        lost = max(one.lost for one in self.outcomes)
        return f"{filed} {double} {lost}"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its place among all, what went wrong, where, and what became of it."""

    place: int
    fault: str
    step: str
    outcome: Outcome


@dataclass(slots=True)
class Matrix:
    """Tallies by fault and step, in the order of the runs."""

    title: str
    first: str
    cells: dict[str, dict[str, Tally]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Tally))
    )

    @classmethod
    def of(cls, title: str, first: str, runs: Iterable[Run]) -> Matrix:
        """Return the matrix of some runs."""
        made = cls(title, first)
        for run in sorted(runs, key=lambda one: one.place):
            made.cells[run.fault][run.step].outcomes.append(run.outcome)
        return made

    @property
    def outcomes(self) -> list[Outcome]:
        """Every run."""
        return [
            one for row in self.cells.values() for cell in row.values() for one in cell.outcomes
        ]

    @property
    def wrong(self) -> list[str]:
        """The runs that did not end with exactly one report and one removal."""
        return [
            f"{self.title}: {fault}, {step}: {one}"
            for fault, row in self.cells.items()
            for step, cell in row.items()
            for one in cell.outcomes
            if one != Outcome(filed=1, lost=0, removed=1)
        ]

    def table(self) -> Table:
        """Return it with one row for each fault, one column for each step."""
        steps = list(dict.fromkeys(step for row in self.cells.values() for step in row))
        table = Table(self.title, (self.first, *steps))
        for fault, row in self.cells.items():
            table.row(fault, *(row[step].cell if step in row else NOT_ASKED for step in steps))
        runs = self.outcomes
        table.notes.append(
            f"{len(runs)} runs: {sum(one.filed == 1 for one in runs)} filed exactly once, "
            f"{sum(one.double for one in runs)} double, {sum(one.lost for one in runs)} lost; "
            f"{sum(one.removed == 1 for one in runs)} removed exactly once."
        )
        return table


class Trial:
    """One home, put back before each run."""

    def __init__(self, scene: Scene, kept: Snapshot) -> None:
        self.scene = scene
        self.authority = scene.authority
        self._kept = kept

    def afresh(self) -> None:
        """Begin again: the home as it was, a new post, an authority without faults."""
        self._kept.put_back()
        self.authority.forget_faults()
        self.scene.host.forget_faults()
        self.scene.next_post()

    def to_the_end(self, mend: Callable[[], None] = lambda: None) -> Outcome:
        """Run the job until nothing waits for a person, who mends and approves again."""
        for _ in range(_RUNS):
            self.scene.finish()
            if not self.scene.alarmed():
                break
            mend()
        return self.scene.outcome()


Share: TypeAlias = "Callable[[int], bool]"
"""Says which runs are to be made, by their place: all, some, or one shard's."""


def commits(trial: Trial, share: Share) -> Iterator[Run]:
    """Kill the job before and after each commit that writes."""
    trial.afresh()
    names = [name.partition(" ") for name in trial.scene.finish()]
    writing = [at for at, name in enumerate(names, 1) if name[2] != READING]
    for place, at in enumerate(writing):
        if not share(place):
            continue
        when, _, what = names[at - 1]
        trial.afresh()
        trial.scene.start(at)
        assert trial.scene.ended() == -signal.SIGKILL
        yield Run(place, f"`{what}`", f"killed {when}", trial.to_the_end())


def calls(trial: Trial, share: Share) -> Iterator[Run]:
    """Answer each call wrongly in every way."""
    for place, (fault, step, run) in enumerate(_runs(trial)):
        if share(place):
            trial.afresh()
            yield Run(place, fault, step, run())


def _runs(trial: Trial) -> Iterator[tuple[str, str, Callable[[], Outcome]]]:
    authority = trial.authority
    is_nca = isinstance(authority, SimulatedNca)
    steps = _NCA_CALLS if is_nca else _CALLS
    ask, last = "cancel" if is_nca else "retract", steps[-1]
    places = [
        *((step, step, "") for step in steps),
        *((f"{ask}, was {state}", ask, kind) for state, kind in _IN_DOUBT.items()),
    ]
    for fault, how in _answers(authority):
        for step, call, before in places:
            if _is_a_lie(how, before):
                continue
            yield fault, step, _answering(trial, call, how, last if before else "", before)
    yield from _stalls(trial, places, last)
    yield from _of_the_report(trial, steps)


def _answers(authority: Authority) -> Iterable[tuple[str, dict[str, object]]]:
    for kind in _ANSWERED_WRONGLY:
        yield kind.replace("_", " "), {"kind": kind}
    yield "status 503", {"kind": "refuse", "status": 503}
    if isinstance(authority, SimulatedNca):
        for status, word in _NCA_CODES:
            yield f"{status} `{word}`", {"kind": "refuse", "status": status, "code": word}
        return
    yield "status 401", {"kind": "refuse", "status": 401}
    for code in _CODES:
        yield f"code {code}", {"kind": "refuse", "code": code}


def _is_a_lie(how: dict[str, object], before: str) -> bool:
    """Say whether an answer to a question is false about the authority's own books.

    That a report was finished, or is not there, nobody else can know: to say so falsely is to
    lose it, or to have it twice. To other calls the same words are asked about.
    """
    code = str(how.get("code", ""))
    if before == _IN_DOUBT["open"]:
        return code in {"5102", "REPORT_SUBMITTED"}
    return bool(before) and code in {"5001", "5101", *_NCA_GONE}


def _answering(
    trial: Trial, call: str, how: dict[str, object], doubtful: str, before: str
) -> Callable[[], Outcome]:
    def run() -> Outcome:
        if doubtful:
            trial.authority.fault(before, call=doubtful)
        kind = str(how["kind"])
        rest = {name: value for name, value in how.items() if name != "kind"}
        if kind.startswith("kill"):
            rest["pid"] = trial.scene.start()
            trial.authority.fault(kind, call=call, **rest)
            assert trial.scene.ended() == -signal.SIGKILL
        else:
            trial.authority.fault(kind, call=call, **rest)
        return trial.to_the_end()

    return run


def _stalls(
    trial: Trial, places: list[tuple[str, str, str]], last: str
) -> Iterator[tuple[str, str, Callable[[], Outcome]]]:
    """Stall longer than the lease, with a second worker process that takes over."""

    def stalled(call: str, before: str, when: str) -> Outcome:
        if before:
            trial.authority.fault(before, call=last)
        trial.authority.fault("stall", call=call, when=when, seconds=_STALL_SECONDS)
        trial.scene.start()
        _until(lambda: not any(one["kind"] == "stall" for one in trial.authority.pending()))
        other = JobProcess()
        try:
            other.start(trial.scene.home, trial.scene.picture, trial.scene.post)
            ended = (trial.scene.ended(), other.ended())
        finally:
            other.close()
        assert ended == (0, 0), ended
        return trial.to_the_end()

    for when in ("before", "after"):
        for step, call, doubt in places:
            fault = f"stall {when} it acts, another worker takes over"
            yield fault, step, lambda call=call, doubt=doubt, when=when: stalled(call, doubt, when)  # type: ignore[misc]


def _of_the_report(
    trial: Trial, steps: tuple[str, ...]
) -> Iterator[tuple[str, str, Callable[[], Outcome]]]:
    """The report itself goes wrong: expires, holds other bytes, meets another schema."""
    authority = trial.authority

    def expired(call: str) -> Outcome:
        pid = trial.scene.start()
        authority.fault("kill_client_before", call=call, pid=pid)
        assert trial.scene.ended() == -signal.SIGKILL
        authority.advance(26 * 3600)
        return trial.to_the_end()

    for call in steps[1:]:
        yield "expired while we were down", call, lambda call=call: expired(call)  # type: ignore[misc]

    def misbehaving(kind: str, call: str) -> Outcome:
        authority.fault(kind, call=call)
        return trial.to_the_end()

    if isinstance(authority, SimulatedNca):
        yield "lying digest", "file", lambda: misbehaving("wrong_digest", "file")
        return
    for call in steps[1:]:
        fault = "expired on this call"
        yield fault, call, lambda call=call: misbehaving("expire", call)  # type: ignore[misc]
    yield "lying digest", "upload", lambda: misbehaving("wrong_md5", "upload")
    tipline = authority

    def swapped(one: str, other: str) -> Outcome:
        tipline.swap(one, other)
        try:
            return trial.to_the_end(mend=lambda: tipline.swap(None))
        finally:
            tipline.swap(None)

    fault = "schema order changed, then mended"
    yield fault, "submit", lambda: swapped("incidentType", "incidentDateTime")
    yield fault, "fileinfo", lambda: swapped("originalFileName", "locationOfFile")


def _until(true: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@contextmanager
def trial(database_url: str, authority: type[Authority]) -> Iterator[Trial]:
    """Make a home whose referrals go to one simulated authority."""
    with tempfile.TemporaryDirectory(prefix="tutela-matrix-") as folder:
        place = Path(folder)
        with authority(place) as running:
            for scene in staged(place, database_url, running, _LEASE):
                kept = Snapshot(scene.home, database_url)
                yield Trial(scene, kept)
                kept.close()
