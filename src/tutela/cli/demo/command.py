"""The command `tutela demo`: set the stage, run the main job, leave it open or finish it."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tutela.cli.demo.reviewer import Reviewer
from tutela.cli.demo.stage import Stage
from tutela.cli.demo.summary import Summary, summarise
from tutela.cli.session import Session
from tutela.errors import UsageError

_INCOMPLETE = 1
_GRACE = 10
_TERMINATED = 128 + signal.SIGTERM
_HEADINGS = ("step", "what happened", "done")

_WHAT_TO_CLICK = """
The main job is at the point where a person decides. Open, once:

    {sign_in}

  1. Sign in as a reviewer. Three held cases and an unreadable file wait.
  2. Open the first case and claim it. The facts come first; no picture is shown
     until you ask for a reduced one.
  3. Decide it abusive, on the grounds of a listed copy. Approve the referral.
  4. See the post removed and the referral received:
       host platform   {host}
       authority       {authority}
  5. Decide another one not abusive, and see its posts restored.

  Prove the log:  tutela --home {home} audit verify
  Press Ctrl-C to end; everything goes away."""


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Run headless to the receipt, print a table, end.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the demo's home in this new folder.")
    ] = None,
    port: Annotated[int, typer.Option(help="The console's port; 0: a free one.")] = 8420,
) -> None:
    """Run a platform, its host platform and an authority on loopback, with benign pictures."""
    session: Session = context.obj
    # Told to end, it ends what it started, too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(_TERMINATED))
    home = _home(keep)
    people = session.people
    try:
        # Nobody is there to undo anything in a headless run.
        with Stage(home, 0 if once else port, people, grace=0 if once else _GRACE) as stage:
            stage.upload_all()
            if once:
                Reviewer(stage).decide_all()
                summary = summarise(stage)
                _print(session, summary)
                if not summary.complete:
                    raise typer.Exit(_INCOMPLETE)
            else:
                _leave_open(stage, people)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)


def _home(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="tutela-demo-"))
    if keep.exists():
        raise UsageError("The folder to keep exists already.", "Name a new one.")
    keep.mkdir(mode=0o700, parents=True)
    return keep


def _print(session: Session, summary: Summary) -> None:
    if session.json:
        session.put(summary.row())
        return
    table = Table(*_HEADINGS, title="The main job, once", title_justify="left", box=None)
    for step in summary.steps:
        table.add_row(step.name, step.happened, "yes" if step.done else "NO")
    Console(highlight=False, markup=False).print(table)


def _leave_open(stage: Stage, people: Console) -> None:
    people.print(
        _WHAT_TO_CLICK.format(
            sign_in=stage.sign_in_address(),
            host=stage.host.address,
            authority=stage.authority.address,
            home=stage.home,
        ),
        soft_wrap=True,
    )
    while stage.alive():
        time.sleep(0.5)
