"""`tutela keys`: the evidence keys' life: rotate, wrap anew, retire, lock, split, restore."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tutela import bootstrap
from tutela.access import set_up
from tutela.access.second_person import Verb
from tutela.audit.entry import Action
from tutela.audit.log import Change
from tutela.bootstrap import Platform
from tutela.cli.session import Session
from tutela.errors import InvalidInput, UsageError
from tutela.evidence import shares as key_shares
from tutela.evidence.key_service import KeyFolder
from tutela.evidence.shares import Share
from tutela.key_files import KeyFiles
from tutela.storage.clock import utc_now

_NEW = "TUTELA_NEW_PASSPHRASE"

app = typer.Typer(name="keys", help="The keys that evidence is sealed to.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_keys(context: typer.Context) -> None:
    """Print every key: which is sealed to, which are held here, and how much needs each."""
    session: Session = context.obj
    with session.platform() as platform:
        known, unnamed = platform.rotation.all(), platform.rotation.unnamed()
    session.table(
        ("key", "newest", "held", "wrapped", "made", "retired"),
        (
            {
                "key": one.id,
                "newest": one.newest,
                "held": one.held,
                "wrapped": one.wrapped,
                "made": one.made_at.isoformat(timespec="seconds") if one.made_at else None,
                "retired": one.retired_at.isoformat(timespec="seconds") if one.retired_at else None,
            }
            for one in known
        ),
        "There are no keys.",
    )
    if unnamed:
        session.say(f"{unnamed} rows of earlier versions do not name their key: run rewrap.")


@app.command("rotate")
def rotate(context: typer.Context) -> None:
    """Make a new key for all that comes; what is sealed stays open. Then run rewrap."""
    session: Session = context.obj
    with session.platform() as platform:
        public = KeyFiles(platform.settings.keys).evidence_public
        key = platform.rotation.rotate(session.actor, lambda fresh: fresh.save(public))
    session.say(f"Everything is sealed to {key.id} from now on.")
    session.say(f"Give {public} to screening machines that have their own copy.")


@app.command("rewrap")
def rewrap(context: typer.Context) -> None:
    """Wrap the keys of all that is sealed to the newest key. Stopped, it goes on where it was."""
    session: Session = context.obj
    with session.platform() as platform:
        done = 0
        for number in platform.rotation.rewrap(session.actor):
            done += number
            session.say(f"{done} wrapped anew …")
    session.say(f"Everything is wrapped to the newest key; {done} were not before.")


@app.command("retire")
def retire(
    context: typer.Context, key_id: Annotated[str, typer.Argument(help="The old key's id.")]
) -> None:
    """Destroy an old private key; refused while anything is wrapped to it.

    Needs a second person, by default, once set-up is over.
    """
    session: Session = context.obj
    with session.platform() as platform:
        platform.rotation.retire(
            session.actor,
            key_id,
            lambda change: _approved(platform, change, Verb.DESTROY, key_id),
        )
    session.say("Destroyed. Destroy its copies and shares, too.")


@app.command("lock")
def lock(
    context: typer.Context,
    new_passphrase_file: Annotated[
        Path | None, typer.Option(help="Where the new one is, if TUTELA_NEW_PASSPHRASE is not set.")
    ] = None,
) -> None:
    """Put the private keys of this home under another passphrase, or under a first one."""
    session: Session = context.obj
    with session.platform() as platform:
        if not isinstance(platform.keys, KeyFolder):
            raise UsageError("The private keys are no files here.", "See key_service.kind.")
        passphrase = session.new_passphrase(new_passphrase_file, _NEW)
        platform.keys.lock(passphrase)
        for key_id in sorted(platform.keys.ids()):
            platform.audit.note(session.actor, Action.KEY_LOCKED, key_id)
    session.say("Locked. Copies of the old files still open with what opened them before.")


@app.command("split")
def split(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="A new folder for the shares.")],
    shares: Annotated[int, typer.Option(help="How many shares.")] = 5,
    threshold: Annotated[int, typer.Option(help="How many restore the key.")] = 3,
    key_id: Annotated[str | None, typer.Option("--key", help="Which; none: the newest.")] = None,
) -> None:
    """Split a private key into shares for people who keep them apart. Recorded.

    Needs a second person, by default, once set-up is over.
    """
    session: Session = context.obj
    with session.platform() as platform:
        key = platform.keys.private(key_id or platform.rotation.newest().id)
        with platform.audit.change(session.actor) as change:
            _approved(platform, change, Verb.EXPORT, key.sealing.id)
            change.record(Action.KEY_SPLIT, key.sealing.id, shares=shares, threshold=threshold)
            made = key_shares.split(key, threshold, shares)
    try:
        to.mkdir(mode=0o700, parents=True)
    except FileExistsError as problem:
        raise InvalidInput("The folder exists already.", "Name a new folder.") from problem
    for one in made:
        path = to / f"{one.key_id}-share-{one.place:03}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(one.text())
    session.say(f"{shares} shares are in {to}; any {threshold} restore the key {key.sealing.id}.")
    session.say("Print each, give each to another person, and destroy the folder.")


@app.command("restore")
def restore(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files with a share each.")],
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Leave the key plain: for trying out.")
    ] = False,
) -> None:
    """Restore a private key from its shares into this home. Recorded."""
    session: Session = context.obj
    key = key_shares.restore([Share.read(_text(path)) for path in files])
    settings = session.settings()
    passphrase = None if no_passphrase else session.passphrase(settings)
    folder = KeyFiles(settings.keys).evidence_private
    plain = no_passphrase and settings.key_service.kind == "file"
    service = (
        KeyFolder(folder) if plain else bootstrap.key_service_of(settings, utc_now, passphrase)
    )
    service.add(key)
    with session.platform() as platform:
        platform.audit.note(session.actor, Action.KEY_RESTORED, key.sealing.id, shares=len(files))
    session.say(f"The key {key.sealing.id} is held here again.")


def _approved(platform: Platform, change: Change, verb: Verb, key_id: str) -> None:
    closed = set_up.is_closed(change.connection)
    waived = None if closed else set_up.WAIVED
    platform.approvals.use(change, verb, key_id, waived=waived)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError) as problem:
        raise InvalidInput(
            f"The share {path.name} cannot be read.", "Give text files, one share each."
        ) from problem
