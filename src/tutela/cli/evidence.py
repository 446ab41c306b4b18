"""`tutela evidence`: sealed packages out and checked, holds, clocks, destruction."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tutela import bootstrap
from tutela.access.second_person import Verb
from tutela.audit.checkpoint import CheckpointSigner
from tutela.cli.session import Session
from tutela.errors import InvalidInput, Tampered, UsageError
from tutela.evidence.destruction import ERASURE, proven
from tutela.evidence.key_service import HeldKeys, KeyService
from tutela.evidence.keys import OpeningKey, SealingKey
from tutela.exchange import evidence_package, verify_package
from tutela.exchange.custody import belonging
from tutela.exchange.evidence_package import Sender
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
    plain: Annotated[
        bool, typer.Option("--plain", help="Leave the bytes plain, for a receiver without a key.")
    ] = False,
) -> None:
    """Write a package that proves itself offline: bytes, custody, proofs, signature. Audited.

    Needs a second person, by default.
    """
    session: Session = context.obj
    if plain and to is not None:
        raise UsageError("A package is sealed or plain.", "Give --to or --plain.")
    with session.platform() as platform:
        files = KeyFiles(platform.settings.keys)
        ours = files.sealing_key().current()
        key = None if plain else SealingKey.load(to) if to else ours
        with platform.database.reading() as connection:
            of, media_type = belonging(connection, evidence_id)
        sender = Sender(platform.settings.instance, files.peer_seed())
        terms = key.id if key else "plain"
        platform.approvals.spend(session.actor, Verb.EXPORT, evidence_id, terms)
        parts = (platform.vault, platform.audit, platform.prover, session.actor)
        made = evidence_package.export(*parts, of, media_type, folder, key, sender)
    row = {"package": made.id, "evidence": evidence_id, "bytes": made.size, **made.digests}
    if session.json:
        session.put(row)
    session.say(f"Written: {made.size} bytes, {made.custody} events of custody, signed.")
    session.say(
        "Send it with keys/peer.pub and `tutela audit key` by another way, and the verifier."
    )


@app.command("check")
def check(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The package's folder.")],
    signer: Annotated[
        str | None, typer.Option(help="The sender's peer.pub; none: this instance's.")
    ] = None,
    log: Annotated[
        str | None, typer.Option(help="The public key of the sender's log; none: this instance's.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The private key file; none: this instance's keys.")
    ] = None,
) -> None:
    """Prove a package as the stand-alone verifier does, with this instance's keys by default."""
    session: Session = context.obj
    settings = session.settings()
    files, passphrase = KeyFiles(settings.keys), session.passphrase(settings)
    held: KeyService = (
        HeldKeys(OpeningKey.load(key, passphrase))
        if key
        else bootstrap.key_service_of(settings, passphrase=passphrase)
    )
    ours = CheckpointSigner(settings.instance, files.audit_seed())
    sender = verify_package.public_key(signer or str(files.peer_public))
    try:
        holds, _ = verify_package.check(folder, sender, log or ours.text, held.unwrap)
    except verify_package.PackageFails as problem:
        raise Tampered(str(problem), "Ask the sender for a fresh one.") from problem
    for one in holds:
        session.say(one)
    if session.json:
        session.put({"verified": True, "holds": holds})


@app.command("verifier")
def write_verifier(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(help="A new file for the program.")],
) -> None:
    """Write the stand-alone verifier of packages: one Python file that needs PyNaCl only."""
    session: Session = context.obj
    try:
        with to.open("xb") as file:
            file.write(evidence_package.verifier())
    except FileExistsError as problem:
        raise InvalidInput("The file exists already.", "Name a new file.") from problem
    session.say(f"Written: {to}. Receivers should get it from us, not from the package's sender.")


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
