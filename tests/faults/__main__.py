"""`make faults`: what is owed, and what may not be lost, while everything around it fails.

`rounds` (unless said otherwise): a platform under load, and faults at random; then its books.
`referrals`: every step of a referral under every fault, as tables.
"""

from __future__ import annotations

import secrets
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from bench import report
from tests.faults import referral_matrix
from tests.faults import rounds as round_maker
from tests.faults.referral_matrix import Authority, Matrix, Run
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
    keep: bool = typer.Option(False, "--keep", help="Put the tables into the documentation."),
) -> None:
    """Print filed, double and lost for each step and fault."""
    wrong: list[str] = []
    for name in ("SQLite", "PostgreSQL"):
        for party, kind in _AUTHORITIES.items():
            if only in {"", name} and authority in {"", party}:
                wrong += _measured(name, party, kind, keep=keep)
    if wrong:
        sys.exit("\n".join(["Not exactly once:", *wrong]))


def _measured(
    name: str,
    party: str,
    kind: type[Authority],
    *,
    keep: bool,
) -> list[str]:
    with ThreadPoolExecutor(_SHARDS) as pool, _databases(name) as urls:
        parts = list(pool.map(lambda shard: _shard(urls[shard], kind, shard), range(_SHARDS)))
    killed = [run for part in parts for run in part[0]]
    answered = [run for part in parts for run in part[1]]
    matrices = [
        Matrix.of(f"{party}, {name}: killed around each commit", "commit of", killed),
        Matrix.of(f"{party}, {name}: each call answered wrongly", "fault", answered),
    ]
    tables = [one.table() for one in matrices]
    for table in tables:
        print(table.markdown(), flush=True)
    if keep:
        report.keep(f"faults {party} {name}", tables)
    return [line for one in matrices for line in one.wrong]


def _shard(url: str, kind: type[Authority], shard: int) -> tuple[list[Run], list[Run]]:
    """Make every `_SHARDS`th run, on a home and an authority of its own."""

    def share(place: int) -> bool:
        return place % _SHARDS == shard

    with ExitStack() as on:
        # Alembic upgrades one database at a time in a process.
        with _STAGING:
            trial = on.enter_context(referral_matrix.trial(url, kind))
        killed = list(referral_matrix.commits(trial, share))
        return killed, list(referral_matrix.calls(trial, share))


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
