"""`tutela evidence`: sealed packages out and checked, holds, clocks, destruction."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tutela import bootstrap
from tutela.access.second_person import Verb
from tutela.cli.session import Session
from tutela.evidence import package
from tutela.evidence.destruction import ERASURE, proven
from tutela.evidence.key_service import HeldKeys, KeyService
from tutela.evidence.keys import OpeningKey, SealingKey
from tutela.key_files import KeyFiles
from tutela.storage import duties

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
        key = (
            SealingKey.load(to) if to else KeyFiles(platform.settings.keys).sealing_key().current()
        )
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
    settings = session.settings()
    passphrase = session.passphrase(settings)
    held: KeyService = (
        HeldKeys(OpeningKey.load(key, passphrase))
        if key
        else bootstrap.key_service_of(settings, passphrase=passphrase)
    )
    _print(session, package.check(folder, held))


@app.command("destroy")
def destroy(
    context: typer.Context,
    evidence_id: Annotated[str, typer.Argument(help="Its identifier, evd_…")],
    rule: Annotated[str, typer.Option(help="The rule, order or law it is destroyed under.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Destroy one piece of evidence for good: its key, then its bytes. Refused while kept.

    Needs a second person, by default.
    """
    session: Session = context.obj
    with session.platform() as platform:
        made = platform.destruction.destroy(
            session.actor,
            evidence_id,
            rule,
            reason,
            lambda change: platform.approvals.use(change, Verb.DESTROY, evidence_id),
        )
        duty = duties.claim(platform.database, (ERASURE,), platform.clock())
        if duty is not None:
            platform.destruction.carry_out(duty)
    session.say(f"Destroyed. The record is {made.id}.")
    if session.json:
        session.put(asdict(made))


@app.command("destroyed")
def destroyed(
    context: typer.Context,
    evidence_id: Annotated[str | None, typer.Argument(help="Its identifier, or all.")] = None,
) -> None:
    """Print destruction records, each proven against the audit entry that was made with it."""
    session: Session = context.obj
    with session.platform() as platform:
        found = platform.destruction.all()
        rows = [
            {
                "evidence": one.evidence_id,
                "destroyed": one.destroyed_at.isoformat(timespec="seconds"),
                "erased": one.erased_at.isoformat(timespec="seconds") if one.erased_at else None,
                "by": one.destroyed_by,
                "rule": one.rule,
                "reason": one.reason,
                "sha256": one.sha256,
                "proven": proven(one, platform.audit.entries(one.evidence_id)),
            }
            for one in found
            if evidence_id in {None, one.evidence_id}
        ]
    columns = ("evidence", "destroyed", "erased", "by", "rule", "reason", "proven")
    session.table(columns, rows, "Nothing was destroyed.")


@app.command("clocks")
def clocks(context: typer.Context) -> None:
    """Print until when evidence of decided cases is kept by the settings, and what is stopped."""
    session: Session = context.obj
    with session.platform() as platform:
        found = platform.retention.clocks()
    session.table(
        ("evidence", "case", "rule", "until", "stopped"),
        (
            {
                "evidence": one.evidence_id,
                "case": one.case_id,
                "rule": one.rule,
                "until": one.ends_at.isoformat(timespec="seconds") if one.ends_at else None,
                "stopped": one.stopped,
            }
            for one in found
        ),
        "No clock runs.",
    )


@app.command("hold")
def hold(
    context: typer.Context,
    evidence_id: Annotated[str, typer.Argument(help="Its identifier, evd_…")],
    reason: Annotated[str, typer.Option(help="Who asked for it, by which process.")],
) -> None:
    """Place a legal hold: the evidence is not destroyed, and its clock stands still."""
    session: Session = context.obj
    with session.platform() as platform:
        placed = platform.legal_holds.place(session.actor, evidence_id, reason)
    session.say(f"Held as {placed.id}.")
    if session.json:
        session.put({"hold": placed.id, "evidence": evidence_id})


@app.command("holds")
def holds(context: typer.Context) -> None:
    """Print the legal holds that stand."""
    session: Session = context.obj
    with session.platform() as platform:
        found = platform.legal_holds.all()
    session.table(
        ("hold", "evidence", "since", "by", "reason"),
        (
            {
                "hold": one.id,
                "evidence": one.evidence_id,
                "since": one.placed_at.isoformat(timespec="seconds"),
                "by": one.placed_by,
                "reason": one.reason,
            }
            for one in found
        ),
        "No hold stands.",
    )


@app.command("release")
def release(
    context: typer.Context,
    hold_id: Annotated[str, typer.Argument(help="The hold, lgh_…")],
    reason: Annotated[str, typer.Option(help="Why it ends.")],
) -> None:
    """Release a legal hold: the clock goes on where it stood."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.legal_holds.release(session.actor, hold_id, reason)
    session.say("Released.")


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
