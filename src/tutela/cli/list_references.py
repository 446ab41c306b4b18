"""`tutela lists reference`: hashes of ordinary files, which no list should match unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tutela.bootstrap import Platform
from tutela.cli.session import Session
from tutela.errors import InvalidInput
from tutela.hashing.fingerprint import Fingerprint
from tutela.hashlists.hashlist import EntryHash
from tutela.matching.screening import Verdict
from tutela.platform.walk import walk

app = typer.Typer(
    name="reference", help="Ordinary files that no list should match.", no_args_is_help=True
)


def add_to(lists: typer.Typer) -> None:
    """Add the commands of this file to those of lists."""
    lists.add_typer(app)


@app.command("add")
def add(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Files that are certainly harmless.")],
    name: Annotated[str, typer.Option(help="The set they go into.")] = "own",
) -> None:
    """Add a folder's files; prints what lists in force match of them already."""
    session: Session = context.obj
    if not folder.is_dir():
        raise InvalidInput("There is no such folder.", "Name a folder of files.")
    with session.platform() as platform:
        met: list[dict[str, object]] = []
        added = platform.references.add(session.actor, name, _hashes(platform, folder, met))
    session.say(f"{added} hashes added. They are compared with what is imported from now on.")
    session.table(
        ("file", "list", "entry", "distance"), met, "No list in force matches any of them."
    )


@app.command("show")
def show(context: typer.Context) -> None:
    """Print the sets and how many hashes each has."""
    session: Session = context.obj
    with session.platform() as platform:
        sets = platform.references.sets()
    rows = ({"set": name, "hashes": number} for name, number in sets.items())
    session.table(("set", "hashes"), rows, "")


@app.command("remove")
def remove(
    context: typer.Context, name: Annotated[str, typer.Argument(help="A set of your own.")]
) -> None:
    """Remove a set of your own. Entries that it held back still wait for a person."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.references.remove(session.actor, name)
    session.say("Removed.")


def _hashes(
    platform: Platform, folder: Path, met: list[dict[str, object]]
) -> Iterator[tuple[str, list[EntryHash]]]:
    for found in walk((folder,)):
        if found.fault is not None or found.size > platform.limits.max_bytes:
            continue
        printed = platform.parsing.fingerprint(found.path.read_bytes())
        label = str(found.path.relative_to(folder))
        screening = platform.screener.screen(printed)
        if screening.verdict is Verdict.MATCH:
            met += [
                {
                    "file": label,
                    "list": one.list_name,
                    "entry": one.entry_id,
                    "distance": one.distance,
                }
                for one in screening.matches
            ]
        yield label, list(reference_hashes(printed))


def reference_hashes(printed: Fingerprint) -> Iterator[EntryHash]:
    """Yield the digests of a file and the PDQ of each of its readings."""
    for name in ("md5", "sha1", "sha256"):
        yield EntryHash(name, bytes.fromhex(getattr(printed.digests, name)))
    for picture in printed.pictures:
        yield EntryHash("pdq", bytes.fromhex(picture.pdq), picture.quality)
