"""The command itself."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.cli.rehearsal.drills import drills
from tutela.cli.rehearsal.stage import Stage

if TYPE_CHECKING:
    from tutela.cli.session import Session

_FAILED = 1


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    root.command("rehearse")(rehearse)


def rehearse(
    context: typer.Context,
    against: Annotated[
        str | None,
        typer.Option(help="The CyberTipline's own test environment instead of the simulator."),
    ] = None,
) -> None:
    """Send a benign case through your settings against simulators. Exit 1 if anything is wrong.

    Nothing of your instance is touched: the case has a home of its own, which is removed.
    """
    session: Session = context.obj
    settings = session.settings()
    folder = Path(tempfile.mkdtemp(prefix="tutela-rehearsal-"))
    try:
        with Stage(settings, folder, against) as stage:
            done = list(drills(stage, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    session.table(
        ("authority", "tried", "ended", "right"),
        (
            {
                "authority": one.authority,
                "tried": one.tried,
                "ended": one.ended,
                "right": "yes" if one.right else "NO",
            }
            for one in done
        ),
        "",
    )
    if not all(one.right for one in done):
        raise typer.Exit(_FAILED)
