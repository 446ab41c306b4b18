"""`tutela preservation`: what is held for the law, and until when."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli.session import Session

app = typer.Typer(name="preservation", help="What is kept for the law.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_holds(context: typer.Context) -> None:
    """Print every hold in force. One without an end waits for its referral to be filed."""
    session: Session = context.obj
    with session.platform() as platform:
        holds = platform.preservation.all()
    session.table(
        ("hold", "case", "basis", "what", "since", "until"),
        (
            {
                "hold": one.id,
                "case": one.case_id,
                "basis": one.basis,
                "what": one.what,
                "since": one.started_at.isoformat(timespec="seconds"),
                "until": one.ends_at.isoformat(timespec="seconds") if one.ends_at else None,
            }
            for one in holds
        ),
        "Nothing is held.",
    )


@app.command("request")
def request(
    context: typer.Context,
    case_id: Annotated[str, typer.Argument(help="The case, cas_…")],
    days: Annotated[int, typer.Option(help="For how many days from now.")],
    reason: Annotated[str, typer.Option(help="Who asked, by which process.")],
) -> None:
    """Hold a case because an authority asked. No command lifts a hold: its day does."""
    session: Session = context.obj
    with session.platform() as platform:
        hold = platform.preservation.request(session.actor, case_id, days, reason)
    session.say(f"Held as {hold.id}.")
