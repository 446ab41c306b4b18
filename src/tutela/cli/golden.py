"""`tutela golden`: benign pictures with a known answer, mixed among reviewers' cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.cli.session import Session

app = typer.Typer(
    name="golden", help="Benign pictures with a known answer, for checks.", no_args_is_help=True
)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("add")
def add(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(help="Benign pictures and their answers.csv; none: the drawn set."),
    ] = None,
    name: Annotated[str, typer.Option(help="What a folder's set is called.")] = "own",
) -> None:
    """Put a set in, for a lead who is signed in. A picture that meets a list is refused."""
    session: Session = context.obj
    with session.platform() as platform:
        sets = platform.golden_sets
        if folder is None:
            number = sets.install_drawn(session.actor)
        else:
            number = sets.install_folder(session.actor, name, folder)
    session.say(f"{number} pictures are in. They are mixed among reviewers' cases from now on.")


@app.command("show")
def show(context: typer.Context) -> None:
    """Print the sets that are in."""
    session: Session = context.obj
    with session.platform() as platform:
        sets = platform.golden_sets.all()
    rows = ({"set": one.name, "pictures": one.pictures, "since": one.since} for one in sets)
    session.table(("set", "pictures", "since"), rows, "No set is in.")


@app.command("remove")
def remove(context: typer.Context, name: Annotated[str, typer.Argument(help="The set.")]) -> None:
    """Take a set out. Its checks that nobody has answered are withdrawn."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.golden_sets.remove(session.actor, name)
    session.say("Taken out.")
