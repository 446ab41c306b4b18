"""`tutela sign-in` and `sign-out`: a person at a shell, with both their proofs."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

import typer

from tutela.cli.session import Session


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.command("sign-in")(sign_in)
    root.command("sign-out")(sign_out)


def sign_in(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Your account's name.")]
) -> None:
    """Sign in at this shell: what you do next is yours. Asks for password and code.

    Without a terminal, reads them as two lines from stdin.
    """
    session: Session = context.obj
    if sys.stdin.isatty():
        password, code = getpass("Password: "), getpass("Code: ")
    else:
        password, code = (sys.stdin.readline().rstrip("\n") for _ in range(2))
    with session.platform() as platform:
        account = platform.accounts.authenticate(name, password, code)
        session.kept.keep(platform.sessions.start(account))
    session.say("Signed in. It ends after half an hour of rest, or with `tutela sign-out`.")


def sign_out(context: typer.Context) -> None:
    """End the sign-in at this shell."""
    session: Session = context.obj
    word = session.kept.read()
    if word is not None:
        with session.platform() as platform:
            platform.sessions.end(word)
    session.kept.drop()
    session.say("Signed out.")
