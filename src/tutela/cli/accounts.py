"""`tutela accounts`: people and machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.access.roles import Role
from tutela.access.second_person import Verb
from tutela.cli.session import Session

if TYPE_CHECKING:
    from tutela.access.accounts import Account
    from tutela.bootstrap import Platform

app = typer.Typer(name="accounts", help="People and machines.", no_args_is_help=True)

_Ask = Annotated[
    str | None,
    typer.Option("--ask", help="Only ask another person to confirm this, and say why."),
]


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_accounts(context: typer.Context) -> None:
    """Print every account with its roles; of people neither id nor pseudonym."""
    session: Session = context.obj
    with session.platform() as platform:
        found = platform.accounts.all()
    session.table(
        ("account", "name", "kind", "roles", "enrolled", "disabled"),
        (
            {
                # Beside a person's name neither id nor pseudonym: `who` opens that, with two.
                "account": one.id if one.kind == "machine" else None,
                "name": one.name,
                "kind": one.kind,
                "roles": " ".join(role.value for role in one.roles),
                "enrolled": one.enrolled,
                "disabled": one.disabled,
            }
            for one in found
        ),
        "There are no accounts.",
    )


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[
        list[Role] | None, typer.Option(help="What it is for; may be repeated. None: see `grant`.")
    ] = None,
    machine: Annotated[
        bool, typer.Option("--machine", help="It is a machine's, also without a role.")
    ] = False,
) -> None:
    """Make an account; people then get a sign-in, machines a token."""
    session: Session = context.obj
    with session.platform() as platform:
        roles = tuple(role or ())
        account = platform.accounts.create(
            session.actor, name, roles, "machine" if machine else None
        )
    machines = account.kind == "machine"
    if session.json:
        # Of a person no id beside the name: ids stand beside pseudonyms elsewhere.
        session.put({"account": account.id if machines else None, "name": account.name})
    else:
        following = "tokens issue" if machines else "accounts sign-in"
        session.say(f"It is made. Next: `tutela {following} {account.name}`.")


@app.command("grant")
def grant(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[Role, typer.Option(help="The role.")],
    ask: _Ask = None,
) -> None:
    """Give an account a role. After set-up another person must confirm it."""
    session: Session = context.obj
    with session.platform() as platform:
        account = platform.accounts.named(name)
        if ask is not None:
            _ask(session, platform, Verb.ROLE_GRANT, account, ask, role.value)
            return
        platform.accounts.grant(session.actor, account.id, role)
    session.say("Granted.")


@app.command("revoke")
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[Role, typer.Option(help="The role.")],
) -> None:
    """Take a role from an account, at once."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.accounts.revoke(session.actor, platform.accounts.named(name).id, role)
    session.say("Taken.")


@app.command("sign-in")
def sign_in(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The account's name.")],
    ask: _Ask = None,
) -> None:
    """Print a one-time sign-in: the person enrols with it anew; earlier ones end."""
    session: Session = context.obj
    with session.platform() as platform:
        account = platform.accounts.named(name)
        if ask is not None:
            _ask(session, platform, Verb.SIGN_IN_RESET, account, ask)
            return
        issued = platform.sign_ins.issue(session.actor, account.id)
        address = f"{platform.settings.address}/console/one-time/{issued.token}"
    session.say(f"Valid once, until {issued.until:%Y-%m-%d %H:%M} UTC:")
    sys.stdout.write(address + "\n")


@app.command("who")
def who(
    context: typer.Context,
    pseudonym: Annotated[str, typer.Argument(help="As decisions and pictures show it, r-…")],
) -> None:
    """Print who is behind a pseudonym. Needs a second person, by default; recorded."""
    session: Session = context.obj
    with session.platform() as platform:
        name = platform.accounts.behind(session.actor, pseudonym)
    sys.stdout.write(name + "\n")


@app.command("disable")
def disable(
    context: typer.Context, name: Annotated[str, typer.Argument(help="The account's name.")]
) -> None:
    """Take every right from an account, at once."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.accounts.disable(session.actor, platform.accounts.named(name).id)
    session.say("Disabled: its sessions and tokens no longer work.")


@app.command("enable")
def enable(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The account's name.")],
    ask: _Ask = None,
) -> None:
    """Give a disabled account its roles back. After set-up another person must confirm it."""
    session: Session = context.obj
    with session.platform() as platform:
        account = platform.accounts.named(name)
        if ask is not None:
            _ask(session, platform, Verb.ROLE_GRANT, account, ask, account.terms)
            return
        platform.accounts.enable(session.actor, account.id)
    session.say("Enabled.")


@app.command("end-sessions")
def end_sessions(
    context: typer.Context, name: Annotated[str, typer.Argument(help="The account's name.")]
) -> None:
    """End all sessions of an account, at once. It can sign in again."""
    session: Session = context.obj
    with session.platform() as platform:
        account = platform.accounts.named(name)
        ended = platform.sessions.end_all(session.actor, account.id)
    session.say(f"{ended} ended.")


def _ask(
    session: Session, platform: Platform, verb: Verb, account: Account, why: str, terms: str = ""
) -> None:
    asked = platform.approvals.ask(session.caller, verb, account.id, why, terms)
    session.say(f"{asked.id} waits for another person, until {asked.until:%Y-%m-%d %H:%M} UTC.")
