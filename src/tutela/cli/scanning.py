"""`tutela scan`: screens folders and files against the lists."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tutela import bootstrap
from tutela.cli.session import Session
from tutela.hashing.look import Budget
from tutela.matching.screening import Verdict
from tutela.platform import bulk
from tutela.platform.journal import Journal
from tutela.platform.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.bootstrap import Platform

_SOME_UNSCREENED = 3


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("scan")(scan_paths)


def scan_paths(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    only: Annotated[
        list[str] | None, typer.Option("--list", help="Only this list; may be repeated.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that hash; none: one a core.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Hash each picture exactly, also if far from all.")
    ] = False,
    looks: Annotated[
        Budget | None, typer.Option(help="How hard to look for changed copies; none: the policy's.")
    ] = None,
) -> None:
    """Screen files; goes on where an interrupted scan stopped. Exit 3: some were unscreened."""
    session: Session = context.obj
    counts: Counter[str] = Counter()
    with session.platform() as platform:
        if not platform.lists.lists():
            session.say("There are no lists, so nothing can match: see `tutela lists import`.")
        terms = bulk.terms(
            paths, platform.screener, platform.limits, only, exact=exact, looks=looks
        )
        journal = Journal(session.home / "scans", terms)
        if journal.resumed:
            session.say(f"Going on after {journal.resumed} files of an interrupted scan.")
        try:
            for row in _watched(
                session, platform, paths, only, workers, journal, looks, exact=exact
            ):
                counts[row["verdict"]] += 1
                _print(session, row)
        except BaseException:
            journal.close()
            session.say("Interrupted: run the same command again to go on.")
            raise
        journal.finish()
    session.say(", ".join(f"{counts[one.value]} {one.value}" for one in Verdict) + ".")
    if counts[Verdict.UNSCREENED.value]:
        raise typer.Exit(_SOME_UNSCREENED)


def _watched(
    session: Session,
    platform: Platform,
    paths: list[Path],
    only: list[str] | None,
    workers: int | None,
    journal: Journal,
    looks: Budget | None,
    *,
    exact: bool,
) -> Iterator[dict[str, Any]]:
    """Yield the lines while a progress bar on stderr counts them."""
    total = sum(1 for _ in walk(paths))
    columns = (
        TextColumn("screening"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    lines = bulk.scan(
        paths,
        platform.screener,
        platform.limits,
        journal=journal,
        lists=only,
        workers=workers,
        exact=exact,
        looks=looks,
        work=bootstrap.parsing_terms(platform.settings.decoding, looks=False),
    )
    with Progress(*columns, console=session.people, transient=True) as progress:
        task = progress.add_task("", total=total)
        for row in lines:
            yield row
            progress.advance(task)


def _print(session: Session, row: dict[str, Any]) -> None:
    if session.json:
        session.put(row)
    elif row["matches"]:
        for match in row["matches"]:
            seconds = f" at {match['seconds']:.1f} s" if "seconds" in match else ""
            session.say(
                f"{row['verdict']:<12}{row['path']}  {match['list']}/{match['entry']} "
                f"{match['algorithm']} {match['distance']} bits, {match['via']}{seconds}"
            )
    elif row["verdict"] == Verdict.UNSCREENED.value:
        session.say(f"unscreened  {row['path']}  {row['reason']}")
