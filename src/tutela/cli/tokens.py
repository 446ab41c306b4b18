"""`tutela tokens`: API tokens for machines."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from tutela.cli.session import SHELL, Session

app = typer.Typer(name="tokens", help="API tokens.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("issue")
def issue(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The machine account's name.")],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Valid for so long.")] = 365,
) -> None:
    """Print a new token; it cannot be shown again."""
    session: Session = context.obj
    with session.platform() as platform:
        account = platform.accounts.named(name)
        issued = platform.tokens.issue(SHELL, account.id, note, timedelta(days=days))
    session.say(f"{issued.id}, valid until {issued.until:%Y-%m-%d}; keep it secret:")
    sys.stdout.write(issued.token + "\n")


@app.command("revoke")
def revoke(
    context: typer.Context, token_id: Annotated[str, typer.Argument(help="Its id, tok_…")]
) -> None:
    """End a token at once."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.tokens.revoke(SHELL, token_id)
    session.say("Revoked.")
