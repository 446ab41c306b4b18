"""`tutela evidence`: sealed packages out, and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.access.second_person import Verb
from tutela.cli.session import Session
from tutela.evidence import package
from tutela.evidence.keys import OpeningKey, SealingKey
from tutela.key_files import KeyFiles

app = typer.Typer(name="evidence", help="Sealed evidence.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("export")
def export(
    context: typer.Context,
    evidence_id: Annotated[str, typer.Argument(help="Its identifier, evd_…")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the package.")],
    to: Annotated[
        Path | None, typer.Option(help="The receiver's public key file; none: this instance's.")
    ] = None,
) -> None:
    """Write one piece of evidence, digests re-verified, sealed to a receiver's key. Audited.

    Needs a second person, by default.
    """
    session: Session = context.obj
    with session.platform() as platform:
        key = SealingKey.load(to) if to else KeyFiles(platform.settings.keys).sealing_key()
        platform.approvals.spend(session.actor, Verb.EXPORT, evidence_id, key.id)
        done = package.export(
            platform.vault, platform.audit, session.actor, evidence_id, folder, key
        )
    _print(session, done)


@app.command("check")
def check(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The package's folder.")],
    key: Annotated[
        Path | None, typer.Option(help="The private key file; none: this instance's.")
    ] = None,
) -> None:
    """Open a package in memory and prove its digests; works without the sender's instance."""
    session: Session = context.obj
    opening = OpeningKey.load(key) if key else KeyFiles(session.settings().keys).opening_key()
    _print(session, package.check(folder, opening))


def _print(session: Session, done: package.Checked) -> None:
    row = {"evidence": done.evidence_id, "bytes": done.size, **done.digests}
    if session.json:
        session.put(row)
    else:
        session.say(
            f"Verified {done.evidence_id}: {done.size} bytes, {done.custody} entries of custody."
        )
        for name, value in done.digests.items():
            session.say(f"  {name:<7}{value}")
