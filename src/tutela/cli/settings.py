"""`tutela settings`: what is in force, without a secret."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli.session import Session
from tutela.settings_in_force import in_force


def add_to(root: typer.Typer) -> None:
    """Add the command of this file."""
    root.command("settings")(settings)


def settings(
    context: typer.Context,
    own: Annotated[bool, typer.Option("--own", help="Only what is not as shipped.")] = False,
) -> None:
    """Print the settings in force, from file and variables; of a secret only whether it is set."""
    session: Session = context.obj
    session.table(
        ("part", "setting", "in_force", "own"),
        (
            {
                "part": one.part,
                "setting": one.name,
                "in_force": one.shown,
                "own": "yes" if one.own else "",
            }
            for one in in_force(session.settings())
            if one.own or not own
        ),
        "Everything is as shipped.",
    )
