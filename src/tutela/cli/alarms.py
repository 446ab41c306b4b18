"""`tutela alarms`: what stands, looking now, and acknowledging; with an exit code for monitors."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.alarms.alarm import Alarm
from tutela.cli.session import Session

app = typer.Typer(name="alarms", help="What has gone silent, late or wrong.", no_args_is_help=True)

ALARMED = 12
"""The exit code of `alarms check` while something stands that nobody has acknowledged."""


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("check")
def check(context: typer.Context) -> None:
    """Look now, and print what stands. Exit 12 while nobody has acknowledged something of it."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.alarm_watch.keep()
        standing = platform.board.standing()
    _print(session, standing, "Nothing is wrong.")
    if any(one.acknowledged_at is None for one in standing):
        raise typer.Exit(ALARMED)


@app.command("list")
def list_alarms(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
) -> None:
    """Print the newest alarms on record, cleared ones too."""
    session: Session = context.obj
    with session.platform() as platform:
        found = platform.board.recent(limit)
    _print(session, found, "There was no alarm yet.")


@app.command("acknowledge")
def acknowledge(
    context: typer.Context,
    alarm_id: Annotated[str, typer.Argument(help="The alarm, alm_…")],
    note: Annotated[str, typer.Option(help="What is done about it.")],
) -> None:
    """Say that somebody has seen an alarm and what they do about it."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.board.acknowledge(session.actor, alarm_id, note)


def _print(session: Session, found: tuple[Alarm, ...], empty: str) -> None:
    session.table(
        ("alarm", "severity", "kind", "subject", "since", "cleared", "acknowledged", "what"),
        (
            {
                "alarm": one.id,
                "severity": one.severity.value,
                "kind": one.kind.value,
                "subject": one.subject,
                "since": one.raised_at.isoformat(timespec="seconds"),
                "cleared": one.cleared_at.isoformat(timespec="seconds") if one.cleared_at else None,
                "acknowledged": one.acknowledged_by,
                "what": one.what,
            }
            for one in found
        ),
        empty,
    )
