"""`tutela referrals`: what is drafted, on its way, filed."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli.session import SHELL, Session

app = typer.Typer(name="referrals", help="Referrals to authorities.", no_args_is_help=True)


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
        ("referral", "case", "authority", "state", "receipt"),
        (
            {
                "referral": one.id,
                "case": one.case_id,
                "authority": one.authority,
                "state": str(one.state),
                "receipt": one.receipt_number,
            }
            for one in rows
        ),
        "There are no referrals.",
    )


@app.command("approve")
def approve(
    context: typer.Context,
    referral_id: Annotated[str, typer.Argument(help="Its id, ref_…")],
) -> None:
    """Let a drafted referral go out."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.casework.approve(SHELL, referral_id)
    session.say("Approved: the worker of a running `tutela serve` files it.")
