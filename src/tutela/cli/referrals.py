"""`tutela referrals`: what is drafted, on its way, filed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela import bootstrap
from tutela.access.second_person import Verb
from tutela.cli.session import Session
from tutela.errors import InvalidInput, Tampered
from tutela.evidence.keys import SealingKey
from tutela.exchange import by_hand, hotline_bag
from tutela.key_files import KeyFiles, peer_public
from tutela.referrals.draft import Nature
from tutela.referrals.obligations.deadline import Standing

app = typer.Typer(name="referrals", help="Referrals to authorities.", no_args_is_help=True)

URGENT = "urgent"
"""Why a referral may be written to files by one person alone."""
PLAIN, LETTERS = "plain", "letters"


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_referrals(context: typer.Context) -> None:
    """Print every referral with its state and receipt number."""
    session: Session = context.obj
    with session.platform() as platform:
        rows = platform.register.all()
    session.table(
        ("referral", "case", "authority", "nature", "state", "receipt"),
        (
            {
                "referral": one.id,
                "case": one.case_id,
                "authority": one.authority,
                "nature": str(one.nature),
                "state": str(one.state),
                "receipt": one.receipt_number,
            }
            for one in rows
        ),
        "There are no referrals.",
    )


@app.command("due")
def due(context: typer.Context) -> None:
    """Print what is not filed, the nearest deadline first. Exit 1 if any is overdue."""
    session: Session = context.obj
    with session.platform() as platform:
        now = platform.clock()
        rows = platform.deadlines.pending()
    session.table(
        ("referral", "authority", "state", "clock", "since", "due", "urgent", "by"),
        (
            {
                "referral": one.id,
                "authority": one.authority,
                "state": str(one.state),
                "clock": str(one.deadline.standing(now, one.filed_at)),
                "since": one.deadline.aware_at.isoformat(timespec="seconds"),
                "due": one.deadline.due_at.isoformat(timespec="seconds"),
                "urgent": one.urgent,
                "by": ", ".join(basis.obligation for basis in one.draft.bases) or "policy",
            }
            for one in rows
        ),
        "Everything is filed.",
    )
    if any(one.deadline.standing(now, None) is Standing.OVERDUE for one in rows):
        raise typer.Exit(1)


@app.command("approve")
def approve(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="Its id, ref_…")],
) -> None:
    """Let a drafted referral go out."""
    session: Session = context.obj
    with session.platform() as platform:
        goes = platform.referring.approve(session.actor, referral_id)
        referral = platform.register.load(referral_id)
        recipient = platform.book.recipient(referral.authority)
    if referral.urgent and recipient is not None:
        session.say(f"URGENT. {recipient.emergency}")
    session.say(
        "Approved: the worker of a running `tutela serve` files it."
        if goes
        else "Approved. Another person must approve it, too."
    )


@app.command("follow")
def follow(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="The filed referral's id, ref_…")],
    nature: Annotated[Nature, typer.Option("--as", help="supplement, correction or withdrawal.")],
    reason: Annotated[
        str, typer.Option(help="What is new, was wrong or no longer holds: said to the authority.")
    ],
) -> None:
    """Draft what follows a filed referral, which itself can no longer be changed."""
    session: Session = context.obj
    with session.platform() as platform:
        made = platform.referring.follow(session.actor, referral_id, nature, reason)
    session.say(f"Drafted {made}. Approve it to send it.")


@app.command("ask")
def ask(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="The referral's id, ref_…")],
) -> None:
    """Ask the host platform for what a draft lacks; what it answers is drafted anew."""
    session: Session = context.obj
    with session.platform() as platform:
        wanted = platform.referring.ask(session.actor, referral_id)
    session.say(f"Asked for {', '.join(wanted)}.")


@app.command("export")
def export(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="The referral's id, ref_…")],
    to: Annotated[Path, typer.Option(help="A new folder; what is in it is plain.")],
) -> None:
    """Write what a person needs to file a referral by hand: fields, files, checklist (a bag).

    Needs a second person, by default, unless a child may be in danger now.
    """
    session: Session = context.obj
    _prove_new(to)
    with session.platform() as platform:
        referral = platform.register.load(referral_id)
        urgent = URGENT if referral.draft.urgent_reason else None
        recipient = platform.book.recipient(referral.authority)
        hotline = platform.settings.hotlines.get(referral.authority)
        if hotline is not None:
            seed = KeyFiles(platform.settings.keys).peer_seed()
            sender = hotline_bag.Sender(platform.settings.instance, seed)
            key = SealingKey.load(hotline.key)
            receiver = hotline.receiver
            platform.approvals.spend(
                session.actor, Verb.REFERRAL_EXPORT, referral_id, key.id, urgent
            )
            parts = (platform.audit, platform.vault, session.actor, referral, receiver, key, sender)
            hotline_bag.export(*parts, to)
            session.say("Written: signed, and sealed to the hotline's key.")
            return
        platform.approvals.spend(session.actor, Verb.REFERRAL_EXPORT, referral_id, PLAIN, urgent)
        by_hand.export(platform.audit, platform.vault, session.actor, referral, recipient, to)
    session.say(f"Written. Follow {to / 'data' / 'checklist.txt'}, then destroy the folder.")


@app.command("check")
def check(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A bag that a peer sent.")],
    sender: Annotated[str, typer.Option(help="The sender's name, as it signs.")],
    key: Annotated[Path, typer.Option(help="The sender's public key file, peer.pub.")],
) -> None:
    """Prove a peer's referral: signature, form, and that every file opens to what is stated."""
    session: Session = context.obj
    settings = session.settings()
    held = bootstrap.key_service_of(settings, passphrase=session.passphrase(settings))
    trusted = {sender: peer_public(key)}
    told = hotline_bag.check(folder, settings.instance, trusted, held)
    session.table(
        ("referral", "sender", "tier", "harm", "files"),
        [
            {
                "referral": told.id,
                "sender": told.sender,
                "tier": str(told.tier),
                "harm": str(told.referral.harm),
                "files": len(told.files),
            }
        ],
        "",
    )


@app.command("submitted")
def submitted(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="The referral's id, ref_…")],
    receipt: Annotated[str, typer.Argument(help="The number that the authority gave.")],
) -> None:
    """Record that you filed a referral by hand, and under which number."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.referring.submitted(session.actor, referral_id, receipt)
    session.say("Filed.")


@app.command("answered")
def answered(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="The filed referral's id, ref_…")],
    said: Annotated[str, typer.Argument(help="What the authority answered.")],
) -> None:
    """Keep what an authority answered to a filed referral."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.referring.acknowledge(session.actor, referral_id, said)
    session.say("Kept with the referral.")


@app.command("verify")
def verify(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="Its id, ref_…")],
) -> None:
    """Prove a referral from the log, its kept letters and its evidence. Exit 8 if it fails."""
    session: Session = context.obj
    with session.platform() as platform:
        checks = platform.verification.verify(session.actor, referral_id)
    session.table(
        ("step", "sound", "found"),
        ({"step": one.step, "sound": one.sound, "found": one.found} for one in checks),
        "",
    )
    if not all(one.sound for one in checks):
        raise Tampered(
            "The referral is not proven.",
            "Treat its record as altered: compare with a backup, and run `tutela audit verify`.",
        )


@app.command("letters")
def letters(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="Its id, ref_…")],
    to: Annotated[
        Path | None, typer.Option(help="Write them, plain, into this new folder; recorded.")
    ] = None,
) -> None:
    """Print what went to the authority and came back; with --to, write the exact bytes.

    Writing them needs a second person, by default.
    """
    session: Session = context.obj
    if to is not None:
        _prove_new(to)
    with session.platform() as platform:
        kept = platform.letters.of(referral_id)
        if to is not None:
            platform.approvals.spend(session.actor, Verb.REFERRAL_EXPORT, referral_id, LETTERS)
            platform.letters.export(session.actor, referral_id, to)
    session.table(
        ("letter", "report", "about", "direction", "at", "size", "sha256"),
        (
            {
                "letter": one.ordinal,
                "report": one.report,
                "about": str(one.about),
                "direction": str(one.direction),
                "at": one.at.isoformat(timespec="seconds"),
                "size": one.size,
                "sha256": one.sha256,
            }
            for one in kept
        ),
        "Nothing was sent yet.",
    )


def _prove_new(folder: Path) -> None:
    """Raise `InvalidInput` for a folder that is there, before an approval is used up for it."""
    if folder.exists():
        raise InvalidInput("The folder exists already.", "Name a new folder.")
