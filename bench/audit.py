"""What an audited change costs, how fast a long log is proven, and what a proof of one takes."""

import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.report import Table

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action, Actor, Entry
from tutela.audit.log import AuditLog
from tutela.audit.merkle import Frontier, leaf_hash
from tutela.audit.prover import Prover
from tutela.audit.rows import audit_entries, audit_head, row_of
from tutela.audit.tree import audit_tiles, tiles_of
from tutela.storage.clock import utc_now
from tutela.storage.database import Database, metadata

_CHANGES = 500
_QUICK, _LARGE, _USUAL = 20_000, 10_000_000, 200_000
_BATCH = 20_000
_PROOFS = 100
_SIGNER = CheckpointSigner("bench.local", b"b" * 32)
_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the figures. With `large` the log has ten million entries; it takes 5 GB of disk."""
    size = _QUICK if quick_run else _LARGE if large else _USUAL
    with tempfile.TemporaryDirectory() as folder:
        changes = _changes(Path(folder))
        database = Database(os.environ.get("BENCH_DATABASE") or f"sqlite:///{folder}/long.db")
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        fill(database, size)
        long = Table(f"A log of {size:,} entries on {kind}", ("work", "result"))
        database.close()
        long.row(
            "whole log proven", _verified(str(database.engine.url.render_as_string(False)), size)
        )
        database = Database(str(database.engine.url.render_as_string(False)))
        prover, pick = Prover(database, _SIGNER), random.Random(1)
        for what, prove in (
            ("inclusion", lambda: prover.inclusion(pick.randrange(size))),
            ("consistency", lambda: prover.consistency(pick.randrange(1, size))),
        ):
            start = time.perf_counter()
            for _ in range(_PROOFS):
                prove()
            each = (time.perf_counter() - start) / _PROOFS
            long.row(f"one proof of {what}, at random", f"{each * 1e3:.1f} ms")
        database.close()
    return [changes, long]


def _changes(folder: Path) -> Table:
    table = Table("Audited changes on SQLite", ("work", "time"))
    database = _made(f"sqlite:///{folder}/bench.db")
    audit = AuditLog(database, _SIGNER, utc_now, WitnessFile(folder / "witness", _SIGNER))
    start = time.perf_counter()
    for place in range(_CHANGES):
        audit.note(Actor("system", "bench"), Action.ITEM_HELD, f"itm_{place}")
    each = (time.perf_counter() - start) / _CHANGES
    table.row("one change with its entry", f"{each * 1e3:.2f} ms")
    database.close()
    return table


def _made(url: str) -> Database:
    database = Database(url)
    with database.bookkeeping() as connection:
        metadata.create_all(connection)
    return database


def fill(database: Database, size: int) -> None:
    """Write a log of `size` entries in bulk: the same rows, tiles and head, in few transactions."""
    with database.bookkeeping() as connection:
        metadata.create_all(connection)
    frontier = Frontier()
    while frontier.size < size:
        rows, tiles = [], []
        for _ in range(min(_BATCH, size - frontier.size)):
            entry = Entry(
                frontier.size,
                _START + timedelta(milliseconds=frontier.size),
                "machine:acc_01JB0000000000000000000000",
                Action.ITEM_SCREENED.value,
                f"itm_{frontier.size:026d}",
                {"matches": 0, "reason": None, "verdict": "clean"},
            )
            leaf = leaf_hash(entry.canonical())
            completed = frontier.completed(leaf)
            rows.append(row_of(entry, leaf))
            tiles += tiles_of(entry.seq, completed)
            frontier = frontier.grown(completed)
        with database.bookkeeping() as connection:
            connection.execute(audit_entries.insert(), rows)
            if tiles:
                connection.execute(audit_tiles.insert(), tiles)
    note = _SIGNER.sign(frontier.size, frontier.root())
    with database.bookkeeping() as connection:
        connection.execute(
            audit_head.insert().values(
                id=1, size=frontier.size, peaks=frontier.packed(), checkpoint=note
            )
        )


_VERIFY = """
import resource, sys, time
from bench.audit import _SIGNER
from tutela.audit.proof import verify
from tutela.storage.database import Database
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, cpu = time.perf_counter(), time.process_time()
size = verify(Database(sys.argv[1]), _SIGNER, None).size
took, used = time.perf_counter() - start, time.process_time() - cpu
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(size, took, used, before, after)
"""


def _verified(url: str, size: int) -> str:
    """Prove the log in a process of its own, whose memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", _VERIFY, url], capture_output=True, text=True, check=True
    )
    proven, took, used, before, after = (float(one) for one in done.stdout.split())
    assert proven == size
    more = (after - before) / 1024
    return (
        f"{took:.0f} s, {used:.0f} s of them computing; {size / took:,.0f} entries/s; "
        f"at most {after / 1024:.0f} MiB, {more:.0f} of them for this"
    )
