"""`make faults`: what is owed, and what may not be lost, while everything around it fails.

`rounds` (unless said otherwise): a platform under load, and faults at random; then its books.
`referrals`: every step of a referral under every fault, as tables.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from bench import report
from tests.faults import referral_matrix
from tests.faults import rounds as round_maker
from tests.faults.referral_matrix import Authority, Matrix, Share, calls, commits
from tests.faults.run_book import RunBook
from tests.postgres import running_cluster, server_binaries
from tests.simulators.process import SimulatedCyberTipline, SimulatedNca

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
_SHARDS = 4
"""Runs at once: most of a run is waiting, for a lease to lapse or a retry to fall due."""
_STAGING = threading.Lock()
_AUTHORITIES: dict[str, type[Authority]] = {
    "CyberTipline": SimulatedCyberTipline,
    "NCA": SimulatedNca,
}


@app.command("rounds")
def make_rounds(
    seed: int = typer.Option(0, help="The same seed makes the same faults; 0: any."),
    rounds: int = typer.Option(20, help="How many."),
    every: int = typer.Option(5, help="Look at the books after so many."),
    on: str = typer.Option("sqlite", help="sqlite: with a folder; postgresql: with S3."),
    keep: bool = typer.Option(False, "--keep", help="Put the table into the documentation."),
) -> None:
    """Break everything around a platform under load, then hold its books against each other."""
    scaled = on == "postgresql"
    kind = "PostgreSQL and S3" if scaled else "SQLite and a folder"
    seed = seed or secrets.randbelow(10**6)
    with round_maker.rig(postgres=_programs() if scaled else None, bucket=scaled) as rig:
        account = round_maker.run(rig, kind, seed, rounds, every, _say)
    table = account.table()
    print(table.markdown())
    if keep:
        report.keep(f"faults {on}", [table])
    if account.violations:
        sys.exit("\n".join(["Violations:", *account.violations]))


def _say(line: str) -> None:
    print(line, flush=True)


def _programs() -> Path:
    found = server_binaries()
    if found is None:
        sys.exit("A PostgreSQL server is needed: scripts/system-packages.sh installs it.")
    return found


@app.command()
def referrals(
    only: str = typer.Option("", help="SQLite or PostgreSQL alone."),
    authority: str = typer.Option("", help="CyberTipline or NCA alone."),
    book: str = typer.Option("", help="A file: keep each run there, and go on from there."),
    minutes: float = typer.Option(600.0, help="Begin no run after so many."),
    keep: bool = typer.Option(False, "--keep", help="Put the tables into the documentation."),
) -> None:
    """Print filed, double and lost for each step and fault."""
    wrong: list[str] = []
    kept, end = RunBook(Path(book) if book else None), time.monotonic() + 60 * minutes
    for name in ("SQLite", "PostgreSQL"):
        for party, kind in _AUTHORITIES.items():
            if only in {"", name} and authority in {"", party}:
                wrong += _measured(name, party, kind, kept, end, keep=keep)
    if wrong:
        sys.exit("\n".join(["Not exactly once:", *wrong]))


def _measured(
    name: str,
    party: str,
    kind: type[Authority],
    book: RunBook,
    end: float,
    *,
    keep: bool,
) -> list[str]:
    killed = f"{party}, {name}: killed around each commit"
    answered = f"{party}, {name}: each call answered wrongly"

    def shard(number: int, url: str) -> None:
        """Make every `_SHARDS`th run, on a home and an authority of its own."""

        def share(matrix: str) -> Share:
            return lambda place: (
                place % _SHARDS == number and time.monotonic() < end and not book.has(matrix, place)
            )

        with ExitStack() as on:
            # Alembic upgrades one database at a time in a process.
            with _STAGING:
                trial = on.enter_context(referral_matrix.trial(url, kind))
            for matrix, make in ((killed, commits), (answered, calls)):
                for run in make(trial, share(matrix)):
                    book.add(matrix, run)

    with ThreadPoolExecutor(_SHARDS) as pool, _databases(name) as urls:
        list(pool.map(shard, range(_SHARDS), urls))
    matrices = [
        Matrix.of(killed, "commit of", book.runs(killed)),
        Matrix.of(answered, "fault", book.runs(answered)),
    ]
    tables = [one.table() for one in matrices]
    for table in tables:
        print(table.markdown(), flush=True)
    if keep:
        report.keep(f"faults {party} {name}", tables)
    return [line for one in matrices for line in one.wrong]


@contextmanager
def _databases(name: str) -> Iterator[list[str]]:
    """Give the addresses of a fresh database for each shard."""
    if name == "SQLite":
        yield ["sqlite://"] * _SHARDS
        return
    with running_cluster(_programs()) as cluster:
        yield [cluster.url(cluster.create()) for _ in range(_SHARDS)]


if __name__ == "__main__":
    words = sys.argv[1:]
    app(words if words and not words[0].startswith("--") else ["rounds", *words])
