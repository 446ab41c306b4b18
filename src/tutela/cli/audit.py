"""`tutela audit`: prove the log, show it, take a checkpoint along."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tutela.cli.session import Session

app = typer.Typer(name="audit", help="The tamper-evident record.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("verify")
def verify(context: typer.Context) -> None:
    """Prove the log: every entry, every signature. Exit 8 and the first bad entry otherwise."""
    session: Session = context.obj
    with session.platform() as platform:
        proof = platform.audit.verify()
    if session.json:
        session.put(
            {
                "verified": True,
                "entries": proof.size,
                "root": proof.root.hex(),
                "witnessed": proof.witnessed,
            }
        )
    else:
        session.say(f"Verified: {proof.size} entries, root {proof.root.hex()}.")
        session.say(
            f"A checkpoint of {proof.witnessed} entries was kept outside the database."
            if proof.witnessed
            else "No checkpoint was found outside the database: entries cut off cannot be noticed."
        )


@app.command("show")
def show(
    context: typer.Context,
    subject: Annotated[str | None, typer.Argument(help="An identifier, or all.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
) -> None:
    """Print entries, of one subject where given."""
    session: Session = context.obj
    with session.platform() as platform:
        entries = platform.audit.entries(subject, limit)
    session.table(
        ("seq", "at", "actor", "action", "subject", "details"),
        (
            {
                "seq": entry.seq,
                "at": entry.at.isoformat(timespec="seconds"),
                "actor": entry.actor,
                "action": entry.action,
                "subject": entry.subject,
                "details": entry.details,
            }
            for entry in entries
        ),
        "No entries.",
    )


@app.command("checkpoint")
def checkpoint(context: typer.Context) -> None:
    """Print the newest signed checkpoint (C2SP signed note) for an outside witness to keep."""
    session: Session = context.obj
    with session.platform() as platform:
        sys.stdout.write(platform.audit.checkpoint())
