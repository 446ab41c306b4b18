"""Seeded rounds: load, troubles, rest, books."""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from bench.report import Table
from tests.faults import books, troubles
from tests.faults.bucket import Bucket
from tests.faults.disk import small_disk
from tests.faults.load import Load
from tests.faults.postgres_party import PostgresParty
from tests.faults.rig import Rig

from tutela.cases.case import CaseState, cases
from tutela.errors import TutelaError
from tutela.referrals.referral import State
from tutela.storage.clock import utc_now
from tutela.storage.duties import duties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tutela.bootstrap import Platform

_DISK_MEBIBYTES = 1024
_PATIENCE = 180.0
_LONGEST_WAIT = timedelta(minutes=11)
"""A retry waits ten minutes at most; what is due later than this is lost, not late."""
_UPLOAD_SECONDS = (0.5, 2.0)


@dataclass(slots=True)
class Account:
    """What some rounds were, and what they found."""

    kind: str
    seed: int
    rounds: int = 0
    seconds: float = 0.0
    loaded_seconds: float = 0.0
    uploads: int = 0
    decisions: int = 0
    referrals: int = 0
    entries: int = 0
    refused_calls: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    """Ends of servers that nobody brought about, by exit status."""
    struck: Counter[str] = field(default_factory=Counter)
    left_out: tuple[str, ...] = ()
    violations: list[str] = field(default_factory=list)

    def table(self) -> Table:
        """Return it as a table."""
        table = Table(f"{self.kind}: {self.rounds} rounds, seed {self.seed}", ("what", "how many"))
        table.row("uploads accepted", self.uploads)
        table.row(
            "uploads a second, while clients ran", f"{self.uploads / self.loaded_seconds:.1f}"
        )
        table.row("decisions", self.decisions)
        table.row("referrals filed", self.referrals)
        table.row("audit entries", self.entries)
        table.row("calls of reviewers answered with 5xx", self.refused_calls)
        ended = ", ".join(f"{number} with status {one}" for one, number in self.ends.items())
        table.row("servers that ended by themselves", ended or 0)
        table.row("faults", self.struck.total())
        for name, number in sorted(self.struck.items()):
            table.row(f"fault: {name}", number)
        table.row("**violations**", f"**{len(self.violations)}**")
        if self.left_out:
            table.notes.append(f"NOT RUN here: {', '.join(self.left_out)}.")
        return table


@contextlib.contextmanager
def rig(*, postgres: Path | None, bucket: bool) -> Iterator[Rig]:
    """Make a rig; with the folder of PostgreSQL's programs it runs on PostgreSQL."""
    with (
        tempfile.TemporaryDirectory(prefix="tutela-faults-") as folder,
        contextlib.ExitStack() as on,
    ):
        root = Path(folder)
        # PostgreSQL's own user must get through.
        root.chmod(0o755)
        disk = on.enter_context(small_disk(root, "disk", _DISK_MEBIBYTES))
        party = store = None
        if postgres is not None:
            party = PostgresParty(postgres, disk.folder)
            on.callback(party.close)
        if bucket:
            store = Bucket(root)
            on.callback(store.close)
        made = Rig(root, disk, party, store)
        on.callback(made.close)
        yield made


def run(
    made: Rig, kind: str, seed: int, rounds: int, every: int, say: Callable[[str], None]
) -> Account:
    """Make rounds; look at the books after each `every` of them, and at the end."""
    account = Account(kind, seed)
    if not made.disk.own:
        account.left_out += ("fill disk (needs root and mount)",)
    chance, known = random.Random(seed), troubles.all_of(made)
    load, start = Load(made, seed), time.monotonic()
    opened: set[str] = set()
    try:
        for number in range(1, rounds + 1):
            names = chance.sample(sorted(known), chance.choice((1, 1, 2, 3)))
            begun = time.monotonic()
            load.upload()
            time.sleep(chance.uniform(*_UPLOAD_SECONDS))
            troubles.at_once(made, [known[name] for name in names], chance)
            account.struck.update(names)
            load.pause()
            account.loaded_seconds += time.monotonic() - begun
            made.mend()
            account.rounds = number
            if number % every == 0 or number == rounds:
                if number == rounds:
                    opened.clear()
                found = _looked(made, load, opened)
                account.violations += [
                    f"round {number} ({', '.join(names)}): {one}" for one in found
                ]
                for one in found:
                    say(one)
            say(f"{number}: {', '.join(names)}; {len(load.said.accepted)} uploads")
    finally:
        load.stop()
        account.seconds = time.monotonic() - start
    _count(made, load, account)
    return account


def _looked(made: Rig, load: Load, opened: set[str]) -> list[str]:
    load.pause()
    begun = time.monotonic()
    waits = "never looked"
    while time.monotonic() < begun + _PATIENCE:
        made.supervise()
        with contextlib.suppress(TutelaError), made.platform() as platform:
            _hurry(platform)
            waits = _waiting(made, platform)
            if not waits:
                break
        time.sleep(0.25)
    stuck = [f"still waiting after {_PATIENCE:.0f} s: {waits}"] if waits else []
    return stuck + books.violations(made, load.said, opened=opened)


def _hurry(platform: Platform) -> None:
    """Make due what only waits for its next try, so that a run does not sit out ten minutes."""
    now = utc_now()
    with platform.database.bookkeeping() as connection:
        late = duties.c.due.between(now, now + _LONGEST_WAIT)
        connection.execute(duties.update().where(duties.c.done_at.is_(None), late).values(due=now))


def _waiting(made: Rig, platform: Platform) -> str:
    """Say what has not come to rest."""
    unsettled = [one["id"] for one in made.host.books()["posts"] if not one["settled"]]
    if unsettled:
        return f"{len(unsettled)} posts without an answer"
    with platform.database.reading() as connection:
        undecided = connection.scalar(
            sa.select(sa.func.count()).where(cases.c.state == CaseState.OPEN.value)
        )
    if undecided:
        return f"{undecided} cases without a decision"
    ended = {State.FILED, State.ACKNOWLEDGED, State.WITHDRAWN}
    if waiting := [one.state for one in platform.register.all() if one.state not in ended]:
        return f"referrals: {', '.join(waiting[:10])}"
    owed = platform.worker.owed()
    return f"{owed} duties" if owed else ""


def _count(made: Rig, load: Load, account: Account) -> None:
    account.uploads = len(load.said.accepted)
    account.decisions = len(load.said.decided)
    account.refused_calls = load.said.unanswered
    account.ends.update(status for one in made.servers for status in one.died)
    with made.platform() as platform:
        account.referrals = sum(one.receipt_number is not None for one in platform.register.all())
        account.entries = platform.audit.verify().size
