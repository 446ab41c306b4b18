"""`tutela tokens`: API tokens for machines."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from tutela.access.roles import Permission
from tutela.cli.session import Session

app = typer.Typer(name="tokens", help="API tokens.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("issue")
def issue(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The machine account's name, or your own.")],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[
        int, typer.Option(min=1, max=365, help="Valid for so long; your own: 12 hours at most.")
    ] = 365,
    scope: Annotated[
        list[Permission] | None,
        typer.Option(help="What it can be used for; may be repeated. None: all that it can carry."),
    ] = None,
) -> None:
    """Print a new token; it cannot be shown again. People make their own, signed in."""
    session: Session = context.obj
    with session.platform() as platform:
        account = platform.accounts.named(name)
        scopes = tuple(scope) if scope else None
        valid = timedelta(days=days)
        issued = platform.tokens.issue(session.caller, account.id, note, valid, scopes)
    session.say(f"{issued.id}, valid until {issued.until:%Y-%m-%d %H:%M}; keep it secret:")
    sys.stdout.write(issued.token + "\n")


@app.command("list")
def list_tokens(context: typer.Context) -> None:
    """Print tokens with scopes, end and last use: all, or your own."""
    session: Session = context.obj
    with session.platform() as platform:
        found = platform.tokens.visible(session.caller)
    session.table(
        ("token", "account", "note", "scopes", "until", "last_used", "revoked"),
        (
            {
                "token": one.id,
                "account": one.account_id,
                "note": one.note,
                "scopes": None if one.scopes is None else " ".join(one.scopes),
                "until": one.until.isoformat(timespec="seconds"),
                "last_used": one.last_used_at and one.last_used_at.isoformat(timespec="seconds"),
                "revoked": one.revoked,
            }
            for one in found
        ),
        "There are no tokens.",
    )


@app.command("revoke")
def revoke(
    context: typer.Context, token_id: Annotated[str, typer.Argument(help="Its id, tok_…")]
) -> None:
    """End a token at once."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.tokens.revoke(session.caller, token_id)
    session.say("Revoked.")
