"""Filing a long queue at a slow authority: how fast, in how much memory, and what urgent waits."""

from __future__ import annotations

import io
import resource
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
from bench.obedient_host import ObedientHost
from bench.report import Table, machine
from PIL import Image

from tutela import bootstrap, installation
from tutela import settings as settings_file
from tutela.audit.entry import Actor
from tutela.cli.demo.processes import Process
from tutela.content.account import AccountFacts
from tutela.content.notice import Harm, Notice, Notifier
from tutela.content.surroundings import Surroundings
from tutela.decisions.decision import Finding, Grounds, Outcome
from tutela.evidence.vault import Purpose
from tutela.exchange.cybertipline import CyberTipline
from tutela.platform.intake import Submission
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from tutela.bootstrap import Platform

_HOST, _PERSON = Actor("machine", "bench"), Actor("person", "bench")
_STALL = 0.05
_WORKERS = 8
_URGENT_EVERY = 5.0
_MIB = 1 << 20
_NOTICED = Surroundings(notice=Notice(Harm.DEPICTION, Notifier.MODERATOR))


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the figures."""
    queued = 200 if quick_run else 10_000
    mebibytes = 256 if quick_run else 10_240 if large else 1024
    with (
        tempfile.TemporaryDirectory() as folder,
        ObedientHost() as host,
        _Stage(Path(folder), host) as stage,
    ):
        file = _one_large_file(stage, mebibytes)
        return [file, _queue(stage, queued)]


class _Stage:
    """A platform on SQLite and a simulated CyberTipline that thinks 50 ms about every call."""

    def __init__(self, folder: Path, host: ObedientHost) -> None:
        self._authority = Process(
            "simulated authority",
            (
                *("tutela.simulators.cybertipline", "--port", "0"),
                *("--state", str(folder / "authority.db")),
            ),
            folder / "authority.log",
        )
        self.url = f"{self._authority.address}/ispws"
        there = {"url": self.url, "username": "reporter", "password": "reporter"}
        home = folder / "home"
        home.mkdir()
        settings = settings_file.load(
            home,
            authority=there,
            approval={"people": 0},
            grace={"seconds": 0},
            host={"webhook_url": host.address},
        )
        installation.create_home(settings, "bench")
        self.platform: Platform = bootstrap.open_platform(settings)

    def __enter__(self) -> _Stage:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.platform.close()
        self._authority.stop()

    def slow(self) -> None:
        """Let every call from now on take 50 ms."""
        told = {"kind": "stall", "times": 10**9, "seconds": _STALL}
        url = f"{self._authority.address}/_control/faults"
        httpx.post(url, json=told, trust_env=False).raise_for_status()

    def reports(self) -> list[str]:
        """Return the states of all reports that the authority has."""
        url = f"{self._authority.address}/_control/books"
        books = httpx.get(url, timeout=120, trust_env=False).json()
        return [one["state"] for one in books["reports"]]

    def refer(self, name: str, danger: str | None = None) -> str:
        """Take a picture in and decide it; the decision sends the referral. Return its id."""
        noise = np.frombuffer(name.encode().ljust(192, b"."), np.uint8).reshape(8, 8, 3)
        written = io.BytesIO()
        Image.fromarray(np.kron(noise, np.ones((8, 8, 1), np.uint8))).save(written, "PNG")
        told = Submission(written.getvalue(), name, AccountFacts(id=name), surroundings=_NOTICED)
        case_id = self.platform.intake.submit(_HOST, told).case_id or ""
        lease = self.platform.queue.claim(_PERSON, case_id)
        finding = Finding(Outcome.ABUSIVE, Grounds.CONTEXT, note="x", urgent_reason=danger)
        self.platform.casework.decide(_PERSON, case_id, lease.token, 1, finding)
        (made,) = self.platform.register.for_case(case_id)
        return made.id


def _one_large_file(stage: _Stage, mebibytes: int) -> Table:
    """Seal a file, open it again and send it, never whole in memory."""
    table = Table(
        f"One file of {mebibytes:,} MiB, sealed and then sent", ("work", "time", "memory grown by")
    )
    vault, block = stage.platform.vault, bytes(range(256)) * 4096
    before, start = _peak(), time.perf_counter()
    sealed = vault.seal_parts(block for _ in range(mebibytes))
    table.row("sealed", f"{time.perf_counter() - start:.1f} s", f"{_peak() - before:.0f} MiB")
    with stage.platform.audit.change(_HOST) as change:
        vault.keep(change, sealed, "itm_bench")
    there = CyberTipline(stage.url, "reporter", "reporter")
    referral = stage.platform.register.load(stage.refer("large"))
    number = there.open(there.opening(referral)).number
    opened = vault.open_parts(_HOST, sealed.id, Purpose.REFERRAL)
    start = time.perf_counter()
    there.send_file(number, "large.bin", opened)
    table.row(
        "opened and sent", f"{time.perf_counter() - start:.1f} s", f"{_peak() - before:.0f} MiB"
    )
    table.notes.append(machine("obstore", "pynacl", "httpx"))
    return table


def _queue(stage: _Stage, queued: int) -> Table:
    table = Table(
        f"{queued:,} referrals, {_STALL * 1e3:.0f} ms for each of their 4 calls at the authority",
        ("what", "figure"),
    )
    start = time.perf_counter()
    ids = [stage.refer(f"plain-{place}") for place in range(queued)]
    table.row(
        "taken in, decided and queued", f"{queued / (time.perf_counter() - start):.0f} a second"
    )
    stage.slow()
    before, start, stop = _peak(), time.perf_counter(), threading.Event()
    run = stage.platform.worker.run
    lanes = [threading.Thread(target=run, args=(stop,)) for _ in range(_WORKERS)]
    lanes.append(threading.Thread(target=run, args=(stop,), kwargs={"urgent_only": True}))
    for lane in lanes:
        lane.start()
    waits = _urgent_until(stage, ids[-1], stop)
    while stage.platform.worker.owed():
        time.sleep(0.2)
    took = time.perf_counter() - start
    stop.set()
    for lane in lanes:
        lane.join()
    states = stage.reports()
    filed = queued + len(waits) + 1
    table.row(f"filed, {_WORKERS} workers and the urgent one", f"{filed / took * 60:,.0f} a minute")
    table.row("memory grown by", f"{_peak() - before:.0f} MiB")
    table.row("the whole queue took", f"{took:.0f} s")
    table.row(
        f"urgent ones meanwhile: {len(waits)}, from decision to receipt",
        f"median {statistics.median(waits):.2f} s, slowest {max(waits):.2f} s",
    )
    finished = states.count("finished")
    table.row("finished reports for that many referrals", f"{finished:,} for {filed:,}")
    table.notes.append(machine("sqlalchemy", "httpx", "lxml"))
    return table


def _urgent_until(stage: _Stage, last: str, stop: threading.Event) -> list[float]:
    """Refer something urgent every few seconds while the queue lasts; return what each waited."""
    register = stage.platform.register
    waits: list[float] = []
    while register.load(last).state is not State.FILED or not waits:
        start = time.perf_counter()
        name = f"urgent-{len(waits)}-{datetime.now(UTC).timestamp()}"
        urgent = stage.refer(name, "A rehearsed danger.")
        while register.load(urgent).state is not State.FILED:
            time.sleep(0.01)
        waits.append(time.perf_counter() - start)
        stop.wait(_URGENT_EVERY if len(waits) > 1 else 0)
    return waits


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
