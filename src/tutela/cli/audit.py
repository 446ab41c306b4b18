"""`tutela audit`: prove the log, show it, take a checkpoint along."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tutela.audit.entry import Action
from tutela.audit.prover import checker
from tutela.cli.session import Session
from tutela.errors import Conflict, Unavailable

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
        platform.audit.note(
            session.actor, Action.AUDIT_READ, "audit", over="shell", read="entries", about=subject
        )
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


@app.command("key")
def key(context: typer.Context) -> None:
    """Print the log's public key (C2SP verifier key): publish it where others can compare."""
    session: Session = context.obj
    with session.platform() as platform:
        sys.stdout.write(platform.prover.key + "\n")


@app.command("prove")
def prove(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(min=0, help="The entry's number, its `seq`.")],
    to: Annotated[Path, typer.Option(help="The file to write; there must be none yet.")],
) -> None:
    """Write a proof of one entry that anybody can check with nothing but Python."""
    session: Session = context.obj
    with session.platform() as platform:
        document = platform.prover.document(entry)
        platform.audit.note(session.actor, Action.AUDIT_PROVED, "audit", over="shell", entry=entry)
    _write(to, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
    session.say(f"Written: {to}. Send it with the checker (`tutela audit checker`).")


@app.command("checker")
def write_checker(
    to: Annotated[Path, typer.Option(help="The file to write; there must be none yet.")],
) -> None:
    """Write the stand-alone program that checks a proof file: one file of Python."""
    _write(to, checker())


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise Conflict("There is such a file already.", "Name another one.") from None
    except OSError as problem:
        raise Unavailable(
            f"The file cannot be written: {problem.strerror}.", "Check its path and your rights."
        ) from problem
