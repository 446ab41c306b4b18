"""`tutela lists`: whom a list comes from, what of it waits for a person, and switching it off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tutela.cli import list_references
from tutela.cli.session import Session
from tutela.errors import InvalidInput
from tutela.platform.held_by_list import held_only_by

_KEY_BYTES = 4096


def add_to(lists: typer.Typer) -> None:
    """Add the commands of this file to those of lists."""
    list_references.add_to(lists)
    for name, command in (
        ("trust", trust),
        ("pending", pending),
        ("accept", accept),
        ("refuse", refuse),
        ("off", off),
        ("on", on),
    ):
        lists.command(name)(command)


def trust(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list's name here; it need not be there yet.")],
    source: Annotated[str | None, typer.Option(help="Who alone may supply it.")] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The source's minisign public key, or its file: unsigned is refused."),
    ] = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="Take unsigned files again.")] = False,
    most_entries: Annotated[
        int | None, typer.Option(min=0, help="The most entries it may have; 0: no cap.")
    ] = None,
    most_a_day: Annotated[
        int | None, typer.Option(min=0, help="The most it may add or change in a day; 0: no cap.")
    ] = None,
) -> None:
    """Lay down who a list's source is, its key and its caps; without options, show them."""
    session: Session = context.obj
    if key is not None and no_key:
        raise InvalidInput("A key is both given and taken out.", "Say one of the two.")
    with session.platform() as platform:
        before = platform.lists.pinned(name)
        wanted = replace(
            before,
            source=before.source if source is None else source or None,
            key=None if no_key else before.key if key is None else _key(key),
            most_entries=before.most_entries if most_entries is None else most_entries or None,
            most_a_day=before.most_a_day if most_a_day is None else most_a_day or None,
        )
        pinned = before if wanted == before else platform.lists.pin(session.actor, wanted)
    columns = ("list", "source", "key", "serial", "most_entries", "most_a_day")
    row = {"list": name} | {one: getattr(pinned, one) for one in columns[1:]}
    session.table(columns, (row,), "")


def pending(context: typer.Context) -> None:
    """Print what waits for a person: files, then entries that would match something ordinary."""
    session: Session = context.obj
    with session.platform() as platform:
        session.table(
            ("delivery", "list", "why", "before", "added", "changed", "gone", "received_at"),
            (
                {
                    "delivery": one.id,
                    "list": one.order.name,
                    "why": " ".join(one.doubts),
                    "before": one.before,
                    "added": one.counts.added,
                    "changed": one.counts.changed,
                    "gone": one.counts.withdrawn + one.counts.removed,
                    "received_at": one.received_at.isoformat(timespec="seconds"),
                }
                for one in platform.lists.waiting()
            ),
            "No file waits.",
        )
        session.table(
            ("list", "entry", "like", "of", "algorithm", "distance"),
            (
                {
                    "list": name,
                    "entry": one.entry_id,
                    "like": one.like.label,
                    "of": one.like.set_name,
                    "algorithm": one.like.algorithm,
                    "distance": one.like.distance,
                }
                for name, one in platform.lists.flagged()
            ),
            "No entry waits that would match something ordinary.",
        )


def accept(
    context: typer.Context,
    delivery: Annotated[
        str, typer.Argument(help="As `tutela lists pending` names it; with --entry, the list.")
    ],
    entry: Annotated[str | None, typer.Option(help="A flagged entry of the list.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is right.")] = "",
) -> None:
    """Put in force what waits: you have asked its source, or looked why it is like the ordinary."""
    session: Session = context.obj
    with session.platform() as platform:
        if entry is not None:
            platform.lists.accept_flag(session.actor, delivery, entry, reason)
            session.say("Accepted. The entry acts from now on.")
            return
        report = platform.lists.accept(session.actor, delivery, reason)
    columns = ("list", "added", "changed", "withdrawn", "removed")
    row = {"list": report.name} | {one: getattr(report, one) for one in columns[1:]}
    session.table(columns, (row,), "")


def refuse(
    context: typer.Context,
    delivery: Annotated[
        str, typer.Argument(help="As `tutela lists pending` names it; with --entry, the list.")
    ],
    entry: Annotated[str | None, typer.Option(help="A flagged entry of the list.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is wrong.")] = "",
) -> None:
    """Throw away what waits; the list stays as it is."""
    session: Session = context.obj
    with session.platform() as platform:
        if entry is not None:
            platform.lists.refuse_flag(session.actor, delivery, entry, reason)
            session.say("Refused. The entry does not act, and is not asked about again.")
            return
        platform.lists.refuse(session.actor, delivery, reason)
    session.say("Refused. The list stays as it is.")


def off(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Switch a list off everywhere, at once; prints the held items that only it holds."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.lists.switch_off(session.actor, name, reason)
        with platform.database.reading() as connection:
            held = held_only_by(connection, name)
    session.say("Off: it matches nothing any more. Its entries and what it matched before stay.")
    if held:
        session.say("These items are held for its word alone; decide their cases to release them.")
    session.table(
        ("item", "case", "entry"),
        ({"item": one.item_id, "case": one.case_id, "entry": one.entry_id} for one in held),
        "No undecided item is held for its word alone.",
    )


def on(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list.")],
) -> None:
    """Switch a list on again. What was uploaded meanwhile is not screened anew."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.lists.switch_on(session.actor, name)
    session.say("On. What was uploaded while it was off was not screened against it.")


def _key(given: str) -> str:
    path = Path(given)
    try:
        if path.is_file():
            return path.read_text()[:_KEY_BYTES]
    except (OSError, ValueError) as problem:
        raise InvalidInput("The key's file cannot be read.", "Check its path.") from problem
    return given
